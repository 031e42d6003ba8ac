package org.kat4j.attention;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.kat4j.config.Check;
import org.kat4j.config.Kind;
import org.kat4j.torch.Context;
import org.kat4j.torch.Registry;

/**
 * Weights whose rows and columns sum to 1, by Sinkhorn's iterations in the logarithmic domain: P =
 * T exp(S + u + v), where u makes the rows of exp(S + u + v) sum to 1 / T and v the columns, in
 * turn.
 *
 * <p>One half step is the softmax; after an odd number of them the rows are exact. Source:
 * Sinkformers, arXiv 2110.11773, whose code lets no gradient through v.
 */
public final class Sinkhorn implements ScoreWeighting.Weights {
  /**
   * @param halfSteps steps of u or v, from u on; 1 is the softmax
   * @param epsilon what scores are divided by
   * @param detachV whether v counts as a constant in the gradient
   */
  @Kind("sinkhorn")
  public record Spec(int halfSteps, double epsilon, boolean detachV) implements Weighting.Spec {
    public Spec {
      Check.between("halfSteps", halfSteps, 1, 10_000);
      Check.positive("epsilon", epsilon);
    }

    public static Spec example() {
      return new Spec(21, 1, false);
    }

    @Override
    public Weighting build(Heads heads, Context context) {
      ScoreWeighting.refuseCausal("weighting sinkhorn", context);
      return ScoreWeighting.of(new Sinkhorn(this), heads);
    }

    @Override
    public long macs(int tokens, Heads heads) {
      long ofSteps = (long) halfSteps * tokens * tokens * heads.count();
      return Weighting.Spec.super.macs(tokens, heads) + ofSteps;
    }
  }

  /** Instead of minus infinity, whose differences are no numbers. */
  private static final double UNSEEN = -1e9;

  /** The v of a column that nobody sees would be above. */
  private static final double OF_UNSEEN = 9e8;

  private final Spec spec;

  public Sinkhorn(Spec spec) {
    this.spec = spec;
  }

  /**
   * What is added to the scores.
   *
   * @param u of rows, {@code [..., queries]}
   * @param v of columns, {@code [..., keys]}
   * @param plan exp((S + u + v) / epsilon), {@code [..., queries, keys]}, which sums to 1
   */
  public record Potentials(Tensor u, Tensor v, Tensor plan) {}

  @Override
  public Tensor of(Tensor scores) {
    return potentials(scores).plan.mul(new Scalar(scores.size(-1)));
  }

  /** The potentials of scores {@code [..., queries, keys]}. */
  public Potentials potentials(Tensor scores) {
    Tensor s = scores.clamp_min(new Scalar(UNSEEN)).div(new Scalar(spec.epsilon));
    double ofRows = -Math.log(scores.size(-2));
    double ofColumns = -Math.log(scores.size(-1));
    Tensor u = torch.zeros_like(s.select(-1, 0)); // over epsilon, as v
    Tensor v = torch.zeros_like(s.select(-2, 0));
    for (int i = 0; i < spec.halfSteps; i++) {
      if (i % 2 == 0) {
        // u + log mu - logsumexp(S + u + v) does not depend on the u before.
        u = s.add(v.unsqueeze(-2)).logsumexp(-1).neg().add(new Scalar(ofRows));
      } else {
        v = s.add(u.unsqueeze(-1)).logsumexp(-2).neg().add(new Scalar(ofColumns));
        v = v.masked_fill(v.gt(new Scalar(OF_UNSEEN)), new Scalar(0));
        v = spec.detachV ? v.detach() : v;
      }
    }
    Tensor plan = s.add(u.unsqueeze(-1)).add(v.unsqueeze(-2)).exp();
    Scalar epsilon = new Scalar(spec.epsilon);
    return new Potentials(u.mul(epsilon), v.mul(epsilon), plan);
  }

  @Override
  public void register(Registry registry) {}
}
