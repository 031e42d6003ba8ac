package org.kat4j.attention;

import java.util.Objects;
import java.util.stream.LongStream;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;
import org.kat4j.attention.ScoreStep.Places;
import org.kat4j.config.Check;
import org.kat4j.config.Kind;
import org.kat4j.function.ToeplitzProduct;
import org.kat4j.torch.Context;
import org.kat4j.torch.Device;
import org.kat4j.torch.Layout;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Precision;
import org.kat4j.torch.Registry;

/**
 * Kernelised attention: exp(q k) becomes a product of features phi(q) phi(k), all positive, and the
 * exponential of a relative bias (step {@code relative-bias} of the scores) a factor that depends
 * on distances only. Dense it costs what softmax costs; by fast Fourier transforms n log n.
 *
 * <p>Never below float32. Sources: arXiv 2106.12566; positive random features, arXiv 2009.14794.
 */
public final class KernelFeatures implements Weighting {
  /** phi. */
  public enum Features {
    /** Positive random features of queries and keys of length 1, whose product is not scaled. */
    NPRF,
    /** exp(w_i x - |x|^2 / 2) / sqrt m with m random w; products are scaled as softmax's. */
    PRF,
    /** elu(x) + 1. */
    ELU,
    /** relu(x) + 0.001. */
    RELU,
    /** exp(x). */
    EXP
  }

  /** How sums over the keys are formed. */
  public enum Path {
    /** Dense for up to 256 tokens and for streams, else by Fourier transforms. */
    AUTO,
    /** By the matrix of all weights. */
    DENSE,
    /** By Fourier transforms, with any number of tokens; streams are dense. */
    FFT
  }

  /**
   * @param features of queries and keys
   * @param m number of random features; others are as many as channels of a head
   * @param path how sums are formed
   */
  @Kind("kernel-features")
  public record Spec(Features features, int m, Path path) implements Weighting.Spec {
    public Spec {
      Check.between("m", m, 1, 65_536);
    }

    public static Spec example() {
      return new Spec(Features.NPRF, 64, Path.AUTO);
    }

    @Override
    public KernelFeatures build(Heads heads, Context context) {
      return new KernelFeatures(this, heads, context);
    }

    /** A bias that depends on distances; factors of scores do not pass through features. */
    @Override
    public boolean takes(ScoreStep.Spec step) {
      return step instanceof RelativeBias.Spec;
    }

    boolean random() {
      return features == Features.NPRF || features == Features.PRF;
    }

    private boolean dense(long tokens) {
      return path == Path.DENSE || path == Path.AUTO && tokens <= FEW;
    }

    @Override
    public long macs(int tokens, Heads heads) {
      long count = random() ? m : heads.width();
      long ofFeatures = random() ? 2L * tokens * m * heads.width() : 0;
      long pairs = (long) tokens * tokens * (count + heads.width());
      double transforms = 8.0 * tokens * count * (heads.width() + 1) * Math.log(2.0 * tokens);
      return heads.count() * (ofFeatures + (dense(tokens) ? pairs : (long) transforms));
    }
  }

  /** Tokens up to which sums are dense. */
  private static final int FEW = 256;

  /** Least denominator: of Fourier transforms, whose error is one of the largest sum. */
  private static final double LEAST = 1e-6;

  private static final double LEAST_DENSE = 1e-30;

  private final Spec spec;
  private final Layout layout;
  private final boolean fused;
  private final int headWidth;
  private final @Nullable Tensor draws; // [m, head width]

  private KernelFeatures(Spec spec, Heads heads, Context context) {
    this.spec = spec;
    layout = context.layout();
    fused = context.fused();
    headWidth = heads.width();
    draws = spec.random() ? OrthogonalDraws.of(spec.m, heads.width(), context) : null;
  }

