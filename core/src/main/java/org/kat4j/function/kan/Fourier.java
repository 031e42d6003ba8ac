package org.kat4j.function.kan;

import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.kat4j.config.Check;
import org.kat4j.config.Kind;
import org.kat4j.torch.Context;
import org.kat4j.torch.Init;
import org.kat4j.torch.Registry;
import org.kat4j.torch.Scope;

/**
 * FourierKAN: y_o = b_o + sum over i, m of a[o,i,m] cos(m x_i) + b[o,i,m] sin(m x_i), m = 1 to the
 * number of frequencies.
 *
 * <p>Source and names: GistNoesis/FourierKAN.
 */
public final class Fourier implements BasisLayer {
  /**
   * @param frequencies number of frequencies, 1 to 10,000
   * @param bias whether outputs have a bias
   * @param smooth whether coefficients start falling with the square of the frequency
   */
  @Kind("fourier")
  public record Spec(int frequencies, boolean bias, boolean smooth)
      implements KanLayer.Spec, BasisLayer.Spec {
    public Spec {
      Check.between("frequencies", frequencies, 1, BSpline.MAX_GRID);
    }

    public static Spec example() {
      return new Spec(5, true, false);
    }

    @Override
    public Fourier build(int in, int out, Context context) {
      return overWindow(in, 1, out, context);
    }

    @Override
    public Fourier overWindow(int in, int taps, int out, Context context) {
      return new Fourier(this, in * taps, out, context);
    }

    @Override
    public long macs(int in, int out) {
      return 2L * in * out * frequencies + 2L * in * frequencies;
    }
  }

  private final Tensor coefficients; // [2, out, in * taps, frequencies]
  private final @Nullable Tensor bias; // [1, out]
  private final int frequencies;

  private Fourier(Spec spec, int edges, int out, Context context) {
    frequencies = spec.frequencies;
    coefficients = context.parameter(2, out, edges, frequencies);
    bias = spec.bias ? context.parameter(1, out) : null;
    Init.normal(coefficients, 1 / Math.sqrt(edges), context.random());
    if (context.hasMemory()) {
      try (Scope _ = Scope.open();
          var _ = Scope.noGradients()) {
        coefficients.div_(
            spec.smooth
                ? harmonics(coefficients).square()
                : harmonics(coefficients).fill_(new Scalar(Math.sqrt(frequencies))));
      }
    }
  }

  /** 1 to the number of frequencies. */
  private Tensor harmonics(Tensor like) {
    return BSplines.count(frequencies, like).add(new Scalar(1));
  }

  @Override
  public List<Term> terms(Tensor x) {
    Tensor angles = x.unsqueeze(-1).mul(harmonics(x)); // [..., in, frequencies]
    return List.of(
        new Term(angles.cos(), coefficients.select(0, 0)),
        new Term(angles.sin(), coefficients.select(0, 1)));
  }

  @Override
  public @Nullable Tensor bias() {
    return bias == null ? null : bias.view(-1);
  }

  @Override
  public void register(Registry registry) {
    registry.tensor("fouriercoeffs", coefficients);
    if (bias != null) {
      registry.tensor("bias", bias);
    }
  }
}
