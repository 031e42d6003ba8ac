package org.kat4j.torch;

import java.util.List;

/**
 * Times contenders in turns, so that whatever else the machine does hits them alike.
 *
 * <p>On a GPU a turn is several calls and one wait for the device: waiting after every call would
 * measure the wait.
 */
public final class Turns {
  private static final int WARM_UP_CALLS = 3;
  private static final long WARM_UP_NANOS = 200_000_000L;

  private Turns() {}

  /**
   * @param callsOnGpu calls of one turn on a GPU; one on a CPU
   * @param rounds turns of each contender that are measured, at least 1
   * @return milliseconds of one call: of each contender, in their order, those of every round
   */
  public static double[][] measure(
      Device device, List<Runnable> contenders, int callsOnGpu, int rounds) {
    int calls = device.type() == Device.Type.CUDA ? callsOnGpu : 1;
    contenders.forEach(contender -> warmUp(device, contender));
    double[][] milliseconds = new double[contenders.size()][rounds];
    for (int round = 0; round < rounds; round++) {
      for (int i = 0; i < contenders.size(); i++) {
        int turn = round % 2 == 0 ? i : contenders.size() - 1 - i; // no one always follows the same
        milliseconds[turn][round] = turn(device, contenders.get(turn), calls) / calls;
      }
    }
    return milliseconds;
  }

  private static void warmUp(Device device, Runnable contender) {
    long start = System.nanoTime();
    for (int i = 0; i < WARM_UP_CALLS || System.nanoTime() - start < WARM_UP_NANOS; i++) {
      contender.run();
      device.synchronize();
    }
  }

  /** Milliseconds of all calls together. */
  private static double turn(Device device, Runnable contender, int calls) {
    device.synchronize();
    long start = System.nanoTime();
    for (int i = 0; i < calls; i++) {
      contender.run();
    }
    device.synchronize();
    return (System.nanoTime() - start) / 1e6;
  }
}
