package org.kat4j.function.kan;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.kat4j.config.Check;
import org.kat4j.config.Kind;
import org.kat4j.function.Activation;
import org.kat4j.kernel.BasisKernel;
import org.kat4j.kernel.Kernels;
import org.kat4j.torch.Context;
import org.kat4j.torch.Init;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Registry;
import org.kat4j.torch.Scope;

/**
 * The B-spline KAN layer of pykan: scales and masks for every edge, knots that follow the samples,
 * refinement to finer grids.
 *
 * <p>y_o = sum over i of mask[i,o] (scale_base[i,o] base(x_i) + scale_sp[i,o] sum over j of
 * coef[i,o,j] B_j(x_i)). Source: KAN, arXiv 2404.19756; names of KindXiaoming/pykan.
 */
public final class PykanSpline implements KanLayer {
  /**
   * @param gridSize G, intervals of the grid at the start, 1 to 10,000
   * @param order k, degree of the polynomials, 1 to 8
   * @param low lower end of the grid at the start
   * @param high upper end
   * @param base function of the base branch
   * @param noise size of the splines at the start: U(-noise, noise) / (2 G) at the inner knots
   * @param gridEpsilon share of equal distances in updated grids, the rest are quantiles, in [0, 1]
   */
  @Kind("pykan")
  public record Spec(
      int gridSize,
      int order,
      double low,
      double high,
      Activation base,
      double noise,
      double gridEpsilon)
      implements KanLayer.Spec {
    public Spec {
      Check.between("gridSize", gridSize, 1, BSpline.MAX_GRID);
      Check.between("order", order, 1, BSpline.MAX_ORDER);
      Range.check(low, high);
      Check.inRange("noise", noise, 0, Double.POSITIVE_INFINITY);
      Check.inRange("gridEpsilon", gridEpsilon, 0, Math.nextUp(1.0));
    }

    /** The defaults of pykan's networks. */
    public static Spec example() {
      return new Spec(3, 3, -1, 1, Activation.SILU, 0.3, 0.02);
    }

    @Override
    public PykanSpline build(int in, int out, Context context) {
      return new PykanSpline(this, in, out, context);
    }

    @Override
    public long macs(int in, int out) {
      int basis = gridSize + order;
      return (long) in * out * (basis + 1) + (long) in * basis * 2 * order;
    }

    Spec withGridSize(int other) {
      return new Spec(other, order, low, high, base, noise, gridEpsilon);
    }
  }

  /** What an updated grid's coefficients are fitted at. */
  public enum FitAt {
    /** At the samples. */
    SAMPLES,
    /** At the knots of a grid twice as fine. */
    KNOTS
  }

  /**
   * What the edges make of some inputs, {@code [rows, out, in]}.
   *
   * @param outputs values of the edges; their sum over {@code in} is the layer's output
   * @param splines values of the splines alone, without scales and masks
   */
  public record Edges(Tensor outputs, Tensor splines) {}

  private final Spec spec;
  private final boolean fused;
  private final Tensor grid; // [in, G + 2 k + 1]
  private final Tensor coefficients; // [in, out, G + k]
  private final Tensor mask; // [in, out]
  private final Tensor scaleBase; // [in, out]
  private final Tensor scaleSpline; // [in, out]

  private PykanSpline(Spec spec, int in, int out, Context context) {
    this.spec = spec;
    fused = context.fused();
    double[] knots = BSplines.knots(spec.low, spec.high, spec.gridSize, spec.order);
    grid = context.buffer(knots, in, knots.length);
    coefficients = context.parameter(in, out, spec.gridSize + spec.order);
    mask = context.buffer(new double[] {1}, in, out);
    scaleBase = context.parameter(in, out);
    scaleSpline = context.parameter(in, out);
    if (context.hasMemory()) {
      try (Scope _ = Scope.open();
          var _ = Scope.noGradients()) {
        coefficients.copy_(
            BSpline.noise(in, out, knots, spec.gridSize, spec.order, spec.noise, context.random()));
      }
    }
    Init.uniform(scaleBase, 1 / Math.sqrt(in), context.random());
    Init.constant(scaleSpline, 1 / Math.sqrt(in));
  }

  @Override
  public Tensor forward(Tensor x, Pass pass) {
    boolean silu = spec.base == Activation.SILU;
    Optional<BasisKernel> kernel =
        fused ? Kernels.splines(x, grid, spec.order, silu) : Optional.empty();
    return FusedBasis.withBase(
        kernel,
        found -> fused(found).forward(x),
        () -> Contraction.outputsFirst(basis(x), weight()),
        () -> spec.base.apply(x).matmul(baseWeight()));
  }

