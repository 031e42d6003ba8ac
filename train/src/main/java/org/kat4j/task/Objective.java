package org.kat4j.task;

import java.util.LinkedHashMap;
import java.util.SequencedMap;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.data.Batch;
import org.kat4j.torch.Pass;

/**
 * What a model is asked for: the loss that training makes small, and the measures of its answers.
 *
 * @param <B> what a batch holds
 */
public interface Objective<B extends Batch> {
  /**
   * The loss of a batch, a scalar on the device. It must not wait for the device; the lower
   * precision of a forward pass is the loop's business.
   *
   * @param batch on the model's device
   */
  Tensor loss(B batch, Pass pass);

  /** How good the model is. */
  Meter<B> meter();

  /** What it keeps besides the model's weights, by name: part of a checkpoint. */
  default SequencedMap<String, Tensor> state() {
    return new LinkedHashMap<>();
  }

  /** Whether every batch of one size asks for the same operations, so that they can be recorded. */
  default boolean sameWorkEveryTime() {
    return true;
  }
}
