package org.kat4j.token;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;
import org.kat4j.config.Check;
import org.kat4j.config.Kind;
import org.kat4j.function.kan.KanLayer;
import org.kat4j.function.kan.RadialBasis;
import org.kat4j.torch.Context;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Registry;

/**
 * Attention whose projections are KAN layers, maybe gated by a sigmoid of one more.
 *
 * <p>Source and names: {@code AttentionWithFastKANTransform} of ZiyaoLi/fast-kan.
 */
public final class KanAttention implements TokenMixer {
  /**
   * @param heads number of heads; divides the width
   * @param projection the layer of every projection
   * @param gating whether what the heads return is multiplied by a gate of the queries' inputs
   */
  @Kind("kan-attention")
  public record Spec(int heads, KanLayer.Spec projection, boolean gating)
      implements TokenMixer.Spec {
    public Spec {
      Check.atLeast("heads", heads, 1);
    }

    public static Spec example() {
      return new Spec(3, RadialBasis.Spec.example(), true);
    }

    @Override
    public KanAttention build(int width, Context context) {
      if (width % heads != 0) {
        throw new IllegalArgumentException(
            "heads = " + heads + " does not divide the width " + width);
      }
      if (context.layout().causal()) {
        throw new IllegalArgumentException(
            "kan-attention sees all tokens: a causal model takes attention");
      }
      return build(width, width, width, width / heads, context);
    }

    /** With widths of their own for queries, keys and values. */
    public KanAttention build(
        int queryWidth, int keyWidth, int valueWidth, int headWidth, Context context) {
      return new KanAttention(
          this, new int[] {queryWidth, keyWidth, valueWidth}, headWidth, context);
    }

    @Override
    public long macs(int tokens, int width) {
      long projections = (gating ? 5L : 4L) * tokens * projection.macs(width, width);
      return projections + 2L * tokens * tokens * width;
    }
  }

  private final int heads;
  private final int headWidth;
  private final KanLayer query;
  private final KanLayer key;
  private final KanLayer value;
  private final KanLayer out;
  private final @Nullable KanLayer gate;

  private KanAttention(Spec spec, int[] widths, int headWidth, Context context) {
    heads = spec.heads;
    this.headWidth = headWidth;
    int all = heads * headWidth;
    query = spec.projection.build(widths[0], all, context);
    key = spec.projection.build(widths[1], all, context);
    value = spec.projection.build(widths[2], all, context);
    out = spec.projection.build(all, widths[0], context);
    gate = spec.gating ? spec.projection.build(widths[0], all, context) : null;
  }

  @Override
  public Tensor forward(Tensor x, Pass pass) {
    return forward(x, x, x, pass);
  }

  /** Queries {@code [batch, queries, width]} from keys and values {@code [batch, keys, ...]}. */
  public Tensor forward(Tensor queries, Tensor keys, Tensor values, Pass pass) {
    Tensor q =
        split(
            query.forwardHeard(
                queries, pass.at("linear_q"))); // [batch, heads, queries, head width]
    Tensor k = split(key.forwardHeard(keys, pass.at("linear_k")));
    Tensor v = split(value.forwardHeard(values, pass.at("linear_v")));
    Tensor weights =
        torch.softmax(q.matmul(k.transpose(-2, -1)).mul(new Scalar(1 / Math.sqrt(headWidth))), -1);
    pass.tap().record("weights", weights);
    Tensor mixed = weights.matmul(v).transpose(1, 2).flatten(2, 3); // [batch, queries, heads * ...]
    if (gate != null) {
      mixed = mixed.mul(gate.forwardHeard(queries, pass.at("linear_g")).sigmoid());
    }
    return out.forwardHeard(mixed, pass.at("linear_o"));
  }

  private Tensor split(Tensor x) {
    return x.view(x.size(0), x.size(1), heads, headWidth).transpose(1, 2);
  }

  @Override
  public void register(Registry registry) {
    registry.part("linear_q", query);
    registry.part("linear_k", key);
    registry.part("linear_v", value);
    registry.part("linear_o", out);
    if (gate != null) {
      registry.part("linear_g", gate);
    }
  }
}
