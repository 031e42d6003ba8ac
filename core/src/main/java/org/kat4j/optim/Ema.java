package org.kat4j.optim;

import java.util.LinkedHashMap;
import java.util.SequencedMap;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.torch.Scope;

/**
 * An exponential moving average of weights: e = d e + (1 - d) w, starting from a copy of w. Source:
 * timm's {@code ModelEmaV2}.
 */
public final class Ema {
  private final SequencedMap<String, Tensor> averages = new LinkedHashMap<>();

  public Ema(SequencedMap<String, Tensor> weights) {
    try (var _ = Scope.noGradients()) {
      weights.forEach((name, weight) -> averages.put(name, Scope.keep(weight.detach().clone())));
    }
  }

  /** Takes in the present weights with memory {@code decay}. */
  public void update(SequencedMap<String, Tensor> weights, double decay) {
    try (Scope _ = Scope.open();
        var _ = Scope.noGradients()) {
      averages.forEach((name, average) ->
          average.mul_(new Scalar(decay)).add_(weights.get(name), new Scalar(1 - decay)));
    }
  }

  public SequencedMap<String, Tensor> averages() {
    return averages;
  }
}
