package org.kat4j.attention;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;
import org.kat4j.torch.Context;
import org.kat4j.torch.Part;
import org.kat4j.torch.Stream;

/**
 * Something done to the scores of attention between the scaled product of queries and keys and
 * their weighting: a table of places, the same for every sample, that is added to them or
 * multiplies them. Steps follow each other in the order in which they are listed; what a query does
 * not see is taken out after the last one.
 *
 * <p>To add one: a record here in this package and its name in the {@code permits} clause; it
 * refuses in {@code build} what it cannot do with {@code context.layout()}.
 */
public interface ScoreStep extends Part {
  /** How a table changes the scores. */
  enum Effect {
    ADDED,
    MULTIPLIED
  }

  /** How its table changes the scores. */
  Effect effect();

  /**
   * What is added or multiplies.
   *
   * @return {@code [heads, queries, keys]}, or {@code [1, queries, keys]} for the same in all heads
   */
  Tensor table(Places places);

  /**
   * Where the queries and keys of a pass stand; keys are all tokens from the first one.
   *
   * @param queries how many
   * @param keys how many
   * @param stream that the queries go on with; null where they stand where the keys do
   */
  record Places(long queries, long keys, @Nullable Stream stream) {
    /** Of tokens that are queries and keys. */
    public static Places of(long tokens) {
      return new Places(tokens, tokens, null);
    }

    /**
     * How far each query stands behind each key: int64 {@code [queries, keys]}.
     *
     * @param like a tensor of the device
     */
    public Tensor behind(Tensor like) {
      Tensor ofKeys =
          torch.arange(
              new Scalar(keys),
              new TensorOptions(ScalarType.Long).device(like.options().device_opt()));
      return (stream == null ? ofKeys : stream.positions()).view(-1, 1).sub(ofKeys);
    }
  }

  /** A step as data. */
  sealed interface Spec
      permits RelativeBias.Spec, GaussianMask.Spec, ElementMask.Spec, DecayMask.Spec {
    ScoreStep build(Heads heads, Context context);

    /** How its table changes the scores. */
    Effect effect();
  }
}
