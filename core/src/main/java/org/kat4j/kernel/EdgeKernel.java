package org.kat4j.kernel;

import org.bytedeco.pytorch.Tensor;

/**
 * Sums over edges that each have a function of their own: y_o = sum over i of w[o,i] f(x_i;
 * p[o,i]). Nothing of the size {@code [rows, out, in]} is in memory; the backward computes all
 * edges again.
 */
public interface EdgeKernel {
  /** dL/dx and dL/dparameters. */
  record Gradients(Tensor x, Tensor parameters) {}

  /**
   * {@code [..., in]} to {@code [..., out]}, a fresh contiguous tensor of the caller's scope.
   *
   * @param x contiguous
   * @param parameters {@code [out, in, terms]}, contiguous, in the order of the {@link
   *     EdgeFunction}
   */
  Tensor forward(Tensor x, Tensor parameters);

  /**
   * The gradients.
   *
   * @param upstream dL/dy, {@code [..., out]}
   */
  Gradients backward(Tensor upstream, Tensor x, Tensor parameters);
}
