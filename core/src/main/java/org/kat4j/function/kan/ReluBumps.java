package org.kat4j.function.kan;

import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.config.Check;
import org.kat4j.config.Kind;
import org.kat4j.torch.Context;
import org.kat4j.torch.Init;
import org.kat4j.torch.Registry;

/**
 * ReLU-KAN: bumps (r relu(x - low) relu(high - x))^2 with trainable ends, r = 4 g^2 / (k + 1)^2.
 *
 * <p>The reference reads the bumps {@code [in, g + k]} of a row as {@code [g + k, in]} without
 * turning them, so the same number of a bump belongs to the same number of a weight in row-major
 * order. Source and names: quiqi/relu_kan.
 */
public final class ReluBumps implements BasisLayer {
  /**
   * @param gridSize g, 1 to 10,000
   * @param order k, 0 to 8: a bump reaches over k + 1 intervals
   * @param trainEnds whether the ends of the bumps are trained
   */
  @Kind("relu-bumps")
  public record Spec(int gridSize, int order, boolean trainEnds)
      implements KanLayer.Spec, BasisLayer.Spec {
    public Spec {
      Check.between("gridSize", gridSize, 1, BSpline.MAX_GRID);
      Check.between("order", order, 0, BSpline.MAX_ORDER);
    }

    public static Spec example() {
      return new Spec(5, 3, true);
    }

    @Override
    public ReluBumps build(int in, int out, Context context) {
      return overWindow(in, 1, out, context);
    }

    @Override
    public ReluBumps overWindow(int in, int taps, int out, Context context) {
      return new ReluBumps(this, in, taps, out, context);
    }

    @Override
    public long macs(int in, int out) {
      int basis = gridSize + order;
      return (long) in * out * basis + 3L * in * basis;
    }
  }

  private final double scale;
  private final Tensor low; // [in, g + k]
  private final Tensor high; // [in, g + k]
  private final Tensor weight; // [out, 1, g + k, in * taps]
  private final Tensor bias; // [out]

  private ReluBumps(Spec spec, int in, int taps, int out, Context context) {
    double g = spec.gridSize;
    int k = spec.order;
    int basis = spec.gridSize + k;
    scale = 4 * g * g / ((k + 1.0) * (k + 1));
    double[] starts = starts(spec.gridSize, k);
    double[] ends = ends(spec.gridSize, k);
    low = spec.trainEnds ? context.parameter(starts, in, basis) : context.buffer(starts, in, basis);
    high = spec.trainEnds ? context.parameter(ends, in, basis) : context.buffer(ends, in, basis);
    weight = context.parameter(out, 1, basis, (long) in * taps);
    bias = context.parameter(out);
    double bound = 1 / Math.sqrt((double) in * taps * basis);
    Init.uniform(weight, bound, context.random());
    Init.uniform(bias, bound, context.random());
  }

  /** Lower ends j / g of the bumps, j = -k to g - 1. */
  static double[] starts(int g, int k) {
    double[] starts = new double[g + k];
    for (int j = 0; j < starts.length; j++) {
      starts[j] = (double) (j - k) / g;
    }
    return starts;
  }

  /** Upper ends (j + k + 1) / g. */
  static double[] ends(int g, int k) {
    double[] ends = starts(g, k);
    for (int j = 0; j < ends.length; j++) {
      ends[j] += (k + 1.0) / g;
    }
    return ends;
  }

  @Override
  public List<Term> terms(Tensor x) {
    Tensor bumps = basis(x);
    return List.of(new Term(bumps, weight.view(weight.size(0), -1, bumps.size(-1))));
  }

  @Override
  public Tensor bias() {
    return bias;
  }

  /** {@code [..., in, g + k]}. */
  Tensor basis(Tensor x) {
    Tensor v = x.unsqueeze(-1);
    return v.sub(low).relu().mul(high.sub(v).relu()).mul(new Scalar(scale)).square();
  }

  @Override
  public void register(Registry registry) {
    registry.tensor("phase_low", low);
    registry.tensor("phase_height", high);
    registry.tensor("equal_size_conv.weight", weight);
    registry.tensor("equal_size_conv.bias", bias);
  }
}
