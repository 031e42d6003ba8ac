package org.kat4j.bench;

import java.util.Arrays;

/** Duration of one call in milliseconds: median, and the quartiles as its spread. */
public record Timing(double median, double low, double high) {
  private static final int WARM_UP_ROUNDS = 8;
  private static final long WARM_UP_NANOS = 1_500_000_000L;

  private static Timing of(double[] milliseconds) {
    double[] sorted = milliseconds.clone();
    Arrays.sort(sorted);
    int n = sorted.length;
    return new Timing(sorted[n / 2], sorted[n / 4], sorted[3 * n / 4]);
  }

  /**
   * Times of all contenders, who take turns in every round, so that whatever else the machine does
   * hits them alike.
   */
  static Timing[] inTurns(Runnable[] contenders, int rounds) {
    for (Runnable contender : contenders) {
      long start = System.nanoTime();
      for (int i = 0;
          i < WARM_UP_ROUNDS || System.nanoTime() - start < WARM_UP_NANOS / contenders.length;
          i++) {
        contender.run();
      }
    }
    double[][] milliseconds = new double[contenders.length][rounds];
    for (int round = 0; round < rounds; round++) {
      for (int i = 0; i < contenders.length; i++) {
        int turn = round % 2 == 0 ? i : contenders.length - 1 - i; // no one always follows the same
        long start = System.nanoTime();
        contenders[turn].run();
        milliseconds[turn][round] = (System.nanoTime() - start) / 1e6;
      }
    }
    return Arrays.stream(milliseconds).map(Timing::of).toArray(Timing[]::new);
  }
}
