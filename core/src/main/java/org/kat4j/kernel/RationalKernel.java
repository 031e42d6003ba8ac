package org.kat4j.kernel;

import org.bytedeco.pytorch.Tensor;

/**
 * The group rational function F(x) = P(x) / Q(x) and its gradients.
 *
 * <p>P(x) = a0 + a1 x + ... + am x^m, Q(x) = 1 + |b1||x| + ... + |bn||x|^n, with 1 <= m, n <=
 * {@value Coefficients#MAX_DEGREE} and coefficients of their own for each group of channels.
 * Gradients take sgn(0) = +1, for x and for b: otherwise denominators that start at zero would
 * never move.
 *
 * <p>Computes in float64 for float64 tensors and in at least float32 for all others.
 *
 * <p>Source: arXiv 2409.10594 (function), arXiv 2505.13813 (block sums in the backward pass).
 */
public sealed interface RationalKernel
    permits VectorRational, ScalarRational, CudaRational, ComposedRational {
  /**
   * F of every element.
   *
   * @param x contiguous, of the elements of {@code layout}
   * @param numerator a, {@code [1 or groups, m + 1]}
   * @param denominator b, {@code [1 or groups, n]}
   * @return a fresh contiguous tensor like {@code x}, which belongs to the caller's scope
   */
  Tensor forward(Tensor x, Tensor numerator, Tensor denominator, GroupLayout layout);

  /**
   * Gradients of sum(upstream * F(x)).
   *
   * @param upstream shape of {@code x}
   */
  Gradients backward(
      Tensor upstream, Tensor x, Tensor numerator, Tensor denominator, GroupLayout layout);

  /**
   * What {@link #backward} gives, in the caller's scope.
   *
   * @param x like the input
   * @param numerator shape and dtype of the parameter, summed over groups where its row is shared
   * @param denominator likewise
   */
  record Gradients(Tensor x, Tensor numerator, Tensor denominator) {}
}
