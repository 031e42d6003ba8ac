package org.kat4j.attention;

import org.kat4j.config.Kind;
import org.kat4j.function.LayerNorm;
import org.kat4j.function.Norm;
import org.kat4j.torch.Context;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Registry;

/** A norm of the queries and one of the keys, over the channels of each head. Names of timm's. */
public final class HeadNorm implements QueryKeyStep {
  /**
   * @param norm of which kind
   */
  @Kind("head-norm")
  public record Spec(Norm.Spec norm) implements QueryKeyStep.Spec {
    public static Spec example() {
      return new Spec(LayerNorm.Spec.example());
    }

    @Override
    public HeadNorm build(Heads heads, Context context) {
      return new HeadNorm(this, heads.width(), context);
    }
  }

  private final Norm queries;
  private final Norm keys;

  private HeadNorm(Spec spec, int headWidth, Context context) {
    queries = spec.norm.build(headWidth, context);
    keys = spec.norm.build(headWidth, context);
  }

  @Override
  public QueryKey apply(QueryKey both, Pass pass) {
    return new QueryKey(queries.forward(both.q()), keys.forward(both.k()));
  }

  @Override
  public void register(Registry registry) {
    registry.part("q_norm", queries);
    registry.part("k_norm", keys);
  }
}
