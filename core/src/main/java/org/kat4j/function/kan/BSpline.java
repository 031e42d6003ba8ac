package org.kat4j.function.kan;

import java.util.List;
import java.util.Optional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;
import org.kat4j.config.Check;
import org.kat4j.config.Kind;
import org.kat4j.function.Activation;
import org.kat4j.kernel.BasisKernel;
import org.kat4j.kernel.Kernels;
import org.kat4j.torch.Context;
import org.kat4j.torch.Init;
import org.kat4j.torch.Pass;
import org.kat4j.torch.RandomStream;
import org.kat4j.torch.Registry;
import org.kat4j.torch.Scope;

/**
 * The B-spline KAN layer in the efficient form: the basis once for each input, one matrix product.
 *
 * <p>y = base(x) W_b^T + B(x) W_s^T, W_s = spline_weight * spline_scaler. Source: KAN, arXiv
 * 2404.19756; names and start of Blealtan/efficient-kan.
 */
public final class BSpline implements BasisLayer {
  /** Highest order of splines. */
  static final int MAX_ORDER = 8;

  /** Most intervals of a grid. */
  static final int MAX_GRID = 10_000;

  /**
   * @param gridSize G, intervals of the grid at the start, 1 to 10,000
   * @param order k, degree of the polynomials, 1 to 8
   * @param low lower end of the grid at the start
   * @param high upper end
   * @param base function of the base branch
   * @param scaler whether every edge has a scale of its own beside its coefficients
   * @param gridEpsilon share of equal distances in updated grids, the rest are quantiles, in [0, 1]
   */
  @Kind("b-spline")
  public record Spec(
      int gridSize,
      int order,
      double low,
      double high,
      Activation base,
      boolean scaler,
      double gridEpsilon)
      implements KanLayer.Spec, BasisLayer.Spec {
    public Spec {
      Check.between("gridSize", gridSize, 1, MAX_GRID);
      Check.between("order", order, 1, MAX_ORDER);
      Range.check(low, high);
      Check.inRange("gridEpsilon", gridEpsilon, 0, Math.nextUp(1.0));
    }

    public static Spec example() {
      return new Spec(5, 3, -1, 1, Activation.SILU, true, 0.02);
    }

    @Override
    public BSpline build(int in, int out, Context context) {
      return overWindow(in, 1, out, context);
    }

    @Override
    public BSpline overWindow(int in, int taps, int out, Context context) {
      return new BSpline(this, in, taps, out, context);
    }

    @Override
    public long macs(int in, int out) {
      int basis = gridSize + order;
      return (long) in * out * (basis + 1) + (long) in * basis * 2 * order;
    }
  }

  private static final double NOISE = 0.1;

  private final Spec spec;
  private final boolean fused;
  private final Tensor grid; // [in, G + 2 k + 1]
  private final Tensor baseWeight; // [out, in * taps]
  private final Tensor splineWeight; // [out, in * taps, G + k]
  private final @Nullable Tensor splineScaler; // [out, in * taps]

  private BSpline(Spec spec, int in, int taps, int out, Context context) {
    this.spec = spec;
    fused = context.fused();
    int basis = spec.gridSize + spec.order;
    double[] knots = BSplines.knots(spec.low, spec.high, spec.gridSize, spec.order);
    grid = context.buffer(knots, in, knots.length);
    int edges = in * taps; // of an output
    baseWeight = context.parameter(out, edges);
    splineWeight = context.parameter(out, edges, basis);
    splineScaler = spec.scaler ? context.parameter(out, edges) : null;
    double bound = 1 / Math.sqrt(edges);
    Init.uniform(baseWeight, bound, context.random());
    if (context.hasMemory()) {
      startNearZero(splineWeight, edges, out, knots, spec, context.random());
    }
    if (splineScaler != null) {
      Init.uniform(splineScaler, bound, context.random());
    }
  }

  /** The shortest coefficients whose splines go through noise at the inner knots. */
  private static void startNearZero(
      Tensor weight, int in, int out, double[] knots, Spec spec, RandomStream random) {
    try (Scope _ = Scope.open();
        var _ = Scope.noGradients()) {
      weight.copy_(
          noise(in, out, knots, spec.gridSize, spec.order, NOISE, random)
              .transpose(0, 1)); // [out, in, basis]
    }
  }

