package org.kat4j.function.kan;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;
import org.kat4j.config.Check;
import org.kat4j.config.Kind;
import org.kat4j.function.Activation;
import org.kat4j.torch.BatchNorm;
import org.kat4j.torch.Context;
import org.kat4j.torch.Init;
import org.kat4j.torch.LayerNorm;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Registry;

/**
 * AF-KAN: a bank of bumps made of two shifted activations, shared by all inputs, reduced to one
 * number for each input, then one weight matrix.
 *
 * <p>a = s(x - low), b = s(high - x), E = combination(a, b); y = W s(norm(reduce(E))). The
 * functions of the edges are not independent: 2 (g + k) numbers shape all of them. Source: AF-KAN,
 * arXiv 2503.06112; names of hoangthangta/All-KAN, without its tensors that take no part.
 */
public final class ActivationBumps implements KanLayer {
  /** How a and b become one bump. */
  public enum Combination {
    /** (ab)^2. */
    QUAD1,
    /** ab + a^2 + b^2. */
    QUAD2,
    /** a + b. */
    SUM,
    /** ab. */
    PROD,
    /** a + b + ab. */
    SUM_PROD,
    /** (a + b)(a^2 + b^2). */
    CUBIC1,
    /** (ab)^3. */
    CUBIC2;

    Tensor of(Tensor a, Tensor b) {
      return switch (this) {
        case QUAD1 -> a.mul(b).square();
        case QUAD2 -> a.mul(b).add(a.square()).add(b.square());
        case SUM -> a.add(b);
        case PROD -> a.mul(b);
        case SUM_PROD -> a.add(b).add(a.mul(b));
        case CUBIC1 -> a.add(b).mul(a.square().add(b.square()));
        case CUBIC2 -> a.mul(b).pow(new Scalar(3));
      };
    }
  }

  /** How the bumps of an input become one number. */
  public enum Reduction {
    /** Their sum, weighed by a softmax over the inputs. */
    GLOBAL_ATTN,
    /** Their sum, weighed by a softmax over the bumps of what neighbouring inputs have. */
    SPATIAL_ATTN,
    /** A linear combination. */
    MULTISTEP
  }

  /** What the reduced numbers go through. */
  public enum Norm {
    LAYER,
    BATCH,
    NONE
  }

  /**
   * @param gridSize g, 1 to 10,000
   * @param order k, 0 to 8: there are g + k bumps, each k + 1 intervals wide
   * @param activation s
   * @param combination of the two activations
   * @param normaliseBumps whether the bumps of the whole batch are brought to [0, 1]: samples then
   *     see each other, in evaluation too
   * @param reduction to one number an input
   * @param norm of these numbers
   * @param normEpsilon added to the variance in a layer norm: attention over many inputs makes
   *     variances below 1e-5
   */
  @Kind("activation-bumps")
  public record Spec(
      int gridSize,
      int order,
      Activation activation,
      Combination combination,
      boolean normaliseBumps,
      Reduction reduction,
      Norm norm,
      double normEpsilon)
      implements KanLayer.Spec {
    public Spec {
      Check.between("gridSize", gridSize, 1, BSpline.MAX_GRID);
      Check.between("order", order, 0, BSpline.MAX_ORDER);
      Check.positive("normEpsilon", normEpsilon);
    }

    /** As the published commands run it. */
    public static Spec example() {
      return new Spec(
          3, 3, Activation.SILU, Combination.QUAD1, false, Reduction.GLOBAL_ATTN, Norm.LAYER, 1e-5);
    }

    @Override
    public ActivationBumps build(int in, int out, Context context) {
      return new ActivationBumps(this, in, out, context);
    }

    @Override
    public long macs(int in, int out) {
      return (long) in * out + 4L * in * (gridSize + order);
    }
  }

  private final Spec spec;
  private final Tensor low; // [g + k]
  private final Tensor high; // [g + k]
  private final Tensor temperature; // scalar
  private final Tensor weight; // [out, in]
  private final @Nullable LayerNorm layerNorm;
  private final @Nullable BatchNorm batchNorm;
  private final Tensor mixWeight; // [1, g + k], or [g + k, 1, 3] over neighbouring inputs
  private final Tensor mixBias; // [1] or [g + k]

