package org.kat4j.bench;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.kat4j.kernel.CudaGraph;
import org.kat4j.model.ImageModel;
import org.kat4j.torch.Device;
import org.kat4j.torch.PeakMemory;
import org.kat4j.torch.Precision;
import org.kat4j.torch.Turns;
import org.kat4j.train.NoiseSteps;

/**
 * Training steps of models against each other: forward, label-smoothed cross entropy, backward,
 * AdamW, on one batch of random images that lies on the device.
 */
public final class TrainBench {
  private static final int STEPS = 5; // between two looks at the clock on a GPU
  private static final int STEPS_FOR_MEMORY = 2;
  private static final int STEPS_FOR_HEAP = 10;

  private TrainBench() {}

  /**
   * @param name as registered
   * @param step one step
   * @param peakBytes most memory in use during a step, see {@link PeakMemory}
   * @param heapBytes Java objects made in a step, by all threads
   */
  public record Side(
      String name, long parameters, Timing step, int batch, long peakBytes, long heapBytes) {
    public double imagesPerSecond() {
      return 1000 * batch / step.median();
    }
  }

  /** The sides in the order of the models; each is compared with the last. */
  public record Result(String device, String precision, int batch, List<Side> sides) {
    public String table() {
      StringBuilder text = new StringBuilder();
      text.append(
          "training step, %s, %s, batch %d, ms: median [quartiles]; ratios to the last line%n"
              .formatted(device, precision, batch));
      Side last = sides.getLast();
      for (Side side : sides) {
        text.append(
            String.format(
                Locale.ROOT,
                "  %-28s %9.2f %-22s %9.1f images/s  time ratio %.3f  peak %,6d MB, ratio %.3f  Java objects %,d kB a step%n",
                side.name,
                side.step.median(),
                side.step.spread(),
                side.imagesPerSecond(),
                side.step.median() / last.step.median(),
                side.peakBytes >> 20,
                (double) side.peakBytes / last.peakBytes,
                side.heapBytes >> 10));
      }
      return text.toString();
    }
  }

  /**
   * Measures the named models one after the other, turn by turn.
   *
   * @param graphs whether each model is also measured as a {@link CudaGraph} of its step
   */
  public static Result run(
      Device device,
      List<String> models,
      Precision precision,
      int batch,
      int rounds,
      boolean graphs) {
    List<Contender> contenders = new ArrayList<>();
    for (String name : models) {
      var config = NoiseSteps.config(ImageModel.Spec.named(name), device, precision, batch);
      var step = new NoiseSteps(config, /* recorded= */ false);
      contenders.add(new Contender(name, step.parameterCount(), step, peakBytes(device, step)));
    }
    if (graphs) {
      for (Contender eager : List.copyOf(contenders)) {
        PeakMemory.reset(device);
        CudaGraph graph = CudaGraph.record(device, eager.step);
        contenders.add(
            new Contender(
                eager.name + ", graph", eager.parameters, graph::replay, PeakMemory.bytes(device)));
      }
    }
    List<Runnable> steps = contenders.stream().map(Contender::step).toList();
    List<Timing> timings = Timing.ofEach(Turns.measure(device, steps, STEPS, rounds));
    List<Side> sides = new ArrayList<>();
    for (int i = 0; i < steps.size(); i++) {
      Contender contender = contenders.get(i);
      sides.add(
          new Side(
              contender.name,
              contender.parameters,
              timings.get(i),
              batch,
              contender.peakBytes,
              heapBytes(contender.step)));
    }
    return new Result(device.toString(), precision.name().toLowerCase(Locale.ROOT), batch, sides);
  }

  private record Contender(String name, long parameters, Runnable step, long peakBytes) {}

  private static long peakBytes(Device device, Runnable step) {
    PeakMemory.reset(device);
    for (int i = 0; i < STEPS_FOR_MEMORY; i++) {
      step.run();
    }
    device.synchronize();
    return PeakMemory.bytes(device);
  }

  /** After the measured turns: code that is not yet compiled makes an object of every vector. */
  private static long heapBytes(Runnable step) {
    var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = threads.getTotalThreadAllocatedBytes();
    for (int i = 0; i < STEPS_FOR_HEAP; i++) {
      step.run();
    }
    return (threads.getTotalThreadAllocatedBytes() - before) / STEPS_FOR_HEAP;
  }
}
