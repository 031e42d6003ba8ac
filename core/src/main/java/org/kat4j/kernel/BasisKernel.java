package org.kat4j.kernel;

import org.bytedeco.pytorch.Tensor;

/**
 * The basis functions of a KAN layer at its inputs, and their gradient: what stands between {@code
 * x [..., in]} and one matrix product.
 */
public interface BasisKernel {
  /** Whether silu(x) follows the functions of each input as one more value. */
  boolean silu();

  /**
   * {@code [..., in, values]} in the dtype that the matrix product takes; a fresh contiguous tensor
   * of the caller's scope.
   *
   * @param x contiguous
   */
  Tensor forward(Tensor x);

  /**
   * dL/dx, like x.
   *
   * @param upstream dL/dvalues, {@code [..., in, values]}, contiguous
   */
  Tensor backward(Tensor upstream, Tensor x);
}
