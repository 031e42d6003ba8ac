package org.kat4j.kernel;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.AutoGradMode;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The function composed of libtorch operations: any device, any floating dtype, differentiable as
 * often as wanted. The twin that the fused kernels are checked against.
 *
 * <p>libtorch's own {@code abs} has the derivative 0 at 0. Here |x| is x times a constant sign with
 * sgn(0) = +1, and likewise for b, so that all derivatives are those of the fused kernels.
 */
final class ComposedRational implements RationalKernel {
  @Override
  public Tensor forward(Tensor x, Tensor numerator, Tensor denominator, GroupLayout layout) {
    Coefficients.check("numerator", numerator, layout.groups(), 2, Coefficients.MAX_DEGREE + 1);
    Coefficients.check("denominator", denominator, layout.groups(), 1, Coefficients.MAX_DEGREE);
    Tensor f;
    // Early freed intermediates; those that a graph needs, it holds by itself.
    try (var _ = new PointerScope()) {
      f = composed(x, numerator, denominator, layout).retainReference();
    }
    return owned(f);
  }

  private static Tensor composed(
      Tensor x, Tensor numerator, Tensor denominator, GroupLayout layout) {
    ScalarType type = computeType(x);
    Tensor v = x.to(type).view(layout.outer(), layout.groups(), layout.run());
    Tensor a = numerator.to(type);
    Tensor b = absolute(denominator.to(type));

    Tensor p = column(a, a.size(1) - 1);
    for (long i = a.size(1) - 2; i >= 0; i--) {
      p = torch.addcmul(column(a, i), p, v);
    }
    Tensor r = absolute(v);
    Tensor q = column(b, b.size(1) - 1);
    for (long k = b.size(1) - 2; k >= 0; k--) {
      q = torch.addcmul(column(b, k), q, r);
    }
    Tensor f = p.div(q.mul(r).add(new Scalar(1.0)));
    return f.view(x.sizes()).to(x.scalar_type());
  }

  /** float32 at least: x^5 leaves the range of float16 at 9.1. */
  private static ScalarType computeType(Tensor x) {
    ScalarType type = x.scalar_type().intern();
    return type == ScalarType.Double ? type : ScalarType.Float;
  }

  /**
   * {@code [rows, terms]} to {@code [rows, 1]}, which broadcasts over {@code [outer, groups, run]}.
   */
  private static Tensor column(Tensor coefficients, long term) {
    return coefficients.select(1, term).unsqueeze(1);
  }

  private static Tensor absolute(Tensor values) {
    Tensor negative = values.detach().lt(new Scalar(0.0));
    Tensor sign = torch.where(negative, new Scalar(-1.0), new Scalar(1.0)).to(values.scalar_type());
    return values.mul(sign);
  }

  /** By automatic differentiation of {@link #forward}, which it computes anew. */
  @Override
  public Gradients backward(
      Tensor upstream, Tensor x, Tensor numerator, Tensor denominator, GroupLayout layout) {
    Tensor[] gradients = new Tensor[3];
    try (var _ = new PointerScope();
        var _ = new AutoGradMode(true)) {
      Tensor v = leaf(x);
      Tensor a = leaf(numerator);
      Tensor b = leaf(denominator);
      Tensor y = forward(v, a, b, layout);
      TensorVector found =
          torch.grad(
              new TensorVector(y),
              new TensorVector(v, a, b),
              new TensorVector(upstream.to(y.scalar_type())),
              new BoolOptional(false),
              false,
              false);
      for (int i = 0; i < gradients.length; i++) {
        gradients[i] = found.get(i).contiguous().retainReference();
      }
    }
    return new Gradients(owned(gradients[0]), owned(gradients[1]), owned(gradients[2]));
  }

  private static Tensor leaf(Tensor tensor) {
    return tensor.detach().set_requires_grad(true);
  }

  /** Hands a retained tensor to the caller's scope. */
  private static Tensor owned(Tensor retained) {
    try (retained) {
      return new Tensor(retained);
    }
  }
}
