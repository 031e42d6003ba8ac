package org.kat4j.task;

import org.kat4j.data.Batch;

/**
 * Adds up how good a model's answers are, on its device; nothing waits for the device before {@link
 * #read}.
 *
 * @param <B> what a batch holds
 */
public interface Meter<B extends Batch> {
  /** The answers to one more batch, which lies on the model's device. */
  void add(B batch);

  /**
   * The scores of all batches so far; waits for the device, and frees what was kept there.
   *
   * @throws org.kat4j.error.UserException where there were no samples
   */
  Scores read();
}
