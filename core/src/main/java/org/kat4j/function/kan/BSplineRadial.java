package org.kat4j.function.kan;

import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.config.Check;
import org.kat4j.config.Kind;
import org.kat4j.function.Activation;
import org.kat4j.function.LayerNorm;
import org.kat4j.kernel.Bump;
import org.kat4j.torch.Context;
import org.kat4j.torch.Init;
import org.kat4j.torch.Registry;

/**
 * BSRBF-KAN: B-splines and Gaussians added function by function, after a layer norm.
 *
 * <p>u = norm(x); y = W (B(u) + R(u)) + W_b base(u). Source and names: hoangthangta/All-KAN.
 */
public final class BSplineRadial implements BasisLayer {
  /**
   * @param gridSize G, intervals of the grid, 1 to 10,000; there are G + order functions of each
   *     kind
   * @param order degree of the splines, 1 to 8
   * @param low lower end of the grid, and first centre
   * @param high upper end, and last centre
   * @param base function of the base branch
   */
  @Kind("b-spline-radial")
  public record Spec(int gridSize, int order, double low, double high, Activation base)
      implements KanLayer.Spec, BasisLayer.Spec {
    public Spec {
      Check.between("gridSize", gridSize, 1, BSpline.MAX_GRID);
      Check.between("order", order, 1, BSpline.MAX_ORDER);
      Range.check(low, high);
    }

    public static Spec example() {
      return new Spec(5, 3, -1.5, 1.5, Activation.SILU);
    }

    private int basis() {
      return gridSize + order;
    }

    @Override
    public BSplineRadial build(int in, int out, Context context) {
      return overWindow(in, 1, out, context);
    }

    @Override
    public BSplineRadial overWindow(int in, int taps, int out, Context context) {
      return new BSplineRadial(this, in, taps, out, context);
    }

    @Override
    public long macs(int in, int out) {
      return (long) in * out * (basis() + 1) + (long) in * basis() * (2 * order + 1);
    }
  }

  private static final double NORM_EPSILON = 1e-5;

  private final Spec spec;
  private final LayerNorm norm;
  private final Tensor baseWeight; // [out, in * taps]
  private final Tensor weight; // [out, in * taps * basis]
  private final Tensor centres; // [basis]
  private final Tensor grid; // [in, knots]

  private BSplineRadial(Spec spec, int in, int taps, int out, Context context) {
    this.spec = spec;
    int basis = spec.basis();
    norm = new LayerNorm(in, NORM_EPSILON, context);
    int edges = in * taps; // of an output
    baseWeight = context.parameter(out, edges);
    weight = context.parameter(out, (long) edges * basis);
    centres = context.buffer(Range.points(spec.low, spec.high, basis), basis);
    double[] knots = BSplines.knots(spec.low, spec.high, spec.gridSize, spec.order);
    grid = context.buffer(knots, in, knots.length);
    Init.uniform(baseWeight, 1 / Math.sqrt(edges), context.random());
    Init.uniform(weight, 1 / Math.sqrt((double) edges * basis), context.random());
  }

  @Override
  public List<Term> terms(Tensor x) {
    Tensor u = norm.forward(x);
    double width = RadialBasis.spacing(spec.low, spec.high, spec.basis());
    Tensor basis =
        BSplines.basis(u, grid, spec.order)
            .add(RadialBasis.bumps(u, centres, width, Bump.GAUSSIAN));
    return List.of(
        new Term(basis, weight.view(weight.size(0), -1, spec.basis())),
        new Term(spec.base.apply(u).unsqueeze(-1), baseWeight.unsqueeze(-1)));
  }

  @Override
  public void register(Registry registry) {
    registry.tensor("base_weight", baseWeight);
    registry.tensor("spline_weight", weight);
    registry.tensor("grid", grid);
    registry.part("norm", norm);
    registry.tensor("rbf.grid", centres);
  }
}
