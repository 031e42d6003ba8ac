package org.kat4j.optim;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.kat4j.config.Check;
import org.kat4j.config.Kind;
import org.kat4j.kernel.AdamWKernel;
import org.kat4j.kernel.Kernels;
import org.kat4j.torch.BoxedOperator;
import org.kat4j.torch.Scope;

/**
 * AdamW, by libtorch's fused kernel, on a GPU by one for all parameters where it can.
 *
 * <p>p *= 1 - lr wd; m = b1 m + (1 - b1) g; v = b2 v + (1 - b2) g^2; p -= lr (m / (1 - b1^t)) /
 * (sqrt(v) / sqrt(1 - b2^t) + eps). Source: arXiv 1711.05101.
 */
public final class AdamW implements Optimizer {
  /**
   * @param lr learning rate, above 0
   * @param weightDecay decay of the parameters that decay
   * @param beta1 memory of the gradient
   * @param beta2 memory of its square
   * @param epsilon added to the root
   */
  @Kind("adamw")
  public record Spec(double lr, double weightDecay, double beta1, double beta2, double epsilon)
      implements Optimizer.Spec {
    public Spec {
      Check.positive("lr", lr);
      Check.inRange("weightDecay", weightDecay, 0, Double.POSITIVE_INFINITY);
      Check.inRange("beta1", beta1, 0, 1);
      Check.inRange("beta2", beta2, 0, 1);
      Check.positive("epsilon", epsilon);
    }

    /** The KAT recipe's. */
    public static Spec example() {
      return new Spec(1e-3, 0.05, 0.9, 0.999, 1e-8);
    }

    @Override
    public AdamW build(List<ParameterGroup> groups) {
      return new AdamW(this, groups);
    }
  }

  private static final BoxedOperator FUSED = new BoxedOperator("aten::_fused_adamw_", "");

  private final Spec spec;
  private final List<ParameterGroup> groups;
  private final SequencedMap<String, Tensor> means; // m
  private final SequencedMap<String, Tensor> squares; // v
  private final Tensor steps; // t
  private final Optional<AdamWKernel> kernel;

  private AdamW(Spec spec, List<ParameterGroup> groups) {
    this.spec = spec;
    this.groups = List.copyOf(groups);
    means = State.zerosLike(groups);
    squares = State.zerosLike(groups);
    steps = State.counterBeside(groups);
    kernel = Kernels.adamW(steps, spec.beta1, spec.beta2, spec.epsilon);
  }

  @Override
  public void step(double learningRate) {
    try (Scope _ = Scope.open();
        var _ = Scope.noGradients()) {
      steps.add_(new Scalar(1));
      if (!byKernel(learningRate, null)) {
        groups.forEach(group -> step(group, learningRate * group.lrScale()));
      }
    }
  }

  /** A kernel multiplies on its way what otherwise is read and written once more. */
  @Override
  public void clippedStep(Collection<Tensor> clipped, double max, double learningRate) {
    try (Scope _ = Scope.open();
        var _ = Scope.noGradients()) {
      steps.add_(new Scalar(1));
      Optional<Tensor> factor =
          kernel.isPresent() ? GradientNorm.factor(clipped, max) : Optional.empty();
      if (factor.isPresent() && byKernel(learningRate, factor.get())) {
        return;
      }
      GradientNorm.clip(clipped, max);
      groups.forEach(group -> step(group, learningRate * group.lrScale()));
    }
  }

  private boolean byKernel(double learningRate, @Nullable Tensor factor) {
    if (kernel.isEmpty()) {
      return false;
    }
    List<AdamWKernel.Share> shares = shares();
    boolean done = kernel.get().step(shares, learningRate, steps, factor);
    if (done) {
      shares.forEach(share -> countChange(share.parameter()));
    }
    return done;
  }

  /** Other operations count the changes of a tensor themselves; who keeps results relies on it. */
  private static void countChange(Tensor parameter) {
    parameter.unsafeGetTensorImpl().bump_version();
  }

  /** All parameters that have a gradient. */
  private List<AdamWKernel.Share> shares() {
    List<AdamWKernel.Share> all = new ArrayList<>();
    for (ParameterGroup group : groups) {
      group
          .parameters()
          .forEach((name, parameter) -> {
            Tensor gradient = parameter.grad();
            if (gradient.defined()) {
              all.add(
                  new AdamWKernel.Share(
                      parameter,
                      gradient,
                      State.of(means, name),
                      State.of(squares, name),
                      group.weightDecay(),
                      group.lrScale()));
            }
          });
    }
    return all;
  }

  private void step(ParameterGroup group, double learningRate) {
    List<Tensor> parameters = new ArrayList<>();
    List<Tensor> gradients = new ArrayList<>();
    List<Tensor> m = new ArrayList<>();
    List<Tensor> v = new ArrayList<>();
    List<Tensor> t = new ArrayList<>();
    group
        .parameters()
        .forEach((name, parameter) -> {
          Tensor gradient = parameter.grad();
          if (gradient.defined()) {
            parameters.add(parameter);
            gradients.add(gradient);
            m.add(State.of(means, name));
            v.add(State.of(squares, name));
            t.add(steps);
          }
        });
    if (parameters.isEmpty()) {
      return;
    }
    List<Tensor> noMaxima = List.of();
    boolean amsgrad = false;
    boolean maximize = false;
    FUSED.call(
        parameters,
        gradients,
        m,
        v,
        noMaxima,
        t,
        learningRate,
        spec.beta1,
        spec.beta2,
        group.weightDecay(),
        spec.epsilon,
        amsgrad,
        maximize,
        /* grad_scale= */ null,
        /* found_inf= */ null);
    parameters.forEach(AdamW::countChange);
  }

  @Override
  public SequencedMap<String, Tensor> state() {
    SequencedMap<String, Tensor> all = new LinkedHashMap<>();
    State.put(all, "exp_avg", means);
    State.put(all, "exp_avg_sq", squares);
    all.put("step", steps);
    return all;
  }

  @Override
  public void close() {
    kernel.ifPresent(AdamWKernel::close);
    Optimizer.super.close();
  }
}
