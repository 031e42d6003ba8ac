package org.kat4j.block;

import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.kat4j.function.Norm;

/**
 * The residual stream between two mixers. The last branch waits to be added, since the norm that
 * follows does both in one pass over memory where a kernel can.
 *
 * @param stream {@code [batch, tokens, width]}
 * @param pending the branch that is still to be added, null for none
 */
public record Residual(Tensor stream, @Nullable Tensor pending) {
  /** A stream to which nothing has to be added. */
  public static Residual of(Tensor x) {
    return new Residual(x, null);
  }

  /** The stream with everything added. */
  public Tensor sum() {
    return pending == null ? stream : stream.add(pending);
  }

  /** The stream with everything added, and its norm. */
  public record Normed(Tensor stream, Tensor value) {
    /** The stream with one more branch. */
    public Residual add(Tensor branch) {
      return new Residual(stream, branch);
    }
  }

  /**
   * Adds what is pending, and normalises.
   *
   * @param lowered whether the norm may come in the lower type under autocast
   */
  public Normed normed(Norm norm, boolean lowered) {
    if (pending == null) {
      return new Normed(stream, lowered ? norm.forwardLowered(stream) : norm.forward(stream));
    }
    Norm.Sum both = norm.forwardSum(stream, pending, lowered);
    return new Normed(both.sum(), both.normed());
  }
}
