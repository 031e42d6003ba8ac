package org.kat4j.train;

import org.kat4j.model.ImageModel;
import org.kat4j.torch.Device;
import org.kat4j.torch.Host;
import org.kat4j.torch.Precision;

/** The process that {@link ThreadsTest} starts: a training step. */
final class StepChild {
  private StepChild() {}

  /** Arguments: the number of threads; 0 for libtorch's choice. */
  public static void main(String[] arguments) {
    Host.start();
    int threads = Integer.parseInt(arguments[0]);
    if (threads > 0) {
      Host.setThreads(threads);
    }
    // Small, and its products are large enough for several threads.
    var spec = ImageModel.Spec.named("kat_nano").withInput(8, 3, 10);
    try (var step =
        new NoiseSteps(NoiseSteps.config(spec, Device.CPU, Precision.FLOAT32, 32), false)) {
      step.run();
      System.out.println("loss " + step.lossSum());
    }
  }
}
