package org.kat4j.attention;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.jspecify.annotations.Nullable;
import org.kat4j.function.Linear;
import org.kat4j.torch.Context;
import org.kat4j.torch.Host;
import org.kat4j.torch.Part;
import org.kat4j.torch.Registry;

/**
 * Linear maps of each token to its queries, keys and values: one matrix for all three, {@code qkv},
 * or one each, {@code q_proj}, {@code k_proj}, {@code v_proj}.
 */
public final class QueryKeyValue implements Part {
  /** How queries, keys and values are made. */
  public enum Projections {
    /** By one matrix: {@code qkv}. */
    FUSED,
    /** By one each: {@code q_proj}, {@code k_proj}, {@code v_proj}. */
    SEPARATE
  }

  /** What is done with them, each {@code [batch, heads, tokens, head width]}. */
  @FunctionalInterface
  public interface Mix {
    Tensor of(Tensor q, Tensor k, Tensor v);
  }

  private final int heads;
  private final int keyValueHeads;
  private final int headWidth;
  private final @Nullable Linear all;
  private final List<Linear> each = new ArrayList<>(); // of queries, keys, values

  /**
   * @param width channels of a token
   * @param bias whether each has a bias
   */
  public QueryKeyValue(
      Projections projections,
      int width,
      int heads,
      int keyValueHeads,
      int headWidth,
      boolean bias,
      Context context) {
    this.heads = heads;
    this.keyValueHeads = keyValueHeads;
    this.headWidth = headWidth;
    int ofQueries = heads * headWidth;
    int ofKeys = keyValueHeads * headWidth;
    if (projections == Projections.FUSED) {
      all = new Linear(width, ofQueries + 2 * ofKeys, bias, context);
    } else {
      all = null;
      for (int out : new int[] {ofQueries, ofKeys, ofKeys}) {
        each.add(new Linear(width, out, bias, context));
      }
    }
  }

  /** Makes them of x {@code [batch, tokens, width]} and hands them on. */
  public Tensor project(Tensor x, Mix mix) {
    if (all == null) {
      return mix.of(
          perHead(each.get(0).forward(x), heads),
          perHead(each.get(1).forward(x), keyValueHeads),
          perHead(each.get(2).forward(x), keyValueHeads));
    }
    Tensor projected = all.forward(x);
    if (keyValueHeads == heads) {
      // Taken apart along an axis of its own the gradients are put together by one copy.
      return Host.withSmallProducts(
          projected.view(x.size(0), x.size(1), 3, heads, headWidth),
          together -> mixed(together.unbind(2), mix));
    }
    long[] parts = {heads, keyValueHeads, keyValueHeads};
    return Host.withSmallProducts(
        projected.view(x.size(0), x.size(1), heads + 2L * keyValueHeads, headWidth),
        together -> mixed(together.split_with_sizes(parts, 2), mix));
  }

  private static Tensor mixed(TensorVector parts, Mix mix) {
    return mix.of(across(parts.get(0)), across(parts.get(1)), across(parts.get(2)));
  }

  private Tensor perHead(Tensor projected, int count) {
    return across(projected.view(projected.size(0), projected.size(1), count, headWidth));
  }

  private static Tensor across(Tensor ofTokens) {
    return ofTokens.transpose(1, 2); // [batch, heads, tokens, head width]
  }

  /** The one matrix for all three; null where there are three. */
  public @Nullable Linear all() {
    return all;
  }

  @Override
  public void register(Registry registry) {
    if (all != null) {
      registry.part("qkv", all);
    } else {
      registry.part("q_proj", each.get(0));
      registry.part("k_proj", each.get(1));
      registry.part("v_proj", each.get(2));
    }
  }
}
