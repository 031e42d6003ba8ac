package org.kat4j.kernel;

import org.bytedeco.pytorch.Tensor;

/**
 * B-splines on the CPU.
 *
 * @param grid {@code [in, knots]}
 */
record CpuSplines(Tensor grid, int order) implements BasisKernel {
  @Override
  public boolean silu() {
    return false;
  }

  @Override
  public Tensor forward(Tensor x) {
    return BSplineKernel.forward(x, grid, order);
  }

  @Override
  public Tensor backward(Tensor upstream, Tensor x) {
    return BSplineKernel.backward(upstream, x, grid, order);
  }
}
