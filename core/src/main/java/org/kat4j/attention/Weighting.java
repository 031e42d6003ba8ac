package org.kat4j.attention;

import org.bytedeco.pytorch.Tensor;
import org.kat4j.torch.Context;
import org.kat4j.torch.Part;
import org.kat4j.torch.Pass;

/**
 * How the values of all tokens become that of one: the middle of attention.
 *
 * <p>To add one: a record here in this package and its name in the {@code permits} clause; it
 * refuses in {@code build} what it cannot do with {@code context.layout()}. One that needs nothing
 * but the matrix of scores is a {@link ScoreWeighting}.
 */
public interface Weighting extends Part {
  /**
   * Taps: {@code weights [batch, heads, queries, keys]} where there are such.
   *
   * @param q {@code [batch, heads, queries, head width]}
   * @param k {@code [batch, key-value heads, keys, head width]}; as many queries' heads share a
   *     head of keys as there are times fewer of these, neighbours first
   * @param v the same shape as k
   * @param scores how q and k become scores, which keys a query sees; a weighting that forms no
   *     scores of all pairs takes from it what it can
   * @return {@code [batch, heads, queries, head width]}
   */
  Tensor mix(Tensor q, Tensor k, Tensor v, Scores scores, Pass pass);

  /** A weighting as data. */
  sealed interface Spec
      permits Softmax.Spec,
          NormedSoftmax.Spec,
          Sinkhorn.Spec,
          QrSquares.Spec,
          Rotations.Spec,
          Circuit.Spec,
          UniformWeights.Spec,
          FixedWeights.Spec,
          KolmogorovArnold.Spec,
          KernelFeatures.Spec {
    Weighting build(Heads heads, Context context);

    /** Whether it can do with a step of scores; one that never forms them says no. */
    default boolean takes(ScoreStep.Spec step) {
      return true;
    }

    /** Multiply-accumulates of one forward over {@code tokens} tokens. */
    default long macs(int tokens, Heads heads) {
      return 2L * tokens * tokens * heads.count() * heads.width();
    }
  }
}
