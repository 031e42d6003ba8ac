package org.kat4j.kernel;

/**
 * The arithmetic of edges on panels: some rows of one channel, side by side in memory, as many as
 * fill vectors and stay in the first-level cache. Memory is given by address. For one thread.
 */
interface EdgePanels {
  /** Most rows of a panel; a multiple of the lanes of all vectors. */
  int ROWS = 256;

  /** Adds the edge's values at x to y. */
  void forward(long edge, long x, long y, int rows);

  /**
   * Adds the edge's part of the gradient to dx, and to those of its parameters.
   *
   * @param sums {@code [terms]}
   */
  void backward(long edge, long upstream, long x, long dx, int rows, double[] sums);
}