  /** What the base branch is multiplied by, {@code [in, out]}. */
  private Tensor baseWeight() {
    return scaleBase.mul(mask);
  }

  /** What basis values are multiplied by, {@code [out, in, G + k]}. */
  private Tensor weight() {
    return coefficients.mul(scaleSpline.mul(mask).unsqueeze(-1)).transpose(0, 1);
  }

  /** The splines; the base branch with them where the kernel has it. */
  FusedBasis fused(BasisKernel kernel) {
    FusedBasis splines = fusedSplines(kernel);
    return kernel.silu()
        ? splines.with(
            () -> baseWeight().t(), List.of(scaleBase), ofBase -> List.of(ofBase.t().mul(mask)))
        : splines;
  }

  private FusedBasis fusedSplines(BasisKernel kernel) {
    return new FusedBasis(
        kernel,
        this::weight,
        List.of(coefficients, scaleSpline),
        ofWeight -> {
          Tensor turned = ofWeight.transpose(0, 1); // [in, out, G + k]
          return List.of(
              turned.mul(scaleSpline.mul(mask).unsqueeze(-1)),
              turned.mul(coefficients).sum(-1).mul(mask));
        });
  }

  /** Basis values {@code [..., in, G + k]}. */
  public Tensor basis(Tensor x) {
    return BSplines.basis(x, grid, spec.order);
  }

  /** The edges' values for {@code x [rows, in]}. */
  public Edges edges(Tensor x) {
    Tensor splines = BSplines.curves(x, coefficients, grid, spec.order); // [rows, in, out]
    Tensor base = spec.base.apply(x).unsqueeze(-1); // [rows, in, 1]
    Tensor outputs = mask.mul(scaleBase.mul(base).add(scaleSpline.mul(splines)));
    return new Edges(outputs.transpose(1, 2), splines.transpose(1, 2));
  }

  /** Derivatives of the edges' values by their inputs, {@code [rows, out, in]}. */
  Tensor slopes(Tensor x) {
    Tensor splines =
        BSplines.slopes(x, grid, spec.order)
            .transpose(0, 1) // [in, rows, basis]
            .matmul(coefficients.transpose(1, 2))
            .transpose(0, 1); // [rows, in, out]
    Tensor base = Slope.of(spec.base::apply, x).unsqueeze(-1); // [rows, in, 1]
    return mask.mul(scaleBase.mul(base).add(scaleSpline.mul(splines))).transpose(1, 2);
  }

  /**
   * Derivatives of the network's output by the coefficients and the base branch's scales.
   *
   * @param x {@code [rows, in]}
   * @param bySum derivatives of the output by this layer's sums, {@code [rows, out]}
   * @return {@code [rows, in out (G + k)]} and {@code [rows, in out]}
   */
  List<Tensor> jacobian(Tensor x, Tensor bySum) {
    long rows = x.size(0);
    Tensor byEdge = bySum.unsqueeze(1).mul(mask); // [rows, in, out]
    Tensor byCoefficient =
        byEdge.mul(scaleSpline).unsqueeze(3).mul(basis(x).unsqueeze(2)); // [rows, in, out, basis]
    Tensor byBase = byEdge.mul(spec.base.apply(x).unsqueeze(2)); // [rows, in, out]
    return List.of(byCoefficient.reshape(rows, -1), byBase.reshape(rows, -1));
  }

  /** The layer between some of its inputs and outputs only. */
  PykanSpline between(long[] inputs, long[] outputs, Context context) {
    PykanSpline part = spec.build(inputs.length, outputs.length, context);
    try (Scope _ = Scope.open();
        var _ = Scope.noGradients()) {
      Tensor i = Tensor.create(inputs);
      Tensor o = Tensor.create(outputs);
      part.grid.copy_(grid.index_select(0, i));
      part.coefficients.copy_(coefficients.index_select(0, i).index_select(1, o));
      part.mask.copy_(mask.index_select(0, i).index_select(1, o));
      part.scaleBase.copy_(scaleBase.index_select(0, i).index_select(1, o));
      part.scaleSpline.copy_(scaleSpline.index_select(0, i).index_select(1, o));
    }
    return part;
  }

