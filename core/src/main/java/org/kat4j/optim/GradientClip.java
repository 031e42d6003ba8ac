package org.kat4j.optim;

import java.util.Map;
import java.util.stream.LongStream;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.kat4j.torch.Scope;

/** Ways to keep gradients small, named as timm's {@code --clip-mode}. */
public enum GradientClip {
  /** One norm over all gradients: {@link GradientNorm#clip}. */
  NORM,
  /** Each number is cut to [-limit, limit]. */
  VALUE,
  /**
   * Adaptive: the gradient of each unit (a row, or a vector as a whole) is at most limit times as
   * long as its weights; the head is left alone. Source: arXiv 2102.06171.
   */
  AGC;

  private static final double SMALLEST_WEIGHT_NORM = 1e-3;
  private static final double SMALLEST_GRADIENT_NORM = 1e-6;

  /** Changes the gradients in place. */
  public void apply(Map<String, Tensor> parameters, double limit) {
    switch (this) {
      case NORM -> GradientNorm.clip(parameters.values(), limit);
      case VALUE ->
          forEachGradient(
              parameters,
              (_, _, gradient) ->
                  gradient.clamp_(
                      new ScalarOptional(new Scalar(-limit)),
                      new ScalarOptional(new Scalar(limit))));
      case AGC ->
          forEachGradient(
              parameters,
              (name, weight, gradient) -> {
                if (!name.startsWith("head.")) {
                  adapt(weight, gradient, limit);
                }
              });
    }
  }

  private static void adapt(Tensor weight, Tensor gradient, double limit) {
    Tensor most =
        unitNorm(weight).clamp_min(new Scalar(SMALLEST_WEIGHT_NORM)).mul_(new Scalar(limit));
    Tensor norm = unitNorm(gradient);
    Tensor factor = most.div(norm.clamp_min(new Scalar(SMALLEST_GRADIENT_NORM)));
    gradient.mul_(torch.where(norm.lt(most), torch.ones_like(factor), factor));
  }

  /** The norm over all axes but the first, which is kept; of a vector, over all of it. */
  private static Tensor unitNorm(Tensor x) {
    if (x.dim() <= 1) {
      return x.norm();
    }
    long[] axes = LongStream.range(1, x.dim()).toArray();
    return x.square().sum(axes, true, new ScalarTypeOptional()).sqrt();
  }

  private interface Change {
    void apply(String name, Tensor weight, Tensor gradient);
  }

  private static void forEachGradient(Map<String, Tensor> parameters, Change change) {
    try (Scope _ = Scope.open();
        var _ = Scope.noGradients()) {
      parameters.forEach((name, weight) -> {
        Tensor gradient = weight.grad();
        if (gradient.defined()) {
          change.apply(name, weight, gradient);
        }
      });
    }
  }
}
