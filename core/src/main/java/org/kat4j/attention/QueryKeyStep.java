package org.kat4j.attention;

import org.bytedeco.pytorch.Tensor;
import org.kat4j.torch.Context;
import org.kat4j.torch.Part;
import org.kat4j.torch.Pass;

/**
 * Something done to queries and keys between their projections and their product. Steps follow each
 * other in the order in which they are listed.
 *
 * <p>To add one: a record here in this package and its name in the {@code permits} clause.
 */
public interface QueryKeyStep extends Part {
  /**
   * Queries and keys of the tokens of a pass.
   *
   * @param q {@code [batch, heads, tokens, head width]}
   * @param k {@code [batch, key-value heads, tokens, head width]}
   */
  record QueryKey(Tensor q, Tensor k) {}

  QueryKey apply(QueryKey both, Pass pass);

  /** A step as data. */
  sealed interface Spec permits HeadNorm.Spec, Rotary.Spec, Momentum.Spec, TokenShift.Spec {
    QueryKeyStep build(Heads heads, Context context);
  }
}