  /**
   * Coefficients {@code [in, out, basis]} of splines that take the values U(-scale, scale) / (2 G)
   * at the inner knots.
   */
  static Tensor noise(
      int in, int out, double[] knots, int gridSize, int order, double scale, RandomStream random) {
    Tensor values =
        random.uniform(
            torch.zeros(new long[] {gridSize + 1, in, out}, new TensorOptions(ScalarType.Double)),
            -scale / 2 / gridSize,
            scale / 2 / gridSize);
    Tensor row = Tensor.create(knots).view(1, -1);
    Tensor inner = row.narrow(1, order, gridSize + 1).transpose(0, 1); // [G + 1, 1]
    // The same matrix for every edge.
    Tensor all = BSplines.fit(inner, values.view(gridSize + 1, 1, -1), row, order);
    return all.view(in, out, -1);
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
        () -> torch.linear(spec.base.apply(x), baseWeight));
  }

  @Override
  public List<Term> terms(Tensor x) {
    Optional<BasisKernel> kernel =
        fused ? Kernels.splines(x, grid, spec.order, false) : Optional.empty();
    Tensor splines = kernel.map(found -> FusedBasis.values(found, x)).orElseGet(() -> basis(x));
    return List.of(
        new Term(splines, weight()),
        new Term(spec.base.apply(x).unsqueeze(-1), baseWeight.unsqueeze(-1)));
  }

  /** The splines; the base branch with them where the kernel has it. */
  FusedBasis fused(BasisKernel kernel) {
    FusedBasis splines = fusedSplines(kernel);
    return kernel.silu()
        ? splines.with(
            () -> baseWeight, List.of(baseWeight), ofBase -> List.of(ofBase.contiguous()))
        : splines;
  }

  private FusedBasis fusedSplines(BasisKernel kernel) {
    Tensor scaler = splineScaler;
    if (scaler == null) {
      return new FusedBasis(
          kernel, this::weight, List.of(splineWeight), ofWeight -> List.of(ofWeight.contiguous()));
    }
    return new FusedBasis(
        kernel,
        this::weight,
        List.of(splineWeight, scaler),
        ofWeight ->
            List.of(ofWeight.mul(scaler.unsqueeze(-1)), ofWeight.mul(splineWeight).sum(-1)));
  }

  /** Basis values {@code [..., in, G + k]}. */
  public Tensor basis(Tensor x) {
    return BSplines.basis(x, grid, spec.order);
  }

  /**
   * What every edge adds to its output, {@code [rows, out, in]}.
   *
   * @param x {@code [rows, in]}
   */
  public Tensor edges(Tensor x) {
    Tensor base = spec.base.apply(x).unsqueeze(1).mul(baseWeight);
    Tensor curves = basis(x).unsqueeze(1).mul(weight()).sum(-1); // [rows, out, in]
    return base.add(curves);
  }

  /** Coefficients of the splines, their scale in them, {@code [out, in, G + k]}. */
  public Tensor coefficients() {
    return weight();
  }

  private Tensor weight() {
    return splineScaler == null ? splineWeight : splineWeight.mul(splineScaler.unsqueeze(-1));
  }

  /**
   * Moves the knots to the quantiles of samples, nearly, and refits the splines to themselves.
   *
   * <p>The scalers become 1: the official code keeps them though it has already multiplied them
   * into the fitted curve, and so changes the function.
   *
   * @param samples inputs {@code [rows, in]}, at least two
   * @param margin by which the uniform part of the grid reaches beyond the samples
   */
  public void updateGrid(Tensor samples, double margin) {
    try (Scope _ = Scope.open();
        var _ = Scope.noGradients()) {
      Tensor x = BSplines.exact(samples);
      Tensor curves =
          BSplines.curves(
              x, BSplines.exact(weight()).transpose(0, 1), BSplines.exact(grid), spec.order);
      int intervals = spec.gridSize;
      Tensor sorted = x.sort(0, false).get0();
      long last = sorted.size(0) - 1;
      Tensor step =
          sorted
              .select(0, last)
              .sub(sorted.select(0, 0))
              .add(new Scalar(2 * margin))
              .div(new Scalar(intervals))
              .unsqueeze(1); // [in, 1]
      Tensor adaptive =
          sorted.index_select(0, Tensor.create(spread(last, intervals))).transpose(0, 1);
      Tensor uniform =
          step.mul(BSplines.count(intervals + 1, x))
              .add(sorted.select(0, 0).unsqueeze(1).sub(new Scalar(margin)));
      Tensor inner =
          uniform
              .mul(new Scalar(spec.gridEpsilon))
              .add(adaptive.mul(new Scalar(1 - spec.gridEpsilon)));
      Tensor knots = BSplines.extended(inner, step, spec.order);
      splineWeight.copy_(BSplines.fit(x, curves, knots, spec.order).transpose(0, 1));
      grid.copy_(knots);
      if (splineScaler != null) {
        splineScaler.fill_(new Scalar(1));
      }
    }
  }

  /** 0 to last in equal steps, rounded down, as PyTorch's {@code linspace} of integers does it. */
  private static long[] spread(long last, int intervals) {
    double step = (double) last / intervals;
    long[] ids = new long[intervals + 1];
    for (int i = 0; i <= intervals; i++) {
      boolean firstHalf = i < (intervals + 1) / 2;
      ids[i] = (long) (firstHalf ? step * i : last - step * (intervals - i));
    }
    return ids;
  }

  /**
   * L1 norm and entropy of the mean absolute coefficients of the edges, natural logarithm: the
   * stand-in of efficient-kan for the paper's regulariser, which it needs no samples for.
   */
  public Tensor regularisation(double activation, double entropy) {
    Tensor size = splineWeight.abs().mean(-1); // [out, in]
    Tensor sum = size.sum();
    Tensor share = size.div(sum);
    Tensor chaos = share.mul(share.log()).sum().neg();
    return sum.mul(new Scalar(activation)).add(chaos.mul(new Scalar(entropy)));
  }

  @Override
  public void register(Registry registry) {
    registry.tensor("base_weight", baseWeight);
    registry.tensor("spline_weight", splineWeight);
    if (splineScaler != null) {
      registry.tensor("spline_scaler", splineScaler);
    }
    registry.tensor("grid", grid);
  }
}
