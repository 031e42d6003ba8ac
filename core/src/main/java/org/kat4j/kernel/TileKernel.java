package org.kat4j.kernel;

/**
 * The arithmetic of one call, on tiles whose columns fill vectors. Memory is given by address.
 *
 * <p>Kernels visit memory in its order. Going through a block group by group would load
 * coefficients and sums less often, but they stay in the first-level cache, and streams that jump
 * from row to row cost more: 2.2 times the forward time on [16, 197, 768].
 */
interface TileKernel {
  void forward(long x, long y, Tile tile);

  /**
   * Writes the gradient of x and adds to the sums.
   *
   * @param sums {@code [strips, terms, lanes]}: upstream * x^i / Q for each numerator coefficient,
   *     then upstream * P / Q^2 * |x|^k for each denominator coefficient
   */
  void backward(long upstream, long x, long dx, Tile tile, double[] sums);

  /** Widens {@code count} neighbouring bfloat16 elements to float32. */
  default void widen(long source, long target, int count) {
    BFloat16.widen(source, target, count);
  }

  /** Narrows {@code count} neighbouring float32 elements to bfloat16. */
  default void narrow(long source, long target, int count) {
    BFloat16.narrow(source, target, count);
  }
}