  private ActivationBumps(Spec spec, int in, int out, Context context) {
    this.spec = spec;
    int bumps = spec.gridSize + spec.order;
    low = context.parameter(ReluBumps.starts(spec.gridSize, spec.order), bumps);
    high = context.parameter(ReluBumps.ends(spec.gridSize, spec.order), bumps);
    temperature = context.parameter(new double[] {Math.sqrt(in)});
    weight = context.parameter(out, in);
    layerNorm = spec.norm == Norm.LAYER ? new LayerNorm(in, spec.normEpsilon, context) : null;
    batchNorm = spec.norm == Norm.BATCH ? new BatchNorm(in, context) : null;
    boolean spatial = spec.reduction == Reduction.SPATIAL_ATTN;
    mixWeight = spatial ? context.parameter(bumps, 1, 3) : context.parameter(1, bumps);
    mixBias = context.parameter(spatial ? bumps : 1);
    Init.uniform(weight, 1 / Math.sqrt(in), context.random());
    double bound = 1 / Math.sqrt(spatial ? 3 : bumps);
    Init.uniform(mixWeight, bound, context.random());
    Init.uniform(mixBias, bound, context.random());
  }

  @Override
  public Tensor forward(Tensor x, Pass pass) {
    Tensor bumps = bumps(x); // [..., in, g + k]
    if (spec.normaliseBumps) {
      Tensor least = bumps.min();
      bumps = bumps.sub(least).div(bumps.max().sub(least));
    }
    Tensor reduced = reduce(bumps); // [..., in]
    return torch.linear(spec.activation.apply(normalised(reduced, pass)), weight);
  }

  /** E, {@code [..., in]} to {@code [..., in, g + k]}. */
  Tensor bumps(Tensor x) {
    Tensor v = x.unsqueeze(-1);
    Activation s = spec.activation;
    return spec.combination.of(s.apply(v.sub(low)), s.apply(high.sub(v)));
  }

  private Tensor reduce(Tensor bumps) {
    return switch (spec.reduction) {
      case MULTISTEP -> mixed(bumps).squeeze(-1);
      case GLOBAL_ATTN -> weighed(bumps, softened(mixed(bumps)), -2);
      case SPATIAL_ATTN -> weighed(bumps, softened(overNeighbours(bumps)), -1);
    };
  }

  private Tensor mixed(Tensor bumps) {
    return torch.linear(bumps, mixWeight, new TensorOptional(mixBias)); // [..., in, 1]
  }

  /** Every bump's values filtered along the inputs: {@code [..., in, g + k]} to the same shape. */
  private Tensor overNeighbours(Tensor bumps) {
    long n = bumps.size(-1);
    Tensor rows = bumps.reshape(-1, bumps.size(-2), n).transpose(1, 2); // [rows, g + k, in]
    long[] one = {1};
    return torch
        .conv1d(rows, mixWeight, new TensorOptional(mixBias), one, one, one, n)
        .transpose(1, 2)
        .reshape(bumps.shape());
  }

  /** Divided by the temperature, which acts from 1 on only. */
  private Tensor softened(Tensor scores) {
    return scores.div(temperature.clamp_min(new Scalar(1)));
  }

  /** The sum over the bumps with weights that are a softmax of scores along an axis. */
  static Tensor weighed(Tensor bumps, Tensor scores, int axis) {
    return bumps.mul(torch.softmax(scores, axis)).sum(-1);
  }

  private Tensor normalised(Tensor x, Pass pass) {
    if (layerNorm != null) {
      return layerNorm.forward(x);
    }
    return batchNorm == null ? x : batchNorm.forward(x, pass);
  }

  @Override
  public void register(Registry registry) {
    registry.tensor("phase_low", low);
    registry.tensor("phase_high", high);
    if (spec.reduction != Reduction.MULTISTEP) {
      registry.tensor("temperature", temperature);
    }
    registry.tensor("base_weight", weight);
    if (layerNorm != null) {
      registry.part("norm", layerNorm);
    }
    if (batchNorm != null) {
      registry.part("norm", batchNorm);
    }
    String mix = spec.reduction == Reduction.SPATIAL_ATTN ? "conv1d" : "gk_linear";
    registry.tensor(mix + ".weight", mixWeight);
    registry.tensor(mix + ".bias", mixBias);
  }
}
