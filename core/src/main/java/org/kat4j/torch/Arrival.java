package org.kat4j.torch;

import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.cuda.CUDAEvent;

/**
 * Whole numbers on their way from a GPU to the host, which waits for these alone and not for what
 * the GPU was asked to do after them.
 */
public final class Arrival implements AutoCloseable {
  private final Tensor landed; // in page-locked memory
  private final CUDAEvent there;

  /**
   * @param like int64, on a GPU
   */
  public Arrival(Tensor like) {
    try (Scope _ = Scope.open()) {
      landed = Scope.keep(like.cpu().pin_memory());
      there = new CUDAEvent();
      there.retainReference();
    }
  }

  /** Sends the numbers that a tensor of the same shape has by now. */
  public void send(Tensor tensor) {
    boolean noWaiting = true;
    landed.copy_(tensor, noWaiting);
    there.record();
  }

  /** Waits for what was sent last. */
  public long[] await() {
    there.synchronize();
    return Memory.longs(landed);
  }

  @Override
  public void close() {
    there.close();
    Scope.free(List.of(landed));
  }
}
