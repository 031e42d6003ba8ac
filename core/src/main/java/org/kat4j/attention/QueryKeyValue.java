package org.kat4j.attention;

import java.util.Objects;
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
 * or fewer numbers than that.
 */
public final class QueryKeyValue implements Part {
  /** How queries and keys are made, and with {@link #FUSED} the values too. */
  public enum Projections {
    /** By one matrix for all three: {@code qkv}. */
    FUSED,
    /** By one each: {@code q_proj}, {@code k_proj}. */
    SEPARATE,
    /** By the same one: {@code qk_proj}. */
    SHARED_QK,
    /** One head: queries by the product of both matrices, {@code qk}; keys are the tokens. */
    COLLAPSED,
    /** The same with a symmetric matrix, stored as a triangle. */
    SYMMETRIC,
    /** One head: queries and keys by the triangle T, so that scores are x T T^T y. */
    TRIANGULAR;

    /** Whether they make a matrix of width times width, of one head as wide as the tokens. */
    public boolean ofWholeTokens() {
      return this == COLLAPSED || this == SYMMETRIC || this == TRIANGULAR;
    }

    /** Whether keys have a matrix product of their own. */
    public boolean multipliesKeys() {
      return this == FUSED || this == SEPARATE;
    }
  }

  /** What values are. */
  public enum Values {
    /** A matrix of the tokens, {@code v_proj}; another one joins what the heads give. */
    PROJECTED,
    /** The tokens themselves, and nothing joins what the heads give. */
    NONE
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
  private final @Nullable QueryKeyProjection queryKey; // null where all are one
  private final @Nullable Linear values; // null where all are one, or values the tokens

  /**
   * @param width channels of a token
   * @param bias whether each has a bias; the triangles have none
   */
  public QueryKeyValue(
      Projections projections, Values values, int width, Heads of, boolean bias, Context context) {
    heads = of.count();
    keyValueHeads = of.ofKeys();
    headWidth = of.width();
    int ofQueries = heads * headWidth;
    int ofKeys = keyValueHeads * headWidth;
    if (projections == Projections.FUSED) {
      all = new Linear(width, ofQueries + 2 * ofKeys, bias, context);
      queryKey = null;
      this.values = null;
      return;
    }
    all = null;
    queryKey =
        switch (projections) {
          case FUSED, SEPARATE ->
              new QueryKeyProjection.Separate(
                  new Linear(width, ofQueries, bias, context),
                  new Linear(width, ofKeys, bias, context));
          case SHARED_QK ->
              new QueryKeyProjection.Shared(new Linear(width, ofQueries, bias, context));
          case COLLAPSED ->
              new QueryKeyProjection.Collapsed(new Linear(width, width, bias, context));
          case SYMMETRIC -> QueryKeyProjection.Triangle.of(width, false, context);
          case TRIANGULAR -> QueryKeyProjection.Triangle.of(width, true, context);
        };
    this.values = values == Values.NONE ? null : new Linear(width, ofKeys, bias, context);
  }

  /** Makes them of x {@code [batch, tokens, width]} and hands them on. */
  public Tensor project(Tensor x, Mix mix) {
    if (all == null) {
      QueryKeyProjection.Both both = Objects.requireNonNull(queryKey).of(x);
      return mix.of(
          perHead(both.q(), heads),
          perHead(both.k(), keyValueHeads),
          perHead(values == null ? x : values.forward(x), keyValueHeads));
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
    }
    if (queryKey != null) {
      queryKey.register(registry);
    }
    if (values != null) {
      registry.part("v_proj", values);
    }
  }
}
