package org.kat4j.function;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.config.Check;
import org.kat4j.kernel.GroupLayout;
import org.kat4j.kernel.Kernels;
import org.kat4j.kernel.RationalKernel;
import org.kat4j.torch.Context;
import org.kat4j.torch.CustomGradient;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Part;
import org.kat4j.torch.Precision;
import org.kat4j.torch.Registry;
import org.kat4j.torch.Scope;

/**
 * The group rational function of GR-KAN: every group of neighbouring channels has its own learnable
 * F(x) = P(x) / Q(x).
 *
 * <p>P(x) = a0 + a1 x + ... + am x^m, Q(x) = 1 + |b1||x| + ... + |bn||x|^n. The gradient takes
 * sign(0) = +1, for x and for b, so that coefficients that start at zero can move.
 *
 * <p>Source: Kolmogorov-Arnold Transformer, arXiv 2409.10594; parameter names of
 * Adamdad/rational_kat_cu and OSU-STARLAB/FlashKAT.
 */
public final class GroupRational implements Part {
  /** State-dict names of the two published code bases. */
  public enum Naming {
    KAT("weight_numerator", "weight_denominator"),
    FLASH_KAT("numerator_v", "denominator_v");

    private final String numerator;
    private final String denominator;

    Naming(String numerator, String denominator) {
      this.numerator = numerator;
      this.denominator = denominator;
    }

    /** Name of the numerator's coefficients. */
    public String numerator() {
      return numerator;
    }

    /** Name of the denominator's coefficients. */
    public String denominator() {
      return denominator;
    }
  }

  /**
   * How the coefficients are shared. The released models have one numerator for all groups and one
   * denominator for each.
   *
   * @param numeratorGroups rows of the numerator: 1 or the number of groups
   * @param denominatorGroups rows of the denominator: 1 or the number of groups
   * @param m degree of the numerator, 1 to 8
   * @param n degree of the denominator, 1 to 8
   * @param naming state-dict names
   */
  public record Spec(int numeratorGroups, int denominatorGroups, int m, int n, Naming naming) {
    public Spec {
      Check.atLeast("numeratorGroups", numeratorGroups, 1);
      Check.atLeast("denominatorGroups", denominatorGroups, 1);
      Check.between("m", m, 1, RationalCoefficients.MAX_DEGREE);
      Check.between("n", n, 1, RationalCoefficients.MAX_DEGREE);
      if (numeratorGroups > 1 && denominatorGroups > 1 && numeratorGroups != denominatorGroups) {
        throw new IllegalArgumentException(
            "numeratorGroups = "
                + numeratorGroups
                + ", denominatorGroups = "
                + denominatorGroups
                + ": equal, or one of them 1");
      }
    }

    /**
     * The released layout: a shared numerator of degree 5, one denominator of degree 4 for each of
     * 8 groups.
     */
    public static Spec example() {
      return new Spec(1, 8, 5, 4, Naming.KAT);
    }

    public int groups() {
      return Math.max(numeratorGroups, denominatorGroups);
    }

    /**
     * The function on {@code channels} channels, every group starting from the same coefficients.
     */
    public GroupRational build(int channels, RationalCoefficients start, Context context) {
      if (channels % groups() != 0) {
        throw new IllegalArgumentException(
            channels
                + " channels do not split into "
                + groups()
                + " equal groups: change the width or the number of groups");
      }
      return new GroupRational(this, start.withDegrees(m, n), context);
    }
  }

  private final Spec spec;
  private final Tensor numerator; // [1 or groups, m + 1]
  private final Tensor denominator; // [1 or groups, n]
  private final boolean fused;

  private GroupRational(Spec spec, RationalCoefficients start, Context context) {
    this.spec = spec;
    this.fused = context.fused();
    numerator = context.parameter(start.numerator(), spec.numeratorGroups, spec.m + 1L);
    denominator = context.parameter(start.denominator(), spec.denominatorGroups, spec.n);
  }

  /**
   * F of every element: {@code [..., channels]} to the same shape, in the lower type under
   * autocast.
   */
  public Tensor forward(Tensor x) {
    Tensor input = Precision.lowered(x).contiguous();
    return apply(input, GroupLayout.channelsLast(input, spec.groups()));
  }

  /** F of every element: {@code [batch, channels, height, width]} to the same shape. */
  public Tensor forwardImage(Tensor x) {
    Tensor input = Precision.lowered(x).contiguous();
    return apply(input, GroupLayout.channelsFirst(input, spec.groups()));
  }

  private Tensor apply(Tensor x, GroupLayout layout) {
    if (!fused) {
      return Kernels.composedRational().forward(x, numerator, denominator, layout);
    }
    RationalKernel kernel = Kernels.rational(x);
    Tensor saved = x.detach();
    Tensor value;
    try (var _ = Scope.noGradients()) {
      value = kernel.forward(saved, numerator, denominator, layout);
    }
    return CustomGradient.apply(
        x,
        value,
        List.of(numerator, denominator),
        upstream -> {
          var gradients = kernel.backward(upstream, saved, numerator, denominator, layout);
          return new CustomGradient.Gradients(
              gradients.x(), List.of(gradients.numerator(), gradients.denominator()));
        });
  }

  /** The function of each group as it is now. */
  public List<RationalCoefficients> functions() {
    double[] a = Memory.doubles(numerator);
    double[] b = Memory.doubles(denominator);
    return IntStream.range(0, spec.groups())
        .mapToObj(g -> new RationalCoefficients(row(a, spec.m + 1, g), row(b, spec.n, g)))
        .toList();
  }

  /** Row {@code group} of a table, or its only row. */
  private static double[] row(double[] table, int length, int group) {
    int from = table.length == length ? 0 : group * length;
    return Arrays.copyOfRange(table, from, from + length);
  }

  @Override
  public void register(Registry registry) {
    registry.tensor(spec.naming.numerator, numerator);
    registry.tensor(spec.naming.denominator, denominator);
  }
}
