package org.kat4j.attention;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.kat4j.config.Check;
import org.kat4j.config.Kind;
import org.kat4j.torch.Context;
import org.kat4j.torch.Init;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Registry;
import org.kat4j.torch.Stream;

/**
 * Queries and keys plus gamma times their change since the token before: q_t + gamma (q_t -
 * q_{t-1}), with q_{-1} = q_0. Before rotary positions in the list, it takes the difference of what
 * the projections give; behind them, of what is turned.
 *
 * <p>A convolution of width 2 along the tokens: 1 at frequency 0, 1 + 2 gamma at the highest.
 * Source: Momentum attention, arXiv 2602.04902.
 */
public final class Momentum implements QueryKeyStep {
  /** What a step changes. */
  public enum Of {
    BOTH,
    KEYS
  }

  /**
   * @param gamma factor of the change; 0 is attention without it
   * @param of queries and keys, or keys only
   * @param learned whether gamma is trained, from the value given
   */
  @Kind("momentum")
  public record Spec(double gamma, Of of, boolean learned) implements QueryKeyStep.Spec {
    public Spec {
      Check.inRange("gamma", gamma, -1_000, 1_000);
    }

    public static Spec example() {
      return new Spec(0.5, Of.BOTH, false);
    }

    @Override
    public Momentum build(Heads heads, Context context) {
      context.layout().line("queryKey momentum");
      return new Momentum(this, context);
    }
  }

  private final Spec spec;
  private final @Nullable Tensor gamma; // [1]; null for a fixed one

  private Momentum(Spec spec, Context context) {
    this.spec = spec;
    gamma = spec.learned ? context.parameter(1) : null;
    if (gamma != null) {
      Init.constant(gamma, spec.gamma);
    }
  }

  @Override
  public QueryKey apply(QueryKey both, Pass pass) {
    if (gamma == null && spec.gamma == 0) {
      return both;
    }
    Stream stream = pass.stream();
    Tensor q = spec.of == Of.BOTH ? carried(both.q(), stream) : both.q();
    return new QueryKey(q, carried(both.k(), stream));
  }

  /** x {@code [batch, heads, tokens, head width]} in its own dtype. */
  private Tensor carried(Tensor x, @Nullable Stream stream) {
    Tensor before = Predecessor.of(x, stream);
    // Beyond x on the line from the token before: one operation, whose difference is not rounded.
    return gamma == null
        ? before.lerp(x, new Scalar(1 + spec.gamma))
        : x.add(x.sub(before).mul(gamma)).to(x.scalar_type());
  }

  @Override
  public void register(Registry registry) {
    if (gamma != null) {
      registry.tensor("gamma", gamma);
    }
  }
}
