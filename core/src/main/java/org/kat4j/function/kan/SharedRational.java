package org.kat4j.function.kan;

import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.kat4j.config.Check;
import org.kat4j.config.Kind;
import org.kat4j.torch.Context;
import org.kat4j.torch.Init;
import org.kat4j.torch.Registry;

/**
 * Rational KAN: one rational function for each group of inputs, then a weight matrix that the base
 * branch shares.
 *
 * <p>F(x) = (a_0 + a_1 x + ...) / (1 + |b_0 + b_1 x + ...|); y = (F(x) + silu(x)) W. Input i
 * belongs to group i mod groups. Source and names: hoangthangta/All-KAN.
 */
public final class SharedRational implements BasisLayer {
  /**
   * @param numerator number of coefficients a, 1 to 16
   * @param denominator number of coefficients b, 1 to 16
   * @param groups number of functions; divides the number of inputs
   * @param baseBranch whether silu(x) is added
   */
  @Kind("shared-rational")
  public record Spec(int numerator, int denominator, int groups, boolean baseBranch)
      implements KanLayer.Spec, BasisLayer.Spec {
    public Spec {
      Check.between("numerator", numerator, 1, 16);
      Check.between("denominator", denominator, 1, 16);
      Check.atLeast("groups", groups, 1);
    }

    public static Spec example() {
      return new Spec(3, 2, 8, true);
    }

    @Override
    public SharedRational build(int in, int out, Context context) {
      return overWindow(in, 1, out, context);
    }

    @Override
    public SharedRational overWindow(int in, int taps, int out, Context context) {
      if (in % groups != 0) {
        throw new IllegalArgumentException(
            "groups = " + groups + ": does not divide the layer's " + in + " inputs");
      }
      return new SharedRational(this, in, taps, out, context);
    }

    @Override
    public long macs(int in, int out) {
      return (long) in * out + (long) in * (numerator + denominator);
    }
  }

  private final Spec spec;
  private final int repeats;
  private final Tensor a; // [numerator, groups]
  private final Tensor b; // [denominator, groups]
  private final Tensor weight; // [in * taps, out]

  private SharedRational(Spec spec, int in, int taps, int out, Context context) {
    this.spec = spec;
    repeats = in / spec.groups;
    a = context.parameter(spec.numerator, spec.groups);
    b = context.parameter(spec.denominator, spec.groups);
    weight = context.parameter((long) in * taps, out);
    Init.uniform(a, 1 / Math.sqrt(spec.groups), context.random());
    Init.uniform(b, 1 / Math.sqrt(spec.groups), context.random());
    Init.uniform(weight, 1 / Math.sqrt(out), context.random());
  }

  @Override
  public List<Term> terms(Tensor x) {
    Tensor f = polynomial(x, a).div(polynomial(x, b).abs().add(new Scalar(1)));
    Tensor values = spec.baseBranch ? f.add(torch.silu(x)) : f;
    return List.of(new Term(values.unsqueeze(-1), weight.t().unsqueeze(-1)));
  }

  /** Horner's scheme; {@code coefficients [count, groups]}, the constant first. */
  private Tensor polynomial(Tensor x, Tensor coefficients) {
    Tensor all = coefficients.repeat(1, repeats); // [count, in]
    long last = all.size(0) - 1;
    Tensor sum = all.select(0, last).expand_as(x);
    for (long i = last - 1; i >= 0; i--) {
      sum = sum.mul(x).add(all.select(0, i));
    }
    return sum;
  }

  @Override
  public void register(Registry registry) {
    registry.tensor("w_a", a);
    registry.tensor("w_b", b);
    registry.tensor("ln_weight", weight);
  }
}
