package org.kat4j.function.kan;

/**
 * Parameters and floating-point operations of networks by the formulas of KANbeFair, which fair
 * comparisons of KANs and MLPs are stated in.
 *
 * <p>The operations are those of one input, and assume that every edge evaluates its own basis; see
 * {@link #efficient} for the basis once an input. Widths are those of all layers, input and output
 * included. An MLP's activation is charged on the output too, as in the source. Source: KAN or MLP,
 * arXiv 2407.16674; yu-rp/KANbeFair.
 *
 * @param parameters trained numbers
 * @param flops operations; a multiply-add counts two
 */
public record KanCost(long parameters, double flops) {
  /** Fixed scalar functions and their operations. */
  public enum Function {
    ZERO(0),
    IDENTITY(0),
    RELU(1),
    SQUARE_RELU(2),
    SIGMOID(4),
    SILU(5),
    TANH(6),
    GELU(14),
    POLYNOMIAL2(5),
    POLYNOMIAL3(9),
    POLYNOMIAL5(14);

    private final int flops;

    Function(int flops) {
      this.flops = flops;
    }
  }

  private static final KanCost NOTHING = new KanCost(0, 0);

  private KanCost plus(long moreParameters, double moreFlops) {
    return new KanCost(parameters + moreParameters, flops + moreFlops);
  }

  /** A perceptron, maybe with batch norms. */
  public static KanCost mlp(int[] widths, Function activation, boolean batchNorm) {
    KanCost sum = NOTHING;
    for (int l = 1; l < widths.length; l++) {
      long in = widths[l - 1];
      long out = widths[l];
      sum = sum.plus(out * (in + 1), 2.0 * in * out + (double) activation.flops * out);
      sum = batchNorm ? sum.plus(2 * out, 4.0 * out) : sum;
    }
    return sum;
  }

  /** A spline KAN of G intervals and order k, with a base branch unless it is zero. */
  public static KanCost kan(int[] widths, int gridSize, int order, Function base) {
    KanCost sum = NOTHING;
    for (int l = 1; l < widths.length; l++) {
      long in = widths[l - 1];
      long out = widths[l];
      double edge = spline(gridSize, order) + 1;
      sum = sum.plus(in * out * (gridSize + order + 2) + out, in * out * edge);
      if (base != Function.ZERO) {
        sum = sum.plus(in * out, (double) base.flops * in + 2.0 * in * out);
      }
    }
    return sum;
  }

  /** The same KAN where the basis is evaluated once an input: as many parameters. */
  public static KanCost efficient(int[] widths, int gridSize, int order, Function base) {
    double flops = 0;
    for (int l = 1; l < widths.length; l++) {
      double in = widths[l - 1];
      double out = widths[l];
      flops += in * spline(gridSize, order) + 2 * in * out * (gridSize + order);
      flops += base == Function.ZERO ? 0 : base.flops * in + 2 * in * out;
    }
    return new KanCost(kan(widths, gridSize, order, base).parameters, flops);
  }

  /** A perceptron with one spline for every output of a layer instead of an activation. */
  public static KanCost bSplineMlp(int[] widths, int gridSize, int order, boolean batchNorm) {
    KanCost sum = NOTHING;
    for (int l = 1; l < widths.length; l++) {
      long in = widths[l - 1];
      long out = widths[l];
      double neuron = spline(gridSize, order) - 1;
      sum = sum.plus(out * (in + 1) + out * (gridSize + order), 2.0 * in * out + out * neuron);
      sum = batchNorm ? sum.plus(2 * out, 4.0 * out) : sum;
    }
    return sum;
  }

  /** Operations of one spline by the recursion over all of its basis, but for a summand. */
  private static double spline(int gridSize, int order) {
    return 9.0 * order * (gridSize + 1.5 * order) + 2.0 * gridSize - 2.5 * order;
  }
}
