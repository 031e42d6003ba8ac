package org.kat4j.function;

import org.bytedeco.pytorch.Tensor;
import org.kat4j.torch.Context;
import org.kat4j.torch.Part;

/**
 * Brings the channels of each token, or of a whole sample, to one scale: {@code [..., width]} to
 * the same shape.
 */
public sealed interface Norm extends Part
    permits LayerNorm, RmsNorm, SampleNorm, AffineNorm, NoNorm {
  /** In float32 under autocast. */
  Tensor forward(Tensor x);

  /**
   * The same for those who round it to the lower type under autocast anyway: in that type already
   * where a kernel writes it so.
   */
  default Tensor forwardLowered(Tensor x) {
    return forward(x);
  }

  /** A sum and its norm. */
  record Sum(Tensor sum, Tensor normed) {}

  /**
   * x + branch and the norm of it, by one kernel where there is one.
   *
   * @param x {@code [..., width]}
   * @param branch the same shape
   * @param lowered as {@link #forwardLowered} gives it, else as {@link #forward}
   */
  default Sum forwardSum(Tensor x, Tensor branch, boolean lowered) {
    Tensor sum = x.add(branch);
    return new Sum(sum, lowered ? forwardLowered(sum) : forward(sum));
  }

  /** A norm as data. */
  sealed interface Spec
      permits LayerNorm.Spec, RmsNorm.Spec, SampleNorm.Spec, AffineNorm.Spec, NoNorm {
    Norm build(int width, Context context);
  }
}