  @Override
  public Tensor mix(Tensor q, Tensor k, Tensor v, Scores scores, Pass pass) {
    try (var _ = Precision.FLOAT32.on(Device.of(q))) {
      Tensor ofQueries = features(ScoreWeighting.exact(q), false);
      Tensor ofKeys = Scores.forEachQuery(features(ScoreWeighting.exact(k), true), q);
      Tensor values = ScoreWeighting.exact(Scores.forEachQuery(v, q));
      boolean dense = spec.dense(k.size(2)) || !byDistance(scores);
      Tensor y =
          dense
              ? dense(ofQueries, ofKeys, values, scores, pass)
              : byTransforms(ofQueries, ofKeys, values, scores);
      return y.to(q.scalar_type());
    }
  }

  /** Whether what a query sees depends on distances, or on the key alone. */
  private static boolean byDistance(Scores scores) {
    return scores.places().stream() == null
        && (!(scores.sight() instanceof Sight.Allowed some) || some.allowed().size(-2) == 1);
  }

  /**
   * phi, up to a factor of each query and one of all keys of a head: those cancel.
   *
   * @param x {@code [batch, heads, tokens, head width]}
   */
  Tensor features(Tensor x, boolean keys) {
    return switch (spec.features) {
      case NPRF -> {
        double tiny = 1e-6;
        Tensor length = x.square().sum(new long[] {-1}, true, none()).sqrt();
        Tensor unit = x.div(length.clamp_min(new Scalar(tiny)));
        yield exponents(unit).exp().mul(new Scalar(1 / Math.sqrt(spec.m)));
      }
      case PRF -> stable(exponents(x.mul(new Scalar(Math.pow(headWidth, -0.25)))), keys);
      case EXP -> stable(x, keys);
      case ELU -> torch.elu(x).add(new Scalar(1));
      case RELU -> torch.relu(x).add(new Scalar(1e-3));
    };
  }

  /** w_i x - |x|^2 / 2. */
  private Tensor exponents(Tensor x) {
    Tensor w = ScoreWeighting.exact(Objects.requireNonNull(draws));
    Tensor half = x.square().sum(new long[] {-1}, true, none()).mul(new Scalar(0.5));
    return x.matmul(w.t()).sub(half);
  }

  /** exp less the largest exponent of a query, or of all keys of a head. */
  private static Tensor stable(Tensor exponents, boolean keys) {
    long[] axes = keys ? new long[] {-2, -1} : new long[] {-1};
    return exponents.sub(exponents.detach().amax(axes, true)).exp();
  }

  private Tensor dense(Tensor q, Tensor k, Tensor v, Scores scores, Pass pass) {
    Tensor products = q.matmul(k.transpose(-2, -1)); // [batch, heads, queries, keys]
    Tensor added = scores.added();
    Tensor bias =
        added == null ? scores.sight().of(torch.zeros_like(products.select(0, 0))) : added;
    Tensor most = bias.detach().amax(new long[] {-2, -1}, true);
    Tensor weights = products.mul(ScoreWeighting.exact(bias.sub(most)).exp());
    Tensor all = weights.sum(new long[] {-1}, true, none()).clamp_min(new Scalar(LEAST_DENSE));
    Tensor normed = weights.div(all);
    pass.tap().record("weights", normed);
    return normed.matmul(v);
  }

