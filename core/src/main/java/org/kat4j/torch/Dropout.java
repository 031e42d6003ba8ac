package org.kat4j.torch;

import java.util.Arrays;
import org.bytedeco.pytorch.Tensor;

/** Random zeros during training, from the masks of the pass. */
public final class Dropout {
  private Dropout() {}

  /** Every element becomes 0 with probability {@code rate}, the others grow by 1 / (1 - rate). */
  public static Tensor elements(Tensor x, double rate, Pass pass) {
    return apply(x, x.shape(), rate, pass);
  }

  /**
   * Every sample, the first axis, becomes 0 as a whole with probability {@code rate}: drop path,
   * stochastic depth.
   */
  public static Tensor samples(Tensor x, double rate, Pass pass) {
    long[] shape = new long[(int) x.dim()];
    Arrays.fill(shape, 1);
    shape[0] = x.size(0);
    return apply(x, shape, rate, pass);
  }

  private static Tensor apply(Tensor x, long[] maskShape, double rate, Pass pass) {
    if (!pass.training() || rate == 0) {
      return x;
    }
    return x.mul(pass.masks().next(maskShape, 1 - rate, x));
  }
}
