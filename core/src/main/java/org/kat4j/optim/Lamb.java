package org.kat4j.optim;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.kat4j.config.Check;
import org.kat4j.config.Kind;
import org.kat4j.torch.Scope;

/**
 * LAMB as timm has it: Adam's direction, scaled for each tensor by |p| / |update|.
 *
 * <p>The gradients are first divided by max(1, |g| / maxGradNorm), with |g| over all parameters.
 *
 * <pre>
 *   u = (m / (1 - b1^t)) / (sqrt(v) / sqrt(1 - b2^t) + eps) + wd p
 *   p -= lr trust u
 * </pre>
 *
 * <p>Source: LAMB, arXiv 1904.00962.
 */
public final class Lamb implements Optimizer {
  /**
   * @param lr learning rate, above 0
   * @param weightDecay decay of the parameters that decay
   * @param beta1 memory of the gradient
   * @param beta2 memory of its square
   * @param epsilon added to the root
   * @param maxGradNorm largest global norm of the gradients, 0 for no limit
   * @param trustClip whether the trust ratio is at most 1
   * @param alwaysAdapt whether parameters without decay are scaled too
   */
  @Kind("lamb")
  public record Spec(
      double lr,
      double weightDecay,
      double beta1,
      double beta2,
      double epsilon,
      double maxGradNorm,
      boolean trustClip,
      boolean alwaysAdapt)
      implements Optimizer.Spec {
    public Spec {
      Check.positive("lr", lr);
      Check.inRange("weightDecay", weightDecay, 0, Double.POSITIVE_INFINITY);
      Check.inRange("beta1", beta1, 0, 1);
      Check.inRange("beta2", beta2, 0, 1);
      Check.positive("epsilon", epsilon);
      Check.inRange("maxGradNorm", maxGradNorm, 0, Double.POSITIVE_INFINITY);
    }

    /** timm's defaults. */
    public static Spec example() {
      return new Spec(1e-3, 0.01, 0.9, 0.999, 1e-6, 1, false, false);
    }

    @Override
    public Lamb build(List<ParameterGroup> groups) {
      return new Lamb(this, groups);
    }
  }

  private final Spec spec;
  private final List<ParameterGroup> groups;
  private final SequencedMap<String, Tensor> means; // m
  private final SequencedMap<String, Tensor> squares; // v
  private final Tensor steps; // t

  private Lamb(Spec spec, List<ParameterGroup> groups) {
    this.spec = spec;
    this.groups = List.copyOf(groups);
    means = State.zerosLike(groups);
    squares = State.zerosLike(groups);
    steps = State.counter();
  }

  @Override
  public void step(double learningRate) {
    try (Scope _ = Scope.open();
        var _ = Scope.noGradients()) {
      steps.add_(new Scalar(1));
      double t = steps.item_float();
      Tensor divisor =
          spec.maxGradNorm == 0
              ? null
              : GradientNorm.of(groups).div(new Scalar(spec.maxGradNorm)).clamp_min(new Scalar(1));
      Bias bias = new Bias(1 - Math.pow(spec.beta1, t), 1 - Math.pow(spec.beta2, t));
      for (ParameterGroup group : groups) {
        double rate = learningRate * group.lrScale();
        for (Map.Entry<String, Tensor> entry : group.parameters().entrySet()) {
          Tensor gradient = entry.getValue().grad();
          if (gradient.defined()) {
            Tensor scaled = divisor == null ? gradient : gradient.div(divisor);
            step(entry.getKey(), entry.getValue(), scaled, group.weightDecay(), bias, rate);
          }
        }
      }
    }
  }

  /** 1 - b1^t and 1 - b2^t. */
  private record Bias(double mean, double square) {}

  private void step(
      String name,
      Tensor parameter,
      Tensor gradient,
      double decay,
      Bias bias,
      double learningRate) {
    Tensor m = State.of(means, name);
    Tensor v = State.of(squares, name);
    m.mul_(new Scalar(spec.beta1)).add_(gradient, new Scalar(1 - spec.beta1));
    v.mul_(new Scalar(spec.beta2)).addcmul_(gradient, gradient, new Scalar(1 - spec.beta2));
    Tensor root = v.sqrt().div_(new Scalar(Math.sqrt(bias.square))).add_(new Scalar(spec.epsilon));
    Tensor update = m.div(new Scalar(bias.mean)).div_(root);
    if (decay != 0) {
      update.add_(parameter, new Scalar(decay));
    }
    if (decay != 0 || spec.alwaysAdapt) {
      update.mul_(trust(parameter, update));
    }
    parameter.add_(update, new Scalar(-learningRate));
  }

  /** |p| / |update|, 1 where either is 0. */
  private Tensor trust(Tensor parameter, Tensor update) {
    Tensor weightNorm = parameter.norm();
    Tensor updateNorm = update.norm();
    Tensor one = torch.ones_like(weightNorm);
    Tensor usable = weightNorm.gt(new Scalar(0)).logical_and(updateNorm.gt(new Scalar(0)));
    Tensor trust = torch.where(usable, weightNorm.div(updateNorm), one);
    return spec.trustClip
        ? trust.clamp(new ScalarOptional(), new ScalarOptional(new Scalar(1)))
        : trust;
  }

  @Override
  public SequencedMap<String, Tensor> state() {
    SequencedMap<String, Tensor> all = new LinkedHashMap<>();
    State.put(all, "exp_avg", means);
    State.put(all, "exp_avg_sq", squares);
    all.put("step", steps);
    return all;
  }
}
