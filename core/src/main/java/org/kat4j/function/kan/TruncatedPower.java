package org.kat4j.function.kan;

import java.util.Arrays;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.kat4j.config.Check;
import org.kat4j.config.Kind;
import org.kat4j.torch.Context;
import org.kat4j.torch.Init;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Registry;

/**
 * TruKAN: a polynomial and one-sided powers on every edge.
 *
 * <p>y_o = bias_o + sum over i of [sum over p = 0..k of c[i,o,p] x_i^p + sum over j of c[i,o,k+j]
 * max(x_i - t_j, 0)^k]. The space of functions is that of B-splines of order k with the same inner
 * knots, but the basis is badly conditioned: keep inputs in [low, high]. Source: TruKAN, arXiv
 * 2602.03879; names of alibayeh/trukan.
 */
public final class TruncatedPower implements KanLayer {
  /** Whose knots there are, and whether they move. */
  public enum Knots {
    /** The same for all edges of an input, fixed. */
    FIXED_SHARED(false, false),
    /** Of every edge, fixed. */
    FIXED_INDIVIDUAL(true, false),
    /** The same for all edges of an input, trained. */
    LEARNED_SHARED(false, true),
    /** Of every edge, trained. */
    LEARNED_INDIVIDUAL(true, true);

    private final boolean individual;
    private final boolean learned;

    Knots(boolean individual, boolean learned) {
      this.individual = individual;
      this.learned = learned;
    }
  }

  /**
   * @param degree k, 1 to 8
   * @param knotCount number of knots inside the range, 0 to 1,000
   * @param low lower end of the range of the knots
   * @param high upper end
   * @param knots whose they are
   * @param lastKnotAtEnd whether the last trained knot always lies at {@code high}, where its power
   *     is 0 on the whole range, as in the source; else trained knots start where fixed ones are
   */
  @Kind("truncated-power")
  public record Spec(
      int degree, int knotCount, double low, double high, Knots knots, boolean lastKnotAtEnd)
      implements KanLayer.Spec {
    public Spec {
      Check.between("degree", degree, 1, BSpline.MAX_ORDER);
      Check.between("knotCount", knotCount, 0, 1000);
      Range.check(low, high);
    }

    /** The defaults of TruKAN's networks. */
    public static Spec example() {
      return new Spec(3, 5, -1, 1, Knots.FIXED_SHARED, false);
    }

    private int basis() {
      return degree + 1 + knotCount;
    }

    @Override
    public TruncatedPower build(int in, int out, Context context) {
      return new TruncatedPower(this, in, out, context);
    }

    @Override
    public long macs(int in, int out) {
      long powers = (long) in * (knots.individual ? out : 1) * basis() * 2;
      return (long) in * out * basis() + powers;
    }
  }

  private static final double DEVIATION = 0.01;
  private static final double SMALLEST_STEP = 1e-8;

  private final Spec spec;
  private final Tensor coefficients; // [in, out, k + 1 + knots]
  private final Tensor bias; // [out]
  private final Tensor places; // [in, knots] or [in, out, knots]: the knots, or what they come from

  private TruncatedPower(Spec spec, int in, int out, Context context) {
    this.spec = spec;
    coefficients = context.parameter(in, out, spec.basis());
    bias = context.parameter(out);
    double[] row = spec.knots.learned ? equalSteps(spec) : interior(spec);
    long[] shape =
        spec.knots.individual
            ? new long[] {in, out, spec.knotCount}
            : new long[] {in, spec.knotCount};
    places = spec.knots.learned ? context.parameter(row, shape) : context.buffer(row, shape);
    Init.normal(coefficients, DEVIATION, context.random());
  }

  /** Knots at equal distances from each other and from the ends. */
  private static double[] interior(Spec spec) {
    double[] ends = Range.points(spec.low, spec.high, spec.knotCount + 2);
    return Arrays.copyOfRange(ends, 1, spec.knotCount + 1);
  }

  /** What softplus takes to equal steps. */
  private static double[] equalSteps(Spec spec) {
    double[] raw = new double[spec.knotCount];
    Arrays.fill(raw, Math.log(Math.expm1(step(spec))));
    return raw;
  }

  private static double step(Spec spec) {
    return (spec.high - spec.low) / (spec.knotCount + 1);
  }

  /** The knots, increasing: {@code [in, knots]} or {@code [in, out, knots]}. */
  Tensor knots() {
    if (!spec.knots.learned || spec.knotCount == 0) {
      return places;
    }
    Tensor sums = torch.softplus(places).add(new Scalar(SMALLEST_STEP)).cumsum(-1);
    Tensor whole = sums.narrow(-1, spec.knotCount - 1, 1);
    if (!spec.lastKnotAtEnd) {
      whole = whole.add(new Scalar(step(spec))); // one more step, of the size they start with
    }
    return sums.div(whole).mul(new Scalar(spec.high - spec.low)).add(new Scalar(spec.low));
  }

  @Override
  public Tensor forward(Tensor x, Pass pass) {
    if (!spec.knots.individual) {
      return Contraction.inputsFirst(basis(x, knots()), coefficients).add(bias);
    }
    long[] shape = Arrays.copyOf(x.shape(), (int) x.dim() + 1);
    shape[shape.length - 1] = bias.size(0);
    Tensor edges = x.unsqueeze(-1).expand(shape); // [..., in, out]
    return basis(edges, knots()).mul(coefficients).sum(-3, -1).add(bias);
  }

  /** 1, x, ..., x^k, max(x - t, 0)^k on a new last axis. */
  Tensor basis(Tensor x, Tensor knots) {
    TensorVector powers = new TensorVector(torch.ones_like(x));
    Tensor power = x;
    for (int p = 1; p <= spec.degree; p++) {
      powers.push_back(power);
      power = power.mul(x);
    }
    Tensor polynomial = torch.stack(powers, -1);
    Tensor above = x.unsqueeze(-1).sub(knots).relu();
    return torch.cat(new TensorVector(polynomial, toTheDegree(above)), -1);
  }

  private Tensor toTheDegree(Tensor x) {
    Tensor power = x;
    for (int p = 2; p <= spec.degree; p++) {
      power = power.mul(x);
    }
    return power;
  }

  @Override
  public void register(Registry registry) {
    registry.tensor("coeffs", coefficients);
    registry.tensor("bias_out", bias);
    registry.tensor(spec.knots.learned ? "raw_knots" : "fixed_knots", places);
  }
}
