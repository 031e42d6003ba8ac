package org.kat4j.kernel;

import org.bytedeco.pytorch.Tensor;

/**
 * Attention of the next token of each text to what is kept of those before it, without autograd.
 * The work reads its place from the device and takes time for the tokens that there are, so that it
 * can be recorded once for all places.
 *
 * <p>Keys and values are {@code [batch, key-value heads, capacity, head width]}, contiguous; the
 * place is an int64 {@code [1]} on their device.
 */
public interface NextTokenKernel {
  /**
   * Puts key and value of a token in their place.
   *
   * @param k {@code [batch, key-value heads, 1, head width]}
   * @param v the same shape
   */
  void append(Tensor keys, Tensor values, Tensor k, Tensor v, Tensor place);

  /**
   * softmax(q k^T / sqrt(head width)) v over the places up to the token's own.
   *
   * @param q {@code [batch, heads, 1, head width]}; neighbouring heads share keys
   * @return the same shape, contiguous
   */
  Tensor attend(Tensor q, Tensor keys, Tensor values, Tensor place);
}
