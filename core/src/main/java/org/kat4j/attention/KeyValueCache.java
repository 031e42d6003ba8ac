package org.kat4j.attention;

import java.util.Optional;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.kat4j.kernel.Kernels;
import org.kat4j.kernel.NextTokenKernel;
import org.kat4j.torch.Scope;
import org.kat4j.torch.Stream;

/**
 * The keys and values of all tokens of a stream so far, in memory for as many as it may have.
 *
 * <p>While the work need not be recorded, queries get the part that is filled; else all of it, and
 * the device knows from the position what of it they see.
 */
public final class KeyValueCache implements Stream.State {
  /**
   * What the queries of a pass get.
   *
   * @param keys {@code [batch, key-value heads, keys, head width]}
   * @param values the same shape
   * @param sight which of them a query sees
   */
  public record Seen(Tensor keys, Tensor values, Sight sight) {}

  private final Tensor keys; // [batch, key-value heads, capacity, head width]
  private final Tensor values;

  private KeyValueCache(Tensor like, int capacity) {
    long[] shape = {like.size(0), like.size(1), capacity, like.size(3)};
    // Zeros: what is not filled yet takes part in products with weights of zero.
    keys = Scope.keep(torch.zeros(shape, like.options()));
    values = Scope.keep(torch.zeros(shape, like.options()));
  }

  /** Adds keys and values of the tokens of this pass to those of the stream. */
  public static Seen append(Stream stream, Tensor k, Tensor v) {
    try (var _ = Scope.noGradients()) {
      return stream
          .state(KeyValueCache.class, () -> new KeyValueCache(k, stream.capacity()))
          .with(k, v, stream);
    }
  }

  private Seen with(Tensor k, Tensor v, Stream stream) {
    if (k.size(0) != keys.size(0)) {
      throw new IllegalArgumentException(
          "a batch of " + k.size(0) + " in a stream of " + keys.size(0) + " sequences");
    }
    long tokens = k.size(2);
    if (stream.isRecordable()) {
      Tensor positions = stream.positions(); // [tokens]
      Optional<NextTokenKernel> kernel = tokens == 1 ? Kernels.nextToken(keys) : Optional.empty();
      if (kernel.isPresent()) {
        kernel.get().append(keys, values, k, v, positions);
      } else {
        keys.index_copy_(2, positions, k);
        values.index_copy_(2, positions, v);
      }
      return new Seen(keys, values, Sight.Allowed.upTo(positions, keys.size(2)));
    }
    keys.narrow(2, stream.length(), tokens).copy_(k);
    values.narrow(2, stream.length(), tokens).copy_(v);
    long now = stream.length() + tokens;
    return new Seen(
        keys.narrow(2, 0, now), values.narrow(2, 0, now), sight(stream.length(), tokens, k));
  }

  private static Sight sight(long before, long tokens, Tensor like) {
    if (tokens == 1) {
      return new Sight.All();
    }
    if (before == 0) {
      return new Sight.Earlier();
    }
    TensorOptions booleans = like.options().dtype(new ScalarTypeOptional(ScalarType.Bool));
    return new Sight.Allowed(
        torch.ones(new long[] {tokens, before + tokens}, booleans).tril(before));
  }

  @Override
  public void close() {
    keys.close();
    values.close();
  }
}
