package org.kat4j.optim;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.config.Check;
import org.kat4j.config.Kind;
import org.kat4j.torch.Scope;

/**
 * Stochastic gradient descent with momentum, as PyTorch has it.
 *
 * <p>g += wd p; v = momentum v + g; p -= lr (nesterov ? g + momentum v : v). The first v is g
 * itself, which equals starting from 0.
 */
public final class Sgd implements Optimizer {
  /**
   * @param lr learning rate, above 0
   * @param weightDecay added to the gradient, not decoupled
   * @param momentum memory of the direction, in [0, 1)
   * @param nesterov whether to look ahead
   */
  @Kind("sgd")
  public record Spec(double lr, double weightDecay, double momentum, boolean nesterov)
      implements Optimizer.Spec {
    public Spec {
      Check.positive("lr", lr);
      Check.inRange("weightDecay", weightDecay, 0, Double.POSITIVE_INFINITY);
      Check.inRange("momentum", momentum, 0, 1);
    }

    /** timm's {@code sgd}. */
    public static Spec example() {
      return new Spec(0.1, 1e-4, 0.9, true);
    }

    @Override
    public Sgd build(List<ParameterGroup> groups) {
      return new Sgd(this, groups);
    }
  }

  private final Spec spec;
  private final List<ParameterGroup> groups;
  private final SequencedMap<String, Tensor> velocities;

  private Sgd(Spec spec, List<ParameterGroup> groups) {
    this.spec = spec;
    this.groups = List.copyOf(groups);
    velocities = State.zerosLike(groups);
  }

  @Override
  public void step(double learningRate) {
    try (Scope _ = Scope.open();
        var _ = Scope.noGradients()) {
      for (ParameterGroup group : groups) {
        group
            .parameters()
            .forEach((name, parameter) -> {
              Tensor raw = parameter.grad();
              if (raw.defined()) {
                Tensor gradient = raw.add(parameter, new Scalar(group.weightDecay()));
                Tensor velocity =
                    State.of(velocities, name).mul_(new Scalar(spec.momentum)).add_(gradient);
                Tensor update =
                    spec.nesterov ? gradient.add(velocity, new Scalar(spec.momentum)) : velocity;
                parameter.add_(update, new Scalar(-learningRate * group.lrScale()));
              }
            });
      }
    }
  }

  @Override
  public SequencedMap<String, Tensor> state() {
    SequencedMap<String, Tensor> all = new LinkedHashMap<>();
    State.put(all, "momentum_buffer", velocities);
    return all;
  }
}
