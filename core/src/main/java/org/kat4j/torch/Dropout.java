package org.kat4j.torch;

import java.util.Arrays;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** Random zeros during training, drawn from the pass's own stream. */
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
    double kept = 1 - rate;
    Tensor mask = pass.random().bernoulli(torch.empty(maskShape), kept).div_(new Scalar(kept));
    return x.mul(Memory.to(mask.to(x.scalar_type()), Device.of(x)));
  }
}
