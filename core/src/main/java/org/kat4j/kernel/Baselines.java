package org.kat4j.kernel;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorArrayRefOptional;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** What kernels are measured against: operations of libtorch. */
public final class Baselines {
  private Baselines() {}

  /** Standard normal numbers; {@code dtype} float32, float64 or bfloat16. */
  public static Tensor normal(String dtype, long... shape) {
    ScalarType type =
        switch (dtype) {
          case "float32" -> ScalarType.Float;
          case "float64" -> ScalarType.Double;
          case "bfloat16" -> ScalarType.BFloat16;
          default ->
              throw new IllegalArgumentException(
                  "dtype " + dtype + ": float32, float64 or bfloat16 is needed");
        };
    return torch.randn(shape, new TensorOptions(type));
  }

  /** GELU, exact form. */
  public static Tensor gelu(Tensor x) {
    return torch.gelu(x);
  }

  /** Gradient of {@link #gelu}. */
  public static Tensor geluBackward(Tensor upstream, Tensor x) {
    return torch.gelu_backward(upstream, x);
  }

  /** Copies memory; {@code target} like {@code source}. */
  public static void copy(Tensor target, Tensor source) {
    target.copy_(source);
  }

  /**
   * The function as the Python reference composes it on the CPU: powers of x stacked on a last
   * axis, times the coefficients by a batched matrix product.
   *
   * <p>Source: the CPU path of Adamdad/rational_kat_cu, with the absolute values of its GPU
   * kernels.
   */
  public static Tensor stackedRational(
      Tensor x, Tensor numerator, Tensor denominator, GroupLayout layout) {
    Tensor v =
        x.view(layout.outer(), layout.groups(), layout.run())
            .transpose(0, 1)
            .reshape(layout.groups(), -1); // [groups, elements]
    Tensor p = powers(v, 0, numerator.size(1)).matmul(columns(numerator, layout));
    Tensor q = powers(v.abs(), 1, denominator.size(1)).matmul(columns(denominator.abs(), layout));
    return p.div(q.add(new Scalar(1)))
        .view(layout.groups(), layout.outer(), layout.run())
        .transpose(0, 1)
        .reshape(x.shape());
  }

  /** {@code [groups, elements, count]}: v^first, v^(first + 1), ... */
  private static Tensor powers(Tensor v, int first, long count) {
    TensorVector all = new TensorVector();
    for (long i = 0; i < count; i++) {
      all.push_back(v.pow(new Scalar((double) (first + i))));
    }
    return torch.stack(all, -1);
  }

  /** {@code [groups, count, 1]}. */
  private static Tensor columns(Tensor coefficients, GroupLayout layout) {
    return coefficients.expand(layout.groups(), -1).unsqueeze(-1);
  }

  /** Forward and backward of {@link #stackedRational} by automatic differentiation. */
  public static void stackedRationalBoth(
      Tensor upstream, Tensor x, Tensor numerator, Tensor denominator, GroupLayout layout) {
    try (var _ = new PointerScope()) {
      Tensor v = x.detach().set_requires_grad(true);
      Tensor a = numerator.detach().set_requires_grad(true);
      Tensor b = denominator.detach().set_requires_grad(true);
      Tensor y = stackedRational(v, a, b, layout);
      y.backward(upstream, new BoolOptional(), false, new TensorArrayRefOptional());
    }
  }

  /** The forward of {@link #stackedRational} alone, for its time. */
  public static void stackedRationalForward(
      Tensor x, Tensor numerator, Tensor denominator, GroupLayout layout) {
    try (var _ = new PointerScope()) {
      stackedRational(x, numerator, denominator, layout);
    }
  }
}