  private Tensor byTransforms(Tensor q, Tensor k, Tensor v, Scores scores) {
    Tensor keys =
        scores.sight() instanceof Sight.Allowed some
            ? k.mul(some.allowed().transpose(-2, -1).to(k.scalar_type()))
            : k;
    boolean causal = scores.sight() instanceof Sight.Earlier;
    int prefix = layout instanceof Layout.Grid grid ? grid.prefix() : 0;
    long cells = q.size(2) - prefix;
    long[] sides =
        layout instanceof Layout.Grid grid
            ? grid.sides().stream().mapToLong(side -> side).toArray()
            : new long[] {cells};
    Tensor bias = bias(scores, sides, q); // [heads, 2 side - 1, …]
    Tensor most = most(bias, causal, cells, prefix);
    Tensor c = bias.sub(most).exp();
    c = causal ? c.mul(seen(c, cells)) : c;
    // A channel of ones gives the denominators.
    Tensor values = torch.cat(new TensorVector(v, torch.ones_like(v.narrow(3, 0, 1))), 3);
    Tensor sums =
        new ToeplitzProduct(sides)
            .of(
                q.narrow(2, prefix, cells),
                keys.narrow(2, prefix, cells),
                values.narrow(2, prefix, cells),
                c,
                fused);
    if (prefix > 0) {
      Tensor placeless = most.flatten(1, -1).neg().exp().unsqueeze(-1); // [heads, 1, 1]
      sums = withPrefix(sums, q, keys, values, placeless, prefix);
    }
    Tensor y =
        sums.narrow(3, 0, v.size(3)).div(sums.narrow(3, v.size(3), 1).clamp_min(new Scalar(LEAST)));
    return causal ? withFirst(y, q, keys, v, scores) : y;
  }

  /** What prefix tokens, which have no distance, give and get. */
  private static Tensor withPrefix(
      Tensor ofCells, Tensor q, Tensor k, Tensor v, Tensor factor, int prefix) {
    long cells = q.size(2) - prefix;
    Tensor ofPrefix = k.narrow(2, 0, prefix).transpose(-2, -1);
    Tensor toCells =
        q.narrow(2, prefix, cells).matmul(ofPrefix).mul(factor).matmul(v.narrow(2, 0, prefix));
    Tensor toPrefix = q.narrow(2, 0, prefix).matmul(k.transpose(-2, -1)).mul(factor).matmul(v);
    return torch.cat(new TensorVector(toPrefix, ofCells.add(toCells)), 2);
  }

  /** The first tokens of a causal line see few others: too small beside the error of transforms. */
  private Tensor withFirst(Tensor y, Tensor q, Tensor k, Tensor v, Scores scores) {
    long few = Math.min(FEW, y.size(2));
    Scores ofFirst = new Scores(scores.steps(), scores.sight(), Places.of(few));
    Tensor first =
        dense(
            q.narrow(2, 0, few),
            k.narrow(2, 0, few),
            v.narrow(2, 0, few),
            ofFirst,
            Pass.evaluation());
    return torch.cat(new TensorVector(first, y.narrow(2, few, y.size(2) - few)), 2);
  }

  /** The sum of all biases by distance. */
  private static Tensor bias(Scores scores, long[] sides, Tensor q) {
    long[] shape = new long[sides.length + 1];
    shape[0] = q.size(1);
    for (int axis = 0; axis < sides.length; axis++) {
      shape[axis + 1] = 2 * sides[axis] - 1;
    }
    Tensor sum = torch.zeros(shape, q.options());
    for (ScoreStep step : scores.steps()) {
      if (!(step instanceof RelativeBias relative)) {
        throw new IllegalStateException("a step that kernel-features does not take");
      }
      sum = sum.add(relative.ofDistances(sides));
    }
    return sum;
  }

  /** The largest bias of a head that is seen; that of tokens without a place is 0. */
  private static Tensor most(Tensor bias, boolean causal, long cells, int prefix) {
    Tensor seen = causal ? bias.narrow(1, cells - 1, cells) : bias;
    long[] axes = LongStream.range(1, bias.dim()).toArray();
    Tensor most = seen.detach().amax(axes, true);
    return prefix > 0 ? most.clamp_min(new Scalar(0)) : most;
  }

  /** 1 where the query does not stand in front of the key. */
  private static Tensor seen(Tensor c, long cells) {
    return torch
        .arange(new Scalar(2 * cells - 1), c.options())
        .ge(new Scalar(cells - 1))
        .to(c.scalar_type());
  }

  private static ScalarTypeOptional none() {
    return new ScalarTypeOptional();
  }

  @Override
  public void register(Registry registry) {
    if (draws != null) {
      registry.tensor("draws", draws);
    }
  }
}
