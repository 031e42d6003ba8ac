package org.kat4j.kernel;

import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * A branch added to a residual stream and the layer norm of the sum, in one pass over memory each
 * way and without autograd. Made for one dtype of each of stream, branch and y.
 */
public interface ResidualNormKernel {
  /**
   * @param sum x + branch, of x's dtype
   * @param y its norm {@code [..., width]}
   * @param moments what the backward pass needs of each row
   */
  record Result(Tensor sum, Tensor y, Tensor moments) {}

  /** dL/dx, the same in the branch's dtype, dL/dweight, dL/dbias. */
  record Gradients(Tensor x, Tensor branch, Tensor weight, Tensor bias) {}

  /**
   * @param x {@code [..., width]}, contiguous
   * @param branch the same shape
   * @param weight {@code [width]}
   * @param bias {@code [width]}
   * @param epsilon added to the variance
   */
  Result forward(Tensor x, Tensor branch, Tensor weight, Tensor bias, double epsilon);

  /**
   * @param upstream dL/dy
   * @param ofSum dL/dsum as far as it does not come through y; null for zeros
   * @param sum of the forward pass
   * @param weight the same weight
   * @param moments of the forward pass
   */
  Gradients backward(
      Tensor upstream, @Nullable Tensor ofSum, Tensor sum, Tensor weight, Tensor moments);
}
