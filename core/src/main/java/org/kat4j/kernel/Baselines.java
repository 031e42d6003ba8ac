package org.kat4j.kernel;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
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
}
