package org.kat4j.function.kan;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.kat4j.config.Check;
import org.kat4j.config.Kind;
import org.kat4j.function.Activation;
import org.kat4j.torch.Context;
import org.kat4j.torch.Init;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Registry;

/**
 * The B-spline KAN layer whose edges have one scale for base and spline together, and a bias.
 *
 * <p>y_o = bias_o + sum over i of scale[i, o] (silu(x_i) + sum over k of kernel[i, k, o] B_k(x_i)).
 * Source: DenseKAN of ZPZhou-lab/tfkan, as KACQ-DCNN (arXiv 2410.07446) uses it; its names.
 */
public final class SharedScaleSpline implements KanLayer {
  /**
   * @param gridSize G, intervals of the grid, 1 to 10,000
   * @param order k, degree of the polynomials, 1 to 8
   * @param low lower end of the grid
   * @param high upper end
   */
  @Kind("shared-scale-spline")
  public record Spec(int gridSize, int order, double low, double high) implements KanLayer.Spec {
    public Spec {
      Check.between("gridSize", gridSize, 1, BSpline.MAX_GRID);
      Check.between("order", order, 1, BSpline.MAX_ORDER);
      Range.check(low, high);
    }

    public static Spec example() {
      return new Spec(3, 3, -1, 1);
    }

    @Override
    public SharedScaleSpline build(int in, int out, Context context) {
      return new SharedScaleSpline(this, in, out, context);
    }

    @Override
    public long macs(int in, int out) {
      int basis = gridSize + order;
      return (long) in * out * (basis + 1) + (long) in * basis * 2 * order;
    }
  }

  private final int order;
  private final Tensor grid; // [in, G + 2 k + 1]
  private final Tensor kernel; // [in, G + k, out]
  private final Tensor scale; // [in, out]
  private final Tensor bias; // [out]

  private SharedScaleSpline(Spec spec, int in, int out, Context context) {
    order = spec.order;
    double[] knots = BSplines.knots(spec.low, spec.high, spec.gridSize, order);
    grid = context.buffer(knots, in, knots.length);
    kernel = context.parameter(in, spec.gridSize + order, out);
    scale = context.parameter(in, out);
    bias = context.parameter(out);
    Init.normal(kernel, 0.1, context.random());
    Init.xavierUniform(scale, context.random());
  }

  @Override
  public Tensor forward(Tensor x, Pass pass) {
    Tensor base = Activation.SILU.apply(x).unsqueeze(-1); // [..., in, 1]
    Tensor values = torch.cat(new TensorVector(base, BSplines.basis(x, grid, order)), -1);
    Tensor ones = torch.ones_like(scale).unsqueeze(1); // [in, 1, out]
    Tensor weight = torch.cat(new TensorVector(ones, kernel), 1).mul(scale.unsqueeze(1));
    return Contraction.inputsFirst(values, weight.transpose(1, 2)).add(bias);
  }

  @Override
  public void register(Registry registry) {
    registry.tensor("spline_kernel", kernel);
    registry.tensor("scale_factor", scale);
    registry.tensor("bias", bias);
    registry.tensor("spline_grid", grid);
  }
}
