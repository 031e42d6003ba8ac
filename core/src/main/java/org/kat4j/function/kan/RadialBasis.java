package org.kat4j.function.kan;

import java.util.List;
import java.util.Optional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;
import org.kat4j.config.Check;
import org.kat4j.config.Kind;
import org.kat4j.function.Activation;
import org.kat4j.function.LayerNorm;
import org.kat4j.kernel.BasisKernel;
import org.kat4j.kernel.Bump;
import org.kat4j.kernel.Kernels;
import org.kat4j.torch.Context;
import org.kat4j.torch.Init;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Registry;

/**
 * KAN layers of bumps around fixed centres, after a layer norm: FastKAN (Gaussians) and FasterKAN
 * (reflectional switches).
 *
 * <p>y = W B(norm(x)) + W_b base(x) + b, B_j(u) = bump((u - c_j) / width). Sources and names:
 * ZiyaoLi/fast-kan; the FasterKAN of Omid-Nejati/MedViTV2 and of hoangthangta/All-KAN, which call
 * the norm differently.
 */
public final class RadialBasis implements BasisLayer {
  /** What the norm is called in the state dict. */
  public enum Naming {
    LAYERNORM,
    NORM
  }

  /**
   * @param centres number of bumps, 1 to 10,000
   * @param low first centre
   * @param high last centre
   * @param bump their form
   * @param width of a bump; 0 for the distance of the centres
   * @param baseBranch whether there is a base branch, with bias
   * @param base its function
   * @param naming of the norm
   * @param layerNorm whether there is a norm; without it, inputs have to be near the centres
   */
  @Kind("radial-basis")
  public record Spec(
      int centres,
      double low,
      double high,
      Bump bump,
      double width,
      boolean baseBranch,
      Activation base,
      Naming naming,
      boolean layerNorm)
      implements KanLayer.Spec, BasisLayer.Spec {
    public Spec {
      Check.between("centres", centres, 1, BSpline.MAX_GRID);
      Range.check(low, high);
      Check.inRange("width", width, 0, Double.POSITIVE_INFINITY);
    }

    /** FastKAN. */
    public static Spec example() {
      return new Spec(8, -2, 2, Bump.GAUSSIAN, 0, true, Activation.SILU, Naming.LAYERNORM, true);
    }

    /** Gaussians of the inputs as they are. */
    public static Spec withoutNorm() {
      return new Spec(8, -2, 2, Bump.GAUSSIAN, 0, true, Activation.SILU, Naming.LAYERNORM, false);
    }

    /** FasterKAN as MedViT V2 has it. */
    public static Spec fasterKan() {
      return new Spec(8, -2, 2, Bump.SWITCH, 0.33, false, Activation.SILU, Naming.LAYERNORM, true);
    }

    @Override
    public RadialBasis build(int in, int out, Context context) {
      return overWindow(in, 1, out, context);
    }

    @Override
    public RadialBasis overWindow(int in, int taps, int out, Context context) {
      if (in == 1 && layerNorm) {
        throw new IllegalArgumentException(
            "a radial-basis layer of 1 input: its layer norm would make every input 0; layerNorm = false leaves it out");
      }
      return new RadialBasis(this, in, taps, out, context);
    }

    @Override
    public long macs(int in, int out) {
      return (long) in * out * (centres + (baseBranch ? 1 : 0)) + (long) in * centres;
    }
  }

  private static final double NORM_EPSILON = 1e-5;
  private static final double GAUSSIAN_DEVIATION = 0.1;

  private final Spec spec;
  private final boolean fused;
  private final double width;
  private final @Nullable LayerNorm norm;
  private final Tensor centres; // [centres]
  private final Tensor weight; // [out, in * taps * centres]
  private final @Nullable Tensor baseWeight; // [out, in * taps]
  private final @Nullable Tensor baseBias; // [out]

  private RadialBasis(Spec spec, int in, int taps, int out, Context context) {
    this.spec = spec;
    fused = context.fused();
    width = spec.width > 0 ? spec.width : spacing(spec.low, spec.high, spec.centres);
    norm = spec.layerNorm ? new LayerNorm(in, NORM_EPSILON, context) : null;
    centres = context.buffer(Range.points(spec.low, spec.high, spec.centres), spec.centres);
    int edges = in * taps; // of an output
    weight = context.parameter(out, (long) edges * spec.centres);
    switch (spec.bump) {
      case GAUSSIAN -> Init.truncatedNormal(weight, GAUSSIAN_DEVIATION, context.random());
      case SWITCH -> Init.xavierUniform(weight, context.random());
    }
    baseWeight = spec.baseBranch ? context.parameter(out, edges) : null;
    baseBias = spec.baseBranch ? context.parameter(out) : null;
    if (baseWeight != null && baseBias != null) {
      Init.uniform(baseWeight, 1 / Math.sqrt(edges), context.random());
      Init.uniform(baseBias, 1 / Math.sqrt(edges), context.random());
    }
  }

  /** Distance of neighbouring centres. */
  static double spacing(double low, double high, int centres) {
    return (high - low) / Math.max(1, centres - 1);
  }

  /** {@code [..., in]} to {@code [..., in, centres]}. */
  public static Tensor bumps(Tensor x, Tensor centres, double width, Bump bump) {
    return bump.of(x.unsqueeze(-1).sub(centres).mul(new Scalar(1 / width)));
  }

  @Override
  public Tensor forward(Tensor x, Pass pass) {
    Tensor u = normalised(x);
    Optional<BasisKernel> kernel = kernel(u);
    if (kernel.isEmpty()) {
      return BasisLayer.sum(terms(x, bumps(u, centres, width, spec.bump)), baseBias);
    }
    Tensor y = fused(kernel.get()).forward(u);
    return baseWeight == null || baseBias == null
        ? y
        : y.add(torch.linear(spec.base.apply(x), baseWeight, new TensorOptional(baseBias)));
  }

  @Override
  public List<Term> terms(Tensor x) {
    Tensor u = normalised(x);
    return terms(
        x,
        kernel(u)
            .map(found -> FusedBasis.values(found, u))
            .orElseGet(() -> bumps(u, centres, width, spec.bump)));
  }

  private List<Term> terms(Tensor x, Tensor bumps) {
    Term first =
        new Term(bumps, weight.view(weight.size(0), -1, spec.centres)); // [out, in * taps, centres]
    return baseWeight == null
        ? List.of(first)
        : List.of(first, new Term(spec.base.apply(x).unsqueeze(-1), baseWeight.unsqueeze(-1)));
  }

  private Optional<BasisKernel> kernel(Tensor u) {
    return fused ? Kernels.bumps(u, centres, width, spec.bump) : Optional.empty();
  }

  @Override
  public @Nullable Tensor bias() {
    return baseBias;
  }

  private Tensor normalised(Tensor x) {
    return norm == null ? x : norm.forward(x);
  }

  FusedBasis fused(BasisKernel kernel) {
    return new FusedBasis(
        kernel, () -> weight, List.of(weight), ofWeight -> List.of(ofWeight.view(weight.sizes())));
  }

  @Override
  public void register(Registry registry) {
    if (norm != null) {
      registry.part(spec.naming == Naming.NORM ? "norm" : "layernorm", norm);
    }
    registry.tensor("rbf.grid", centres);
    registry.tensor("spline_linear.weight", weight);
    if (baseWeight != null && baseBias != null) {
      registry.tensor("base_linear.weight", baseWeight);
      registry.tensor("base_linear.bias", baseBias);
    }
  }
}
