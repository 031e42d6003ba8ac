package org.kat4j.attention;

import org.bytedeco.pytorch.Tensor;
import org.kat4j.torch.Context;
import org.kat4j.torch.DType;
import org.kat4j.torch.Device;
import org.kat4j.torch.Part;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Precision;
import org.kat4j.torch.Registry;

/**
 * Weights that follow from the matrix of scores: weights(q k^T / sqrt(head width)) v, for models
 * whose tokens see all others.
 *
 * <p>Scores and weights are never below float32: these functions of a whole matrix have no rounding
 * that stays in its own row.
 */
final class ScoreWeighting implements Weighting {
  /** What makes weights of scores. */
  interface Weights extends Part {
    /**
     * Both {@code [batch, heads, queries, keys]}.
     *
     * @param scores scaled; minus infinity where a key is not seen
     */
    Tensor of(Tensor scores);
  }

  private final Weights weights;
  private final double scale;

  private ScoreWeighting(Weights weights, int headWidth) {
    this.weights = weights;
    scale = 1 / Math.sqrt(headWidth);
  }

  /** A weighting of these weights, which the layout has allowed. */
  static ScoreWeighting of(Weights weights, Heads heads) {
    return new ScoreWeighting(weights, heads.width());
  }

  /**
   * Refuses a causal layout.
   *
   * @param who the weighting, for the message
   */
  static void refuseCausal(String who, Context context) {
    if (context.layout().causal()) {
      throw new IllegalArgumentException(
          who
              + " weighs all tokens together, so it is for models whose tokens see all others; here a token sees earlier ones only");
    }
  }

  /** The same number in float32 if it was rounded further. */
  static Tensor exact(Tensor x) {
    return DType.of(x) == DType.FLOAT64 ? x : x.to(DType.FLOAT32.scalarType());
  }

  @Override
  public Tensor mix(Tensor q, Tensor k, Tensor v, Scores scores, Pass pass) {
    try (var _ = Precision.FLOAT32.on(Device.of(q))) {
      Tensor all = weights.of(scores.of(exact(q), exact(k), scale));
      pass.tap().record("weights", all);
      return all.matmul(exact(Scores.forEachQuery(v, q))).to(q.scalar_type());
    }
  }

  @Override
  public void register(Registry registry) {
    weights.register(registry);
  }
}
