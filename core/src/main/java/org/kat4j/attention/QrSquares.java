package org.kat4j.attention;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.kat4j.config.Check;
import org.kat4j.config.Kind;
import org.kat4j.torch.Context;
import org.kat4j.torch.Registry;

/**
 * The squares of the orthogonal matrix of scores: P = U o U from S + lambda I = U R, whose rows and
 * columns sum to 1. The order of the keys matters; the scale of a column does not.
 *
 * <p>Source: QRFormer in arXiv 2504.16275, which adds noise where we add lambda: with fewer
 * channels than tokens S has no full rank, and then the gradient has no bound.
 */
public final class QrSquares implements ScoreWeighting.Weights {
  /**
   * @param lambda added to the diagonal of the scores, 0 or more
   */
  @Kind("qr")
  public record Spec(double lambda) implements Weighting.Spec {
    public Spec {
      Check.inRange("lambda", lambda, 0, Double.POSITIVE_INFINITY);
    }

    public static Spec example() {
      return new Spec(0.01);
    }

    @Override
    public Weighting build(Heads heads, Context context) {
      ScoreWeighting.refuseCausal("weighting qr", context);
      int tokens = context.layout().tokens("weighting qr");
      if (heads.width() < tokens) {
        throw new IllegalArgumentException(
            "weighting qr needs a head width of at least the number of tokens, %d; here it is %d"
                .formatted(tokens, heads.width()));
      }
      return ScoreWeighting.of(new QrSquares(lambda), heads);
    }

    @Override
    public long macs(int tokens, Heads heads) {
      long cube = (long) tokens * tokens * tokens; // 4/3 for R, as much again for U
      return Weighting.Spec.super.macs(tokens, heads) + heads.count() * cube * 8 / 3;
    }
  }

  private final double lambda;

  public QrSquares(double lambda) {
    this.lambda = lambda;
  }

  @Override
  public Tensor of(Tensor scores) {
    TensorOptions like = scores.options();
    Tensor diagonal = torch.eye(scores.size(-1), like).mul(new Scalar(lambda));
    return torch.linalg_qr(scores.add(diagonal)).get0().square();
  }

  @Override
  public void register(Registry registry) {}
}
