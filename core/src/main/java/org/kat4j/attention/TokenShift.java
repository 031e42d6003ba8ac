package org.kat4j.attention;

import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.kat4j.config.Check;
import org.kat4j.config.Kind;
import org.kat4j.torch.Context;
import org.kat4j.torch.Init;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Registry;

/**
 * Every channel between itself and the token before: x_t + mu (x_{t-1} - x_t) with a learnable mu
 * for each channel of each head; the first token has none before it. {@link Momentum} is the case
 * of one mu = -gamma.
 *
 * <p>Source: the token shift of RWKV, arXiv 2305.13048, here on keys and queries. Tensors {@code
 * shift_k, shift_q [heads, 1, head width]}.
 */
public final class TokenShift implements QueryKeyStep {
  /**
   * @param of queries and keys, or keys only
   * @param start every mu at first; 0 for no shift
   */
  @Kind("token-shift")
  public record Spec(Momentum.Of of, double start) implements QueryKeyStep.Spec {
    public Spec {
      Check.inRange("start", start, -1_000, 1_000);
    }

    public static Spec example() {
      return new Spec(Momentum.Of.KEYS, 0);
    }

    @Override
    public TokenShift build(Heads heads, Context context) {
      context.layout().line("queryKey token-shift");
      return new TokenShift(this, heads, context);
    }
  }

  private final Tensor ofKeys; // [key-value heads, 1, head width]
  private final @Nullable Tensor ofQueries; // [heads, 1, head width]

  private TokenShift(Spec spec, Heads heads, Context context) {
    ofKeys = started(context.parameter(heads.ofKeys(), 1, heads.width()), spec);
    ofQueries =
        spec.of == Momentum.Of.BOTH
            ? started(context.parameter(heads.count(), 1, heads.width()), spec)
            : null;
  }

  private static Tensor started(Tensor mu, Spec spec) {
    Init.constant(mu, spec.start);
    return mu;
  }

  @Override
  public QueryKey apply(QueryKey both, Pass pass) {
    Tensor q = ofQueries == null ? both.q() : shifted(both.q(), ofQueries, pass);
    return new QueryKey(q, shifted(both.k(), ofKeys, pass));
  }

  private static Tensor shifted(Tensor x, Tensor mu, Pass pass) {
    Tensor change = Predecessor.of(x, pass.stream()).sub(x);
    return x.add(change.mul(mu)).to(x.scalar_type());
  }

  @Override
  public void register(Registry registry) {
    registry.undecayed("shift_k", ofKeys);
    if (ofQueries != null) {
      registry.undecayed("shift_q", ofQueries);
    }
  }
}
