package org.kat4j.attention;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.config.Kind;
import org.kat4j.torch.Context;
import org.kat4j.torch.Registry;

/**
 * softmax(M / min(tau, s)) with M = q k^T, tau = sqrt(head width) and s how far the scores of a
 * head spread: their standard deviation or their variance. It never sharpens less than softmax.
 *
 * <p>Source: the baselines of QDSFormer, arXiv 2504.16275.
 */
public final class NormedSoftmax implements ScoreWeighting.Weights {
  /** What M is divided by. */
  public enum Spread {
    DEVIATION,
    VARIANCE
  }

  /**
   * @param by what M is divided by, if it is less than tau
   */
  @Kind("normed-softmax")
  public record Spec(Spread by) implements Weighting.Spec {
    public static Spec example() {
      return new Spec(Spread.DEVIATION);
    }

    @Override
    public Weighting build(Heads heads, Context context) {
      ScoreWeighting.refuseCausal("weighting normed-softmax", context);
      return ScoreWeighting.of(new NormedSoftmax(by, heads.width()), heads);
    }
  }

  /** Equal scores have no spread; their softmax is uniform whatever they are divided by. */
  private static final double LEAST = 1e-12;

  private final Spread by;
  private final double tau;

  private NormedSoftmax(Spread by, int headWidth) {
    this.by = by;
    tau = Math.sqrt(headWidth);
  }

  @Override
  public Tensor of(Tensor scores) {
    Tensor m = scores.mul(new Scalar(tau));
    boolean unbiased = false;
    boolean keep = true;
    Tensor variance = m.var(new long[] {-2, -1}, unbiased, keep).add(new Scalar(LEAST));
    Tensor spread = by == Spread.VARIANCE ? variance : variance.sqrt();
    return m.div(spread.clamp_max(new Scalar(tau))).softmax(-1);
  }

  @Override
  public void register(Registry registry) {}
}
