package org.kat4j.kernel;

import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** A step of AdamW for all parameters at once, without autograd. */
public interface AdamWKernel extends AutoCloseable {
  /**
   * A parameter with its gradient, and what is kept of the gradients before; all of one shape.
   *
   * @param mean m
   * @param square v
   * @param lrScale factor of the learning rate
   */
  record Share(
      Tensor parameter,
      Tensor gradient,
      Tensor mean,
      Tensor square,
      double weightDecay,
      double lrScale) {}

  /**
   * @param lr learning rate
   * @param steps t, with the step that is made: a float32 scalar on the parameters' device
   * @param factor of the gradients, likewise; null for 1
   * @return false where nothing was done: libtorch's operations have to do it
   */
  boolean step(List<Share> shares, double lr, Tensor steps, @Nullable Tensor factor);

  @Override
  void close();
}