  /** {@code [in, out]}: factors of the base branch. */
  Tensor scaleBase() {
    return scaleBase;
  }

  /** {@code [in, out]}: 0 takes an edge out. */
  public Tensor mask() {
    return mask;
  }

  /** {@code [in, out, G + k]}. */
  public Tensor coefficients() {
    return coefficients;
  }

  /** {@code [in, G + 2 k + 1]}. */
  public Tensor grid() {
    return grid;
  }

  public Spec spec() {
    return spec;
  }

  /**
   * Moves the knots to the quantiles of samples, nearly, and refits the splines to themselves.
   *
   * @param samples inputs {@code [rows, in]}
   */
  public void updateGrid(Tensor samples, FitAt fitAt) {
    try (Scope _ = Scope.open();
        var _ = Scope.noGradients()) {
      Tensor sorted = BSplines.exact(samples).sort(0, false).get0();
      Tensor knots = BSplines.extended(inner(sorted, spec.gridSize), spec.order);
      Tensor at =
          switch (fitAt) {
            case SAMPLES -> sorted;
            case KNOTS -> inner(sorted, 2 * spec.gridSize).transpose(0, 1);
          };
      Tensor curves = curves(at);
      coefficients.copy_(BSplines.fit(at, curves, knots, spec.order));
      grid.copy_(knots);
    }
  }

  /** Inner knots {@code [in, G + 1]} for sorted samples: quantiles and a little of equal steps. */
  private Tensor inner(Tensor sorted, int intervals) {
    long rows = sorted.size(0);
    long[] ids = new long[intervals + 1];
    for (int i = 0; i < intervals; i++) {
      ids[i] = (long) ((double) rows / intervals * i);
    }
    ids[intervals] = rows - 1;
    Tensor adaptive = sorted.index_select(0, Tensor.create(ids)).transpose(0, 1);
    Tensor first = adaptive.narrow(1, 0, 1);
    Tensor step = adaptive.narrow(1, intervals, 1).sub(first).div(new Scalar(intervals));
    Tensor uniform = first.add(step.mul(BSplines.count(intervals + 1, sorted)));
    double share = spec.gridEpsilon;
    return uniform.mul(new Scalar(share)).add(adaptive.mul(new Scalar(1 - share)));
  }

  /** {@code [rows, in, out]}, float64. */
  private Tensor curves(Tensor x) {
    return BSplines.curves(x, BSplines.exact(coefficients), BSplines.exact(grid), spec.order);
  }

  /**
   * The same function on a grid of other size: inner knots interpolated by their number,
   * coefficients fitted at samples, scales and masks copied. Exact only where the old knots are
   * among the new ones and the samples reach every spline.
   *
   * @param samples inputs {@code [rows, in]}
   */
  public PykanSpline refined(int gridSize, Tensor samples, Context context) {
    int in = (int) mask.size(0);
    int out = (int) mask.size(1);
    PykanSpline finer = spec.withGridSize(gridSize).build(in, out, context);
    try (Scope _ = Scope.open();
        var _ = Scope.noGradients()) {
      Tensor x = BSplines.exact(samples);
      Tensor knots = BSplines.extended(interpolated(gridSize), spec.order);
      finer.coefficients.copy_(BSplines.fit(x, curves(x), knots, spec.order));
      finer.grid.copy_(knots);
      finer.mask.copy_(mask);
      finer.scaleBase.copy_(scaleBase);
      finer.scaleSpline.copy_(scaleSpline);
    }
    return finer;
  }

  private Tensor interpolated(int gridSize) {
    Tensor old = BSplines.exact(grid);
    List<Tensor> columns = new ArrayList<>();
    for (int i = 0; i <= gridSize; i++) {
      double position = (double) i * spec.gridSize / gridSize;
      int below = Math.min((int) position, spec.gridSize - 1);
      double share = position - below;
      Tensor left = old.select(1, spec.order + below);
      Tensor right = old.select(1, spec.order + below + 1);
      columns.add(left.mul(new Scalar(1 - share)).add(right.mul(new Scalar(share))));
    }
    return torch.stack(new TensorVector(columns.toArray(Tensor[]::new)), 1); // [in, G + 1]
  }

  @Override
  public void register(Registry registry) {
    registry.tensor("grid", grid);
    registry.tensor("coef", coefficients);
    registry.tensor("scale_base", scaleBase);
    registry.tensor("scale_sp", scaleSpline);
    registry.tensor("mask", mask);
  }
}
