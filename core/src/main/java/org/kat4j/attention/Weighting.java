package org.kat4j.attention;

import org.bytedeco.pytorch.Tensor;
import org.kat4j.torch.Context;
import org.kat4j.torch.Part;
import org.kat4j.torch.Pass;

/**
 * How the values of all tokens become that of one: the middle of attention.
 *
 * <p>To add one: a record here in this package and its name in the {@code permits} clause; it
 * refuses in {@code build} what it cannot do with {@code context.layout()}.
 */
public interface Weighting extends Part {
  /**
   * Taps: {@code weights [batch, heads, queries, keys]} where there are such.
   *
   * @param q {@code [batch, heads, queries, head width]}
   * @param k {@code [batch, key-value heads, keys, head width]}; as many queries' heads share a
   *     head of keys as there are times fewer of these, neighbours first
   * @param v the same shape as k
   * @param sight which keys a query sees
   * @return {@code [batch, heads, queries, head width]}
   */
  Tensor mix(Tensor q, Tensor k, Tensor v, Sight sight, Pass pass);

  /** A weighting as data. */
  sealed interface Spec permits Softmax.Spec {
    Weighting build(int headWidth, Context context);
  }
}
