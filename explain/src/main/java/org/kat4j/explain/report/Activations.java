package org.kat4j.explain.report;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.data.ImageSet;
import org.kat4j.model.ImageModel;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;
import org.kat4j.torch.Tap;

/** Values that go through a model, sampled evenly. */
final class Activations {
  private static final int SAMPLES = 20_000;

  private Activations() {}

  /** The values at each of the taps while these images pass: sorted, at most 20,000 of each. */
  static Map<String, double[]> at(
      List<String> taps, ImageModel model, List<Inputs> inputs, ImageSet images) {
    var values = new HashMap<String, double[]>();
    Tap tap =
        (name, value) -> {
          if (taps.contains(name)) {
            values.put(name, sample(value));
          }
        };
    forward(model, inputs, images, tap);
    return values;
  }

  /** At most 20,000 values of a tensor, sorted. */
  static double[] sample(Tensor value) {
    double[] all = Memory.doubles(value);
    double[] some = all;
    int step = Math.ceilDiv(all.length, SAMPLES) | 1; // odd: no channel is left out
    if (step > 1) {
      some = new double[Math.ceilDiv(all.length, step)];
      Arrays.setAll(some, i -> all[i * step]);
    }
    Arrays.sort(some);
    return some;
  }

  /** One batch through the model for what a tap hears. */
  static void forward(ImageModel model, List<Inputs> inputs, ImageSet images, Tap tap) {
    Tensor any = StateDict.of(model).firstEntry().getValue();
    try (Scope _ = Scope.open();
        var _ = Scope.noGradients()) {
      model.forward(Inputs.batch(inputs, images, any), Pass.evaluation(tap));
    }
  }

  /** The value below which a share of the sorted values lies. */
  static double quantile(double[] sorted, double share) {
    return sorted[(int) Math.min(sorted.length - 1L, Math.round(share * (sorted.length - 1)))];
  }
}
