package org.kat4j.kernel;

import org.bytedeco.pytorch.Tensor;

/**
 * Layer norm of the rows of a tensor and its gradients, in one pass over memory each way and
 * without autograd. Made for one dtype of x and one of y, which may differ.
 */
public interface NormKernel {
  /**
   * @param y {@code [..., width]}
   * @param moments what the backward pass needs of each row
   */
  record Result(Tensor y, Tensor moments) {}

  /** dL/dx, dL/dweight, dL/dbias. */
  record Gradients(Tensor x, Tensor weight, Tensor bias) {}

  /**
   * @param x {@code [..., width]}, contiguous
   * @param weight {@code [width]}
   * @param bias {@code [width]}
   * @param epsilon added to the variance
   */
  Result forward(Tensor x, Tensor weight, Tensor bias, double epsilon);

  /**
   * @param upstream dL/dy
   * @param x the same x
   * @param weight the same weight
   * @param moments of the forward pass
   */
  Gradients backward(Tensor upstream, Tensor x, Tensor weight, Tensor moments);
}
