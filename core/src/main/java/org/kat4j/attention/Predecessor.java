package org.kat4j.attention;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;
import org.kat4j.torch.Scope;
import org.kat4j.torch.Stream;

/** The token before each token; the first token of a sequence has itself. */
final class Predecessor {
  private Predecessor() {}

  /**
   * What stands one token before.
   *
   * @param x {@code [batch, heads, tokens, head width]}
   * @param stream that the tokens go on with, null for none; it keeps the last one
   * @return the same shape
   */
  static Tensor of(Tensor x, @Nullable Stream stream) {
    Tensor first = x.narrow(2, 0, 1);
    Tensor before = stream == null ? first : Last.of(stream, first, x);
    long others = x.size(2) - 1;
    return others == 0 ? before : torch.cat(new TensorVector(before, x.narrow(2, 0, others)), 2);
  }

  /** The last token of a stream so far, before a step has changed it. */
  private static final class Last implements Stream.State {
    private final Tensor token; // [batch, heads, 1, head width]

    private Last(Tensor like) {
      token = Scope.keep(torch.zeros_like(like));
    }

    /** What stands before the first of these tokens; the last of them is kept. */
    static Tensor of(Stream stream, Tensor first, Tensor x) {
      try (var _ = Scope.noGradients()) {
        Tensor last = stream.state(Last.class, () -> new Last(first)).token;
        Tensor before = before(stream, first, last);
        last.copy_(x.narrow(2, -1, 1));
        return before;
      }
    }

    private static Tensor before(Stream stream, Tensor first, Tensor last) {
      if (stream.isRecordable()) { // the position is known on the device only
        Tensor begins = stream.positions().select(0, 0).eq(new Scalar(0));
        return torch.where(begins, first, last);
      }
      return stream.length() == 0 ? first : last.clone();
    }

    @Override
    public void close() {
      token.close();
    }
  }
}
