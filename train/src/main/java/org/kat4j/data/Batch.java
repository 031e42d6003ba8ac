package org.kat4j.data;

import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.torch.Device;
import org.kat4j.torch.Memory;

/**
 * Some samples as tensors: what a step is trained on.
 *
 * <p>A kind of batch has the same tensors in the same order every time, so that a recorded step can
 * be run again on others of the same shapes.
 */
public interface Batch extends AutoCloseable {
  /** Samples in it, at worst 0 where all of them are broken. */
  int samples();

  /** All that it holds, the samples along the first axis. */
  List<Tensor> tensors();

  /** The same kind of batch over other tensors of the same order. */
  Batch over(List<Tensor> others);

  /** Gives its memory back; the tensors must not be used any more. */
  @Override
  default void close() {}

  /** The batch on a device; its tensors belong to the caller's scope. */
  static <B extends Batch> B on(Device device, B batch) {
    return like(batch, batch.tensors().stream().map(tensor -> Memory.to(tensor, device)).toList());
  }

  /** {@link #over} of a batch whose kind is known. */
  @SuppressWarnings("unchecked") // a batch over other tensors is of its own kind
  static <B extends Batch> B like(B batch, List<Tensor> tensors) {
    return (B) batch.over(tensors);
  }
}
