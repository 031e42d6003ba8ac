package org.kat4j.function.kan;

import org.bytedeco.pytorch.Tensor;
import org.kat4j.torch.Context;
import org.kat4j.torch.Part;
import org.kat4j.torch.Pass;

/**
 * A KAN layer: every output is a sum of learnable functions of the inputs.
 *
 * <p>Most are basis values {@code [..., in, basis]} contracted with weights, plus a base branch
 * where the original has one. Tensors have the state-dict names of the reference implementation.
 */
public interface KanLayer extends Part {
  /** {@code [..., in]} to {@code [..., out]}. */
  Tensor forward(Tensor x, Pass pass);

  /** The same, and the tap hears {@code input [..., in]}: where the functions are made use of. */
  default Tensor forwardHeard(Tensor x, Pass pass) {
    pass.tap().record("input", x);
    return forward(x, pass);
  }

  /**
   * A KAN layer as data. To add one: a record in this package, its name in the {@code permits}
   * clause, a test with the sheet's worked example. Every spec has a static {@code example()}: the
   * defaults of its YAML form, which are those of the reference implementation.
   */
  sealed interface Spec
      permits BSpline.Spec,
          PykanSpline.Spec,
          RadialBasis.Spec,
          BSplineRadial.Spec,
          Chebyshev.Spec,
          Gottlieb.Spec,
          Fourier.Spec,
          ReluBumps.Spec,
          ActivationBumps.Spec,
          ReducedBasis.Spec,
          SharedRational.Spec,
          SingleParameter.Spec,
          Wavelet.Spec,
          TruncatedPower.Spec,
          Daruan.Spec,
          Selection.Spec,
          SharedScaleSpline.Spec {
    /** The layer; fails with the field's name where a width does not fit. */
    KanLayer build(int in, int out, Context context);

    /** Multiply-accumulates of one row. */
    long macs(int in, int out);
  }
}
