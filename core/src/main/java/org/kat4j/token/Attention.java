package org.kat4j.token;

import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;
import org.kat4j.config.Check;
import org.kat4j.config.Kind;
import org.kat4j.function.LayerNorm;
import org.kat4j.function.Linear;
import org.kat4j.torch.Context;
import org.kat4j.torch.Dropout;
import org.kat4j.torch.Host;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Registry;
import org.kat4j.torch.Tap;

/**
 * Multi-head softmax attention: softmax(q k^T / sqrt(head width)) v.
 *
 * <p>Taps: {@code weights [batch, heads, tokens, tokens]}. Source: arXiv 1706.03762; names of
 * timm's {@code Attention}.
 */
public final class Attention implements TokenMixer {
  /**
   * @param heads number of heads; divides the width
   * @param qkvBias whether queries, keys and values have a bias
   * @param qkNorm whether queries and keys are normalised per head
   * @param outBias whether the output projection has a bias
   * @param dropout rate after the output projection, in [0, 1)
   * @param causal whether a token attends to itself and those before it only
   */
  @Kind("attention")
  public record Spec(
      int heads, boolean qkvBias, boolean qkNorm, boolean outBias, double dropout, boolean causal)
      implements TokenMixer.Spec {
    public Spec {
      Check.atLeast("heads", heads, 1);
      Check.inRange("dropout", dropout, 0, 1);
    }

    public static Spec example() {
      return heads(3);
    }

    /** timm's defaults with this many heads. */
    public static Spec heads(int heads) {
      return new Spec(heads, true, false, true, 0, false);
    }

    /** The same for sequences that are predicted token by token. */
    public Spec asCausal() {
      return new Spec(heads, qkvBias, qkNorm, outBias, dropout, true);
    }

    @Override
    public Attention build(int width, Context context) {
      if (width % heads != 0) {
        throw new IllegalArgumentException(
            "heads = " + heads + " does not divide the width " + width);
      }
      return new Attention(this, width, context);
    }

    @Override
    public long macs(int tokens, int width) {
      long projections = 4L * tokens * width * width;
      long products = 2L * tokens * tokens * width;
      return projections + products;
    }
  }

  private static final double NORM_EPSILON = 1e-6;

  private final int heads;
  private final int headWidth;
  private final double dropout;
  private final boolean causal;
  private final boolean fused;
  private final Linear qkv;
  private final @Nullable LayerNorm qNorm;
  private final @Nullable LayerNorm kNorm;
  private final Linear proj;

  private Attention(Spec spec, int width, Context context) {
    heads = spec.heads;
    headWidth = width / heads;
    dropout = spec.dropout;
    causal = spec.causal;
    fused = context.fused();
    qkv = new Linear(width, 3 * width, spec.qkvBias, context);
    qNorm = spec.qkNorm ? new LayerNorm(headWidth, NORM_EPSILON, context) : null;
    kNorm = spec.qkNorm ? new LayerNorm(headWidth, NORM_EPSILON, context) : null;
    proj = new Linear(width, width, spec.outBias, context);
  }

  @Override
  public boolean lowersInput() {
    return true;
  }

  @Override
  public Tensor forward(Tensor x, Pass pass) {
    long batch = x.size(0);
    long tokens = x.size(1);
    long width = x.size(2);
    Tensor projected = qkv.forward(x).view(batch, tokens, 3, heads, headWidth);
    Tensor mixed = Host.withSmallProducts(projected, all -> mix(all, pass));
    return Dropout.elements(proj.forward(mixed.view(batch, tokens, width)), dropout, pass);
  }

  /**
   * {@code [batch, tokens, 3, heads, head width]} to {@code [batch, tokens, heads, head width]}.
   */
  private Tensor mix(Tensor projected, Pass pass) {
    // Taken apart along this axis the gradients are put together by one copy.
    TensorVector parts = projected.unbind(2);
    Tensor q = normed(qNorm, parts.get(0).transpose(1, 2)); // [batch, heads, tokens, head width]
    Tensor k = normed(kNorm, parts.get(1).transpose(1, 2));
    Tensor v = parts.get(2).transpose(1, 2);
    if (pass.tap() != Tap.NONE) {
      pass.tap().record("weights", weights(q, k));
    }
    return attended(q, k, v).transpose(1, 2).contiguous();
  }

  private Tensor attended(Tensor q, Tensor k, Tensor v) {
    if (!fused) { // libtorch's own has no second derivative
      return weights(q, k).matmul(v);
    }
    double noDropout = 0;
    boolean groupedHeads = false;
    return torch.scaled_dot_product_attention(
        q, k, v, new TensorOptional(), noDropout, causal, new DoubleOptional(), groupedHeads);
  }

  private static Tensor normed(@Nullable LayerNorm norm, Tensor x) {
    return norm == null ? x : norm.forward(x);
  }

  /** What the fused attention does not return: the softmax itself. */
  private Tensor weights(Tensor q, Tensor k) {
    Tensor scores = q.matmul(k.transpose(-2, -1)).mul(new Scalar(1 / Math.sqrt(headWidth)));
    return (causal ? withoutLater(scores) : scores).softmax(-1);
  }

  /** Scores {@code [..., queries, keys]}, those of later keys minus infinity. */
  private static Tensor withoutLater(Tensor scores) {
    Tensor never = torch.full_like(scores, new Scalar(Double.NEGATIVE_INFINITY));
    return scores.tril().add(never.triu(1));
  }

  public int heads() {
    return heads;
  }

  /** Rows: queries, keys, values; each head after head. {@code weight [3 width, width]}. */
  public Linear qkv() {
    return qkv;
  }

  public Linear proj() {
    return proj;
  }

  @Override
  public void register(Registry registry) {
    registry.part("qkv", qkv);
    if (qNorm != null && kNorm != null) {
      registry.part("q_norm", qNorm);
      registry.part("k_norm", kNorm);
    }
    registry.part("proj", proj);
  }
}
