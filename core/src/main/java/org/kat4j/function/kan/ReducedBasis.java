package org.kat4j.function.kan;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;
import org.kat4j.config.Check;
import org.kat4j.config.Kind;
import org.kat4j.function.Activation;
import org.kat4j.function.LayerNorm;
import org.kat4j.kernel.Bump;
import org.kat4j.torch.Context;
import org.kat4j.torch.Init;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Registry;

/**
 * PRKAN: basis values of every input reduced to one number, then one weight matrix with bias.
 *
 * <p>y = W s(norm(reduce(B(x)))) + b; all inputs share the reduction, so the layer has about as
 * many parameters as a linear one. Two of its methods depart from that, see {@link
 * Reduction#CONV1D_POOLED} and {@link Reduction#BASE}. Source and names: hoangthangta/All-KAN,
 * without its tensors that take no part.
 */
public final class ReducedBasis implements KanLayer {
  /** The functions of an input. */
  public enum Basis {
    RADIAL,
    B_SPLINE
  }

  /** How they become one number. */
  public enum Reduction {
    /** Their sum, weighed by a softmax over the inputs. */
    ATTENTION("attention"),
    /** A linear combination with bias, as a convolution of width 1. */
    CONV1D("conv1d_1"),
    /** The same, as a convolution of two dimensions. */
    CONV2D("conv2d"),
    /** A linear combination. */
    WEIGHTS("feature_weight"),
    /** Their sum. */
    SUM(""),
    /**
     * Functions mixed among themselves, the largest of each mixture over as many neighbouring
     * inputs as there are functions; y = W norm(...) + b without activation.
     */
    CONV1D_POOLED("conv1d_2"),
    /** No functions: y = s(W norm(x) + b), a layer of a perceptron. */
    BASE("");

    private final String name;

    Reduction(String name) {
      this.name = name;
    }
  }

  /** Where the layer norm stands. */
  public enum NormPosition {
    BEFORE_BASIS,
    AFTER_REDUCTION,
    NOWHERE
  }

  /**
   * @param basis the functions
   * @param centres number of bumps of the radial basis, 1 to 10,000
   * @param gridSize intervals of the B-splines, 1 to 10,000
   * @param order degree of the B-splines, 1 to 8
   * @param low lower end of the grid
   * @param high upper end
   * @param reduction to one number an input
   * @param norm place of the layer norm
   * @param activation s
   */
  @Kind("reduced-basis")
  public record Spec(
      Basis basis,
      int centres,
      int gridSize,
      int order,
      double low,
      double high,
      Reduction reduction,
      NormPosition norm,
      Activation activation)
      implements KanLayer.Spec {
    public Spec {
      Check.between("centres", centres, 1, BSpline.MAX_GRID);
      Check.between("gridSize", gridSize, 1, BSpline.MAX_GRID);
      Check.between("order", order, 1, BSpline.MAX_ORDER);
      Range.check(low, high);
    }

    public static Spec example() {
      return new Spec(
          Basis.RADIAL,
          8,
          5,
          3,
          -1.5,
          1.5,
          Reduction.ATTENTION,
          NormPosition.AFTER_REDUCTION,
          Activation.SILU);
    }

    private int functions() {
      return basis == Basis.RADIAL ? centres : gridSize + order;
    }

    @Override
    public ReducedBasis build(int in, int out, Context context) {
      if (reduction == Reduction.CONV1D_POOLED && in % functions() != 0) {
        throw new IllegalArgumentException(
            "%d inputs of a reduced-basis layer with conv1d-pooled: its %d functions have to divide them"
                .formatted(in, functions()));
      }
      return new ReducedBasis(this, in, out, context);
    }

    @Override
    public long macs(int in, int out) {
      long n = functions();
      return (long) in * out
          + switch (reduction) {
            case BASE -> 0;
            case CONV1D_POOLED -> in * n * (n + 2);
            case ATTENTION, CONV1D, CONV2D, WEIGHTS, SUM -> 3 * in * n;
          };
    }
  }

  private static final double NORM_EPSILON = 1e-5;

  private final Spec spec;
  private final Tensor grid; // [centres] or [in, knots]
  private final Tensor weight; // [out, in]
  private final Tensor bias; // [1, out], after pooling [out]
  private final @Nullable LayerNorm norm;
  private final @Nullable Tensor mixWeight; // of n numbers, n functions; [n, n, 1] before pooling
  private final @Nullable Tensor mixBias; // [1] or [n]

