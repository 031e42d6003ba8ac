package org.kat4j.kernel;

import org.bytedeco.pytorch.Tensor;

/** Softmax cross entropy of rows of logits and its gradient, without autograd. */
public interface CrossEntropyKernel {
  /** Elements of logits that are had at once, as far as memory goes. */
  long atOnce();

  /**
   * The sum over the rows of -log softmax(z)[wanted], a scalar in float32, of float64 in float64.
   *
   * @param logits z, {@code [rows, columns]}, contiguous; it is lost
   * @param classes columns that count: behind them are some that nothing belongs to
   * @param wanted {@code [rows]}, int64
   */
  Tensor loss(Tensor logits, long classes, Tensor wanted);

  /**
   * @param loss the sum over the rows
   * @param gradient dloss/dlogits in their dtype; 0 in columns that do not count
   */
  record Result(Tensor loss, Tensor gradient) {}

  /** The same with its gradient, which may take the place of the logits. */
  Result lossAndGradient(Tensor logits, long classes, Tensor wanted);
}
