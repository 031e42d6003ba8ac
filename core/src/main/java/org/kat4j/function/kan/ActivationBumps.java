package org.kat4j.function.kan;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;
import org.kat4j.config.Check;
import org.kat4j.config.Kind;
import org.kat4j.function.Activation;
import org.kat4j.function.LayerNorm;
import org.kat4j.torch.BatchNorm;
import org.kat4j.torch.Context;
import org.kat4j.torch.Init;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Registry;

/**
 * AF-KAN: a bank of bumps made of two shifted activations, shared by all inputs, reduced to one
 * number for each input, then one weight matrix.
 *
 * <p>a = s(x - low), b = s(high - x), E = combination(a, b); y = W s(norm(reduce(E))). The
 * functions of the edges are not independent: 2 (g + k) numbers shape all of them. Several
 * reductions share everything but their own tensors, and their outputs become one. Source: AF-KAN,
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
    MULTISTEP,
    /** A linear combination of what attention between the pairs of neighbouring bumps gives. */
    LOCAL_ATTN,
    /** The sum of what attention between the inputs gives, one head a bump. */
    MULTIHEAD_ATTN;

    /** Whether its scores are divided by the temperature. */
    boolean tempered() {
      return this != MULTISTEP && this != MULTIHEAD_ATTN;
    }
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
   * @param furtherReductions used beside the first, each once
   * @param together how the outputs of several reductions become one
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
      double normEpsilon,
      List<Reduction> furtherReductions,
      Together together)
      implements KanLayer.Spec {
    public Spec {
      Check.between("gridSize", gridSize, 1, BSpline.MAX_GRID);
      Check.between("order", order, 0, BSpline.MAX_ORDER);
      Check.positive("normEpsilon", normEpsilon);
      furtherReductions = List.copyOf(furtherReductions);
      List<Reduction> all = all(reduction, furtherReductions);
      if (all.stream().distinct().count() < all.size()) {
        throw new IllegalArgumentException(
            "furtherReductions = " + furtherReductions + ": each may stand once");
      }
      if (all.contains(Reduction.LOCAL_ATTN) && gridSize + order < BumpReductions.WINDOW) {
        throw new IllegalArgumentException(
            "gridSize + order = 1: local-attn needs " + BumpReductions.WINDOW + " bumps or more");
      }
    }

    /** Of one reduction. */
    public Spec(
        int gridSize,
        int order,
        Activation activation,
        Combination combination,
        boolean normaliseBumps,
        Reduction reduction,
        Norm norm,
        double normEpsilon) {
      this(
          gridSize,
          order,
          activation,
          combination,
          normaliseBumps,
          reduction,
          norm,
          normEpsilon,
          List.of(),
          Together.SUM);
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

    /** The same layer with other reductions, the first of which stands for itself. */
    public Spec withReductions(List<Reduction> reductions, Together other) {
      return new Spec(
          gridSize,
          order,
          activation,
          combination,
          normaliseBumps,
          reductions.getFirst(),
          norm,
          normEpsilon,
          reductions.subList(1, reductions.size()),
          other);
    }

    /** All of them, in order. */
    public List<Reduction> reductions() {
      return all(reduction, furtherReductions);
    }

    private static List<Reduction> all(Reduction first, List<Reduction> further) {
      List<Reduction> all = new ArrayList<>(List.of(first));
      all.addAll(further);
      return all;
    }

    @Override
    public long macs(int in, int out) {
      int bumps = gridSize + order;
      long sum = 3L * in * bumps;
      for (Reduction each : reductions()) {
        sum += (long) in * out + BumpReductions.macs(each, in, bumps);
      }
      return sum;
    }
  }

  private final Spec spec;
  private final Tensor low; // [g + k]
  private final Tensor high; // [g + k]
  private final Tensor temperature; // scalar
  private final Tensor weight; // [out, in]
  private final @Nullable LayerNorm layerNorm;
  private final @Nullable BatchNorm batchNorm;
  private final BumpReductions reductions;

  private ActivationBumps(Spec spec, int in, int out, Context context) {
    this.spec = spec;
    int bumps = spec.gridSize + spec.order;
    low = context.parameter(ReluBumps.starts(spec.gridSize, spec.order), bumps);
    high = context.parameter(ReluBumps.ends(spec.gridSize, spec.order), bumps);
    temperature = context.parameter(new double[] {Math.sqrt(in)});
    weight = context.parameter(out, in);
    layerNorm = spec.norm == Norm.LAYER ? new LayerNorm(in, spec.normEpsilon, context) : null;
    batchNorm = spec.norm == Norm.BATCH ? new BatchNorm(in, context) : null;
    Init.uniform(weight, 1 / Math.sqrt(in), context.random());
    reductions = new BumpReductions(spec.reductions(), bumps, temperature, context);
  }

  @Override
  public Tensor forward(Tensor x, Pass pass) {
    Tensor bumps = scaled(bumps(x)); // [..., in, g + k]
    return spec.together.of(
        spec.reductions().stream().map(each -> reduced(bumps, each, pass)).toList());
  }

  /** What one of the reductions gives alone; it must be one of the layer's. */
  public Tensor forward(Tensor x, Reduction reduction, Pass pass) {
    return reduced(scaled(bumps(x)), reduction, pass);
  }

  private Tensor reduced(Tensor bumps, Reduction reduction, Pass pass) {
    Tensor reduced = reductions.of(reduction, bumps); // [..., in]
    return torch.linear(spec.activation.apply(normalised(reduced, pass)), weight);
  }

  /** E, {@code [..., in]} to {@code [..., in, g + k]}. */
  Tensor bumps(Tensor x) {
    Tensor v = x.unsqueeze(-1);
    Activation s = spec.activation;
    return spec.combination.of(s.apply(v.sub(low)), s.apply(high.sub(v)));
  }

  private Tensor scaled(Tensor bumps) {
    if (!spec.normaliseBumps) {
      return bumps;
    }
    Tensor least = bumps.min();
    return bumps.sub(least).div(bumps.max().sub(least));
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
    if (spec.reductions().stream().anyMatch(Reduction::tempered)) {
      registry.tensor("temperature", temperature);
    }
    registry.tensor("base_weight", weight);
    if (layerNorm != null) {
      registry.part("norm", layerNorm);
    }
    if (batchNorm != null) {
      registry.part("norm", batchNorm);
    }
    reductions.register(registry);
  }
}
