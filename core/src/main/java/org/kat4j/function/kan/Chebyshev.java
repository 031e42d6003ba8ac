package org.kat4j.function.kan;

import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.kat4j.config.Check;
import org.kat4j.config.Kind;
import org.kat4j.torch.Context;
import org.kat4j.torch.Init;
import org.kat4j.torch.Registry;

/**
 * ChebyKAN: y_o = sum over i, d of C[i,o,d] T_d(tanh x_i), without base branch and bias.
 *
 * <p>T_d = 2 u T_d-1 - T_d-2: the reference's cos(d acos u) has an infinite slope at +-1, which
 * tanh reaches in float32 from |x| = 9 on. Source and names: SynodicMonth/ChebyKAN.
 */
public final class Chebyshev implements BasisLayer {
  /**
   * @param degree highest degree, 1 to 64
   */
  @Kind("chebyshev")
  public record Spec(int degree) implements KanLayer.Spec, BasisLayer.Spec {
    public Spec {
      Check.between("degree", degree, 1, 64);
    }

    public static Spec example() {
      return new Spec(4);
    }

    @Override
    public Chebyshev build(int in, int out, Context context) {
      return overWindow(in, 1, out, context);
    }

    @Override
    public Chebyshev overWindow(int in, int taps, int out, Context context) {
      return new Chebyshev(this, in * taps, out, context);
    }

    @Override
    public long macs(int in, int out) {
      return (long) in * out * (degree + 1) + (long) in * degree;
    }
  }

  private final Spec spec;
  private final Tensor coefficients; // [in * taps, out, degree + 1]

  private Chebyshev(Spec spec, int edges, int out, Context context) {
    this.spec = spec;
    coefficients = context.parameter(edges, out, spec.degree + 1);
    Init.normal(coefficients, 1.0 / (edges * (spec.degree + 1.0)), context.random());
  }

  @Override
  public List<Term> terms(Tensor x) {
    return List.of(new Term(basis(x.tanh()), coefficients.transpose(0, 1)));
  }

  /** T_0 to T_degree of {@code u [..., in]} in [-1, 1]: {@code [..., in, degree + 1]}. */
  Tensor basis(Tensor u) {
    TensorVector all = new TensorVector(torch.ones_like(u));
    Tensor twice = u.mul(new Scalar(2));
    Tensor before = torch.ones_like(u);
    Tensor last = u;
    for (int d = 1; d <= spec.degree; d++) {
      all.push_back(last);
      Tensor next = twice.mul(last).sub(before);
      before = last;
      last = next;
    }
    return torch.stack(all, -1);
  }

  @Override
  public void register(Registry registry) {
    registry.tensor("cheby_coeffs", coefficients);
  }
}
