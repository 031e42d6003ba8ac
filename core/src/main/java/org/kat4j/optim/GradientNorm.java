package org.kat4j.optim;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.kat4j.torch.BoxedOperator;
import org.kat4j.torch.Scope;

/** The Euclidean norm over the gradients of all parameters together. */
public final class GradientNorm {
  private static final BoxedOperator NORMS = new BoxedOperator("aten::_foreach_norm", "Scalar");
  private static final BoxedOperator MULTIPLY = new BoxedOperator("aten::_foreach_mul_", "Tensor");

  private GradientNorm() {}

  static Tensor of(List<ParameterGroup> groups) {
    return ofGradients(
        gradients(groups.stream().flatMap(group -> group.parameters().values().stream()).toList()));
  }

  /** A scalar tensor, 0 where there is no gradient at all; the host does not wait for it. */
  public static Tensor of(Collection<Tensor> parameters) {
    return ofGradients(gradients(parameters));
  }

  private static Tensor ofGradients(List<Tensor> gradients) {
    double euclidean = 2;
    return gradients.isEmpty()
        ? torch.zeros(new long[0])
        : torch.stack(NORMS.tensors(gradients, euclidean, /* dtype= */ null)).norm();
  }

  /** Those of the parameters that have one. */
  static List<Tensor> gradients(Collection<Tensor> parameters) {
    List<Tensor> all = new ArrayList<>();
    for (Tensor parameter : parameters) {
      Tensor gradient = parameter.grad();
      if (gradient.defined()) {
        all.add(gradient);
      }
    }
    return all;
  }

  /**
   * Scales all gradients by min(1, max / (norm + 1e-6)), in place, as PyTorch's {@code
   * clip_grad_norm_}.
   */
  public static void clip(Collection<Tensor> parameters, double max) {
    try (Scope _ = Scope.open();
        var _ = Scope.noGradients()) {
      factor(parameters, max).ifPresent(factor -> MULTIPLY.call(gradients(parameters), factor));
    }
  }

  /** What {@link #clip} scales gradients by; empty where there is none. */
  static Optional<Tensor> factor(Collection<Tensor> parameters, double max) {
    List<Tensor> gradients = gradients(parameters);
    return gradients.isEmpty()
        ? Optional.empty()
        : Optional.of(
            ofGradients(gradients)
                .add(new Scalar(1e-6))
                .reciprocal()
                .mul(new Scalar(max))
                .clamp_max(new Scalar(1)));
  }
}
