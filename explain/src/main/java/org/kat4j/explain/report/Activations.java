package org.kat4j.explain.report;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.model.Model;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Tap;

/** Values that go through a model, sampled evenly. */
final class Activations {
  private static final int SAMPLES = 20_000;

  private Activations() {}

  /** The values at each of the taps while the batch passes: sorted, at most 20,000 of each. */
  static Map<String, double[]> at(List<String> taps, Model model, Probe probe) {
    var values = new HashMap<String, double[]>();
    Tap tap =
        (name, value) -> {
          if (taps.contains(name)) {
            values.put(name, sample(value));
          }
        };
    probe.pass(model, tap);
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

  /** The value below which a share of the sorted values lies. */
  static double quantile(double[] sorted, double share) {
    return sorted[(int) Math.min(sorted.length - 1L, Math.round(share * (sorted.length - 1)))];
  }
}
