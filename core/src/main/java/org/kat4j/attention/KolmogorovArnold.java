package org.kat4j.attention;

import java.util.Locale;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.kat4j.config.Check;
import org.kat4j.config.Kind;
import org.kat4j.function.Activation;
import org.kat4j.function.Simplex;
import org.kat4j.function.kan.Wavelet;
import org.kat4j.torch.Context;
import org.kat4j.torch.Device;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Precision;
import org.kat4j.torch.Registry;
import org.kat4j.torch.Tap;

/**
 * Kolmogorov-Arnold attention: learnable functions of each score instead of the softmax, added up
 * over the keys, Phi_p(A_k) = sum over q of phi_pq(A_kq), and weights W Phi(A_k) that may be
 * negative and need not sum to 1.
 *
 * <p>The values come first, Phi^T (W^T V): with rank r the weights of all pairs are never formed.
 * Scores and functions are never below float32. An operator belongs to one number of tokens and to
 * their order. Source: KArAt, arXiv 2503.10632; no code is published, so names and the scale of
 * initial values are ours.
 */
public final class KolmogorovArnold implements Weighting {
  /** What phi_pq is made of. */
  public enum Basis {
    /** Sum over m = 1 to grid of a_m cos(m t) + b_m sin(m t). */
    FOURIER(null, 0),
    /** P(t) / (1 + |b_1 t + … + b_4 t^4|), P of degree 5. */
    RATIONAL(null, 0),
    /** w 2 / (sqrt 3 pi^(1/4)) (1 - t^2) e^(-t^2 / 2). */
    MEXICAN_HAT(Wavelet.Mother.MEXICAN_HAT, -1),
    /** w cos(5 t) e^(-t^2 / 2). */
    MORLET(Wavelet.Mother.MORLET, 1),
    /** w t e^(-t^2 / 2). */
    DOG(Wavelet.Mother.DOG, -1),
    /** w sin(pi |t|) times a window. */
    MEYER(Wavelet.Mother.MEYER, 1),
    /** w sin(t) / t times a Hamming window over the keys. */
    SHANNON(Wavelet.Mother.SHANNON, 1);

    private final Wavelet.@Nullable Mother mother;
    private final int sign; // that of the paper over that of the mother

    Basis(Wavelet.@Nullable Mother mother, int sign) {
      this.mother = mother;
      this.sign = sign;
    }

    Wavelet.@Nullable Mother mother() {
      return mother;
    }

    int sign() {
      return sign;
    }

    /** Multiply-accumulates of a function of one score. */
    long macs(int grid) {
      return switch (this) {
        case FOURIER -> 2L * grid;
        case RATIONAL -> 9;
        default -> 1;
      };
    }
  }

  /** Which blocks have an operator of their own. */
  public enum Sharing {
    /** Each block. */
    BLOCK,
    /** None: that of the first one is everybody's. */
    UNIVERSAL
  }

  /**
   * @param basis what the functions are made of
   * @param grid frequencies of the Fourier basis
   * @param rank functions of a row, 1 or more; 0 for one a token and no W, up to 64 tokens
   * @param base added to every function
   * @param sharing which blocks have an operator of their own
   * @param simplex whether each row of weights is projected on the probability simplex
   * @param kanScales whether base and functions have a trained factor each, in every place
   */
  @Kind("kolmogorov-arnold")
  public record Spec(
      Basis basis,
      int grid,
      int rank,
      Activation base,
      Sharing sharing,
      boolean simplex,
      boolean kanScales)
      implements Weighting.Spec {
    private static final int MOST_OF_FULL_RANK = 64;

    public Spec {
      Check.between("grid", grid, 1, 64);
      Check.between("rank", rank, 0, 4096);
      switch (base) {
        case ZERO, IDENTITY, SILU, GELU -> {}
        default ->
            throw new IllegalArgumentException(
                "base = "
                    + base.name().toLowerCase(Locale.ROOT)
                    + ": zero, identity, silu or gelu");
      }
    }

    public static Spec example() {
      return new Spec(Basis.FOURIER, 3, 12, Activation.ZERO, Sharing.BLOCK, false, false);
    }

    @Override
    public Weighting build(Heads heads, Context context) {
      String who = "weighting kolmogorov-arnold";
      ScoreWeighting.refuseCausal(who, context);
      int tokens = context.layout().tokens(who);
      if (rank == 0 && tokens > MOST_OF_FULL_RANK) {
        throw new IllegalArgumentException(
            "%s: rank = 0, one function a token, is for up to %d tokens; here are %d"
                .formatted(who, MOST_OF_FULL_RANK, tokens));
      }
      return new KolmogorovArnold(this, heads, tokens, context);
    }

    /** Functions of a row of so many scores. */
    int functions(int tokens) {
      return rank == 0 ? tokens : rank;
    }

    @Override
    public long macs(int tokens, Heads heads) {
      long pairs = (long) tokens * tokens * heads.count();
      long ofRows = (long) tokens * functions(tokens) * heads.count() * heads.width();
      long ofValues = rank == 0 ? ofRows : 2 * ofRows;
      return pairs * heads.width() + basis.macs(grid) * pairs * functions(tokens) + ofValues;
    }
  }

  private final Spec spec;
  private final int tokens;
  private final double scale;
  private final RowFunctions functions;
  private final boolean owner;

  private KolmogorovArnold(Spec spec, Heads heads, int tokens, Context context) {
    this.spec = spec;
    this.tokens = tokens;
    scale = 1 / Math.sqrt(heads.width());
    var shared =
        spec.sharing == Sharing.UNIVERSAL
            ? context.shared(
                spec + " of " + heads.count() + " heads and " + tokens + " tokens",
                RowFunctions.class,
                () -> new RowFunctions(spec, heads.count(), tokens, context))
            : new Context.Shared<>(new RowFunctions(spec, heads.count(), tokens, context), true);
    functions = shared.part();
    owner = shared.first();
  }

  @Override
  public Tensor mix(Tensor q, Tensor k, Tensor v, Scores scores, Pass pass) {
    if (q.size(2) != tokens || k.size(2) != tokens) {
      throw new IllegalArgumentException(
          "weighting kolmogorov-arnold was built for %d tokens, of which each has a place; here are %d"
              .formatted(tokens, k.size(2)));
    }
    try (var _ = Precision.FLOAT32.on(Device.of(q))) {
      Tensor all = scores.of(ScoreWeighting.exact(q), ScoreWeighting.exact(k), scale);
      Tensor values = ScoreWeighting.exact(Scores.forEachQuery(v, q));
      return mixed(functions.of(all), values, pass.tap()).to(q.scalar_type());
    }
  }

  /**
   * @param rows Phi^T, {@code [batch, heads, tokens, functions]}
   */
  private Tensor mixed(Tensor rows, Tensor values, Tap tap) {
    if (!spec.simplex && tap == Tap.NONE) {
      return functions.spread(rows, values);
    }
    Tensor weights = functions.weights(rows);
    weights = spec.simplex ? Simplex.project(weights) : weights;
    tap.record("weights", weights);
    return weights.matmul(values);
  }

  @Override
  public void register(Registry registry) {
    if (owner) {
      functions.register(registry);
    }
  }
}
