package org.kat4j.attention;

import java.util.function.Supplier;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/** Which keys a query sees. */
public sealed interface Sight {
  /** All of them. */
  record All() implements Sight {}

  /** Its own and those before; there are as many keys as queries. */
  record Earlier() implements Sight {}

  /**
   * Those that are allowed.
   *
   * @param mask makes booleans, {@code [queries, keys]}, where somebody asks for them
   * @param places of the queries among the keys, int64 {@code [queries]} on their device, where
   *     each sees the keys up to its own; null where they are allowed otherwise
   */
  record Allowed(Supplier<Tensor> mask, @Nullable Tensor places) implements Sight {
    public Allowed(Tensor allowed) {
      this(() -> allowed, null);
    }

    /** Of so many keys those up to the place of each query. */
    static Allowed upTo(Tensor places, long keys) {
      return new Allowed(
          () -> torch.arange(new Scalar(keys), places.options()).le(places.view(-1, 1)), places);
    }

    public Tensor allowed() {
      return mask.get();
    }
  }

  /**
   * Scores with minus infinity at what is not seen.
   *
   * @param scores {@code [..., queries, keys]}
   */
  default Tensor of(Tensor scores) {
    return switch (this) {
      case All _ -> scores;
      case Earlier _ -> {
        Tensor never = torch.full_like(scores, new Scalar(Double.NEGATIVE_INFINITY));
        yield scores.tril().add(never.triu(1));
      }
      case Allowed some ->
          scores.masked_fill(some.allowed().logical_not(), new Scalar(Double.NEGATIVE_INFINITY));
    };
  }
}
