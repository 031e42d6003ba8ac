package org.kat4j.torch;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** Where a training pass takes the random zeros of dropout and drop path from. */
public sealed interface Masks permits Masks.Drawn, RecordedMasks {
  /**
   * The next mask of the pass: 0 with probability {@code 1 - kept}, otherwise {@code 1 / kept}.
   *
   * @param like dtype and device of the mask
   */
  Tensor next(long[] shape, double kept, Tensor like);

  /** Every mask is drawn when it is needed. */
  record Drawn(RandomStream random) implements Masks {
    @Override
    public Tensor next(long[] shape, double kept, Tensor like) {
      return Memory.to(draw(random, shape, kept).to(like.scalar_type()), Device.of(like));
    }
  }

  /** On the CPU, float32. */
  static Tensor draw(RandomStream random, long[] shape, double kept) {
    return random.bernoulli(torch.empty(shape), kept).div_(new Scalar(kept));
  }
}
