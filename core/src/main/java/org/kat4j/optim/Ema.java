package org.kat4j.optim;

import java.util.LinkedHashMap;
import java.util.SequencedMap;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.config.Check;
import org.kat4j.torch.Scope;

/**
 * An exponential moving average of a model's state: e = d e + (1 - d) w, of what is trained and of
 * what is only kept (statistics of batch norms, grids); whole numbers and flags are copied. Source:
 * timm's {@code ModelEmaV2} and {@code ModelEmaV3}.
 */
public final class Ema implements AutoCloseable {
  private static final double WARM_UP_POWER = -2.0 / 3;

  /**
   * How an average follows the weights.
   *
   * @param decay memory d, in [0, 1); 0 for no average
   * @param warmup whether the memory grows with the updates: min(d, 1 - (1 + t)^(-2/3))
   */
  public record Spec(double decay, boolean warmup) {
    /** No average is kept. */
    public static final Spec NONE = new Spec(0, false);

    public Spec {
      Check.inRange("decay", decay, 0, 1);
    }

    /** Whether an average is kept at all. */
    public boolean isEnabled() {
      return decay > 0;
    }

    /** The memory at update {@code update}, from 0: the first one copies the weights. */
    public double at(long update) {
      if (update <= 0) {
        return 0;
      }
      return warmup ? Math.min(decay, 1 - Math.pow(1 + update, WARM_UP_POWER)) : decay;
    }
  }

  private final SequencedMap<String, Tensor> averages;
  private final boolean owned;

  private Ema(SequencedMap<String, Tensor> averages, boolean owned) {
    this.averages = averages;
    this.owned = owned;
  }

  /** An average that starts from a copy of the state. */
  public static Ema of(SequencedMap<String, Tensor> weights) {
    SequencedMap<String, Tensor> copies = new LinkedHashMap<>();
    try (Scope _ = Scope.open();
        var _ = Scope.noGradients()) {
      weights.forEach((name, weight) -> copies.put(name, Scope.keep(weight.detach().clone())));
    }
    return new Ema(copies, true);
  }

  /** An average that lives in tensors that are there: those of another model of the same kind. */
  public static Ema into(SequencedMap<String, Tensor> averages) {
    return new Ema(averages, false);
  }

  /** Takes in the present weights with memory {@code decay}. */
  public void update(SequencedMap<String, Tensor> weights, double decay) {
    try (Scope _ = Scope.open();
        var _ = Scope.noGradients()) {
      averages.forEach((name, average) -> follow(average, State.of(weights, name), decay));
    }
  }

  private static void follow(Tensor average, Tensor present, double decay) {
    if (average.is_floating_point() || average.is_complex()) {
      average.lerp_(present, new Scalar(1 - decay)); // what does not change is left as it is
    } else {
      average.copy_(present);
    }
  }

  public SequencedMap<String, Tensor> averages() {
    return averages;
  }

  /** Frees the average where it has tensors of its own; those of another model stay. */
  @Override
  public void close() {
    if (owned) {
      Scope.free(averages.values());
    }
  }
}
