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
      if (like.is_cuda()) {
        return draw(random, torch.zeros(shape, like.options()), kept);
      }
      return draw(random, torch.empty(shape), kept).to(like.scalar_type());
    }
  }

  /** Fills a tensor with a mask. */
  static Tensor draw(RandomStream random, Tensor target, double kept) {
    return random.bernoulli(target, kept).div_(new Scalar(kept));
  }
}
