package org.kat4j.torch;

import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorArrayRefOptional;

/** Gradients outside of a training loop: for comparisons, checks and explanations. */
public final class Backpropagation {
  private Backpropagation() {}

  /** A copy of the values that collects a gradient in {@code .grad}. */
  public static Tensor leaf(Tensor values, DType dtype) {
    return values.detach().to(dtype.scalarType()).clone().set_requires_grad(true);
  }

  /** Gradients of a scalar. */
  public static void run(Tensor scalar) {
    scalar.backward();
  }

  /** Gradients of sum(output * upstream). */
  public static void run(Tensor output, Tensor upstream) {
    Tensor same = upstream.to(output.device(), output.scalar_type());
    output.backward(same, new BoolOptional(), false, new TensorArrayRefOptional());
  }

  /** Overwrites the values of a parameter. */
  public static void set(Tensor parameter, Tensor values) {
    try (var _ = Scope.noGradients()) {
      parameter.copy_(values);
    }
  }

  /** Puts a gradient in place as if a backward had left it. */
  public static void setGradient(Tensor parameter, Tensor gradient) {
    parameter.mutable_grad().put(gradient.to(parameter.device(), parameter.scalar_type()));
  }
}
