package org.kat4j.optim;

import java.util.Collection;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.kat4j.torch.Scope;

/** The Euclidean norm over the gradients of all parameters together. */
public final class GradientNorm {
  private GradientNorm() {}

  static Tensor of(List<ParameterGroup> groups) {
    return of(groups.stream().flatMap(group -> group.parameters().values().stream()).toList());
  }

  /** A scalar tensor, 0 where there is no gradient at all; the host does not wait for it. */
  public static Tensor of(Collection<Tensor> parameters) {
    TensorVector norms = new TensorVector();
    for (Tensor parameter : parameters) {
      Tensor gradient = parameter.grad();
      if (gradient.defined()) {
        norms.push_back(gradient.norm());
      }
    }
    return norms.empty() ? torch.zeros(new long[0]) : torch.stack(norms).norm();
  }

  /**
   * Scales all gradients by min(1, max / (norm + 1e-6)), in place, as PyTorch's {@code
   * clip_grad_norm_}.
   */
  public static void clip(Collection<Tensor> parameters, double max) {
    try (Scope _ = Scope.open();
        var _ = Scope.noGradients()) {
      Tensor norm = of(parameters);
      Tensor factor =
          norm.add(new Scalar(1e-6)).reciprocal().mul(new Scalar(max)).clamp_max(new Scalar(1));
      for (Tensor parameter : parameters) {
        Tensor gradient = parameter.grad();
        if (gradient.defined()) {
          gradient.mul_(factor);
        }
      }
    }
  }
}
