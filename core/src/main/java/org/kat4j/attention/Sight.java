package org.kat4j.attention;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** Which keys a query sees. */
public sealed interface Sight {
  /** All of them. */
  record All() implements Sight {}

  /** Its own and those before; there are as many keys as queries. */
  record Earlier() implements Sight {}

  /**
   * Those that are allowed.
   *
   * @param allowed booleans, {@code [queries, keys]}
   */
  record Allowed(Tensor allowed) implements Sight {}

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
