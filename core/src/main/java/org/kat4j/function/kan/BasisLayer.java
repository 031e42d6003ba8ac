package org.kat4j.function.kan;

import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.kat4j.torch.Context;
import org.kat4j.torch.Pass;

/**
 * A KAN layer whose output is a sum of products of basis values and weights, so that a convolution
 * can take the same functions: y = sum over terms of values W^T, plus a bias where there is one.
 *
 * <p>The functions belong to the inputs. Built {@link Spec#overWindow over a window}, a layer has
 * the weights of {@code taps} pixels for each of them.
 */
public interface BasisLayer extends KanLayer {
  /**
   * One summand, such as the splines or the base branch.
   *
   * @param values {@code [..., in, functions]}
   * @param weights {@code [out, in * taps, functions]}; the taps of an input stand together
   */
  record Term(Tensor values, Tensor weights) {}

  /** The summands for inputs {@code [..., in]}, at least one. */
  List<Term> terms(Tensor x);

  /** {@code [out]}, or nothing. */
  default @Nullable Tensor bias() {
    return null;
  }

  /** Of a layer with one tap. */
  @Override
  default Tensor forward(Tensor x, Pass pass) {
    return sum(terms(x), bias());
  }

  /** What terms of one tap and a bias add up to. */
  static Tensor sum(List<Term> terms, @Nullable Tensor bias) {
    Tensor y =
        terms.stream()
            .map(term -> Contraction.outputsFirst(term.values, term.weights))
            .reduce(Tensor::add)
            .orElseThrow();
    return bias == null ? y : y.add(bias);
  }

  /** A layer of this kind as data. */
  sealed interface Spec
      permits BSpline.Spec,
          RadialBasis.Spec,
          BSplineRadial.Spec,
          Chebyshev.Spec,
          Fourier.Spec,
          ReluBumps.Spec,
          SharedRational.Spec {
    /**
     * The functions of {@code in} channels with the weights of a window of {@code taps} pixels.
     * Initial weights are those of a layer of {@code in * taps} inputs.
     */
    BasisLayer overWindow(int in, int taps, int out, Context context);

    /** Multiply-accumulates of one row; without outputs, those of the basis. */
    long macs(int in, int out);
  }
}
