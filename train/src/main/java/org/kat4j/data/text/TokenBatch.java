package org.kat4j.data.text;

import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.data.Batch;

/**
 * Windows of a text.
 *
 * @param read tokens, int64 {@code [windows, context]}
 * @param next the token that follows each of them, the same shape
 */
public record TokenBatch(Tensor read, Tensor next) implements Batch {
  @Override
  public int samples() {
    return (int) read.size(0);
  }

  @Override
  public List<Tensor> tensors() {
    return List.of(read, next);
  }

  @Override
  public TokenBatch over(List<Tensor> others) {
    return new TokenBatch(others.get(0), others.get(1));
  }

  /** The windows of a text that begin at these places. */
  public static TokenBatch of(Tokens tokens, long[] starts, int context) {
    long[] read = new long[starts.length * context];
    long[] next = new long[read.length];
    for (int w = 0; w < starts.length; w++) {
      tokens.copy(starts[w], context, read, w * context);
      tokens.copy(starts[w] + 1, context, next, w * context);
    }
    return new TokenBatch(
        Tensor.create(read, starts.length, context), Tensor.create(next, starts.length, context));
  }
}