  private ReducedBasis(Spec spec, int in, int out, Context context) {
    this.spec = spec;
    int n = spec.functions();
    double[] knots = BSplines.knots(spec.low, spec.high, spec.gridSize, spec.order);
    grid =
        switch (spec.basis) {
          case RADIAL -> context.buffer(Range.points(spec.low, spec.high, n), n);
          case B_SPLINE -> context.buffer(knots, in, knots.length);
        };
    weight = context.parameter(out, in);
    boolean pooled = spec.reduction == Reduction.CONV1D_POOLED;
    bias = pooled ? context.parameter(out) : context.parameter(1, out);
    norm = spec.norm == NormPosition.NOWHERE ? null : new LayerNorm(in, NORM_EPSILON, context);
    mixWeight =
        switch (spec.reduction) {
          case ATTENTION -> context.parameter(1, n);
          case CONV1D -> context.parameter(1, n, 1);
          case CONV2D -> context.parameter(1, 1, 1, n);
          case WEIGHTS -> context.parameter(n, 1);
          case CONV1D_POOLED -> context.parameter(n, n, 1);
          case SUM, BASE -> null;
        };
    boolean biased = mixWeight != null && spec.reduction != Reduction.WEIGHTS;
    mixBias = biased ? context.parameter(pooled ? n : 1) : null;
    Init.uniform(weight, 1 / Math.sqrt(in), context.random());
    Init.uniform(bias, 1 / Math.sqrt(pooled ? in : out), context.random());
    if (mixWeight != null) {
      Init.uniform(mixWeight, 1 / Math.sqrt(n), context.random());
    }
    if (mixBias != null) {
      Init.uniform(mixBias, 1 / Math.sqrt(n), context.random());
    }
  }

  @Override
  public Tensor forward(Tensor x, Pass pass) {
    if (spec.reduction == Reduction.BASE) {
      return spec.activation.apply(weighed(normalised(x)));
    }
    Tensor u = spec.norm == NormPosition.BEFORE_BASIS ? normalised(x) : x;
    Tensor reduced = reduce(basis(u)); // [..., in]
    Tensor v = spec.norm == NormPosition.AFTER_REDUCTION ? normalised(reduced) : reduced;
    return weighed(spec.reduction == Reduction.CONV1D_POOLED ? v : spec.activation.apply(v));
  }

  /** W v + b. */
  private Tensor weighed(Tensor v) {
    return torch.linear(v, weight, new TensorOptional(bias.view(-1)));
  }

  private Tensor normalised(Tensor x) {
    return norm == null ? x : norm.forward(x);
  }

  private Tensor basis(Tensor x) {
    return switch (spec.basis) {
      case RADIAL -> {
        double width = RadialBasis.spacing(spec.low, spec.high, spec.centres);
        yield RadialBasis.bumps(x, grid, width, Bump.GAUSSIAN);
      }
      case B_SPLINE -> BSplines.basis(x, grid, spec.order);
    };
  }

  private Tensor reduce(Tensor basis) {
    if (mixWeight == null) {
      return basis.sum(-1);
    }
    TensorOptional offset = mixBias == null ? new TensorOptional() : new TensorOptional(mixBias);
    if (spec.reduction == Reduction.CONV1D_POOLED) {
      return pooled(torch.linear(basis, mixWeight.squeeze(-1), offset));
    }
    Tensor mixed = torch.linear(basis, mixWeight.view(1, -1), offset); // [..., in, 1]
    return spec.reduction == Reduction.ATTENTION
        ? BumpReductions.weighed(basis, mixed, -2)
        : mixed.squeeze(-1);
  }

  /**
   * The largest of n neighbouring inputs for each of n mixtures: {@code [..., in, n]} to {@code
   * [..., in]}, mixture by mixture.
   */
  private static Tensor pooled(Tensor mixtures) {
    long in = mixtures.size(-2);
    long n = mixtures.size(-1);
    long[] shape = mixtures.select(-1, 0).shape(); // [..., in]
    Tensor rows = mixtures.reshape(-1, in, n).transpose(1, 2); // [rows, n, in]
    return torch.max_pool1d(rows, n).reshape(shape); // from [rows, n, in / n]
  }

  @Override
  public void register(Registry registry) {
    boolean pooled = spec.reduction == Reduction.CONV1D_POOLED;
    registry.tensor(pooled ? "linear.weight" : "base_weight", weight);
    registry.tensor(pooled ? "linear.bias" : "base_weight_bias", bias);
    if (spec.reduction != Reduction.BASE) {
      registry.tensor(spec.basis == Basis.RADIAL ? "rbf_grid" : "bs_grid", grid);
    }
    if (norm != null) {
      registry.part("norm", norm);
    }
    if (mixWeight != null) {
      boolean bare = spec.reduction == Reduction.WEIGHTS;
      registry.tensor(spec.reduction.name + (bare ? "" : ".weight"), mixWeight);
    }
    if (mixBias != null) {
      registry.tensor(spec.reduction.name + ".bias", mixBias);
    }
  }
}
