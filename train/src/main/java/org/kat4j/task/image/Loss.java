package org.kat4j.task.image;

import org.bytedeco.pytorch.Tensor;
import org.kat4j.config.Check;
import org.kat4j.config.Kind;
import org.kat4j.data.ImageBatch;
import org.kat4j.torch.Losses;

/** What training makes small. */
public sealed interface Loss {
  /**
   * The loss of a batch.
   *
   * @param logits {@code [batch, classes]}
   * @param batch the same images
   * @param smoothing share of the target that is spread over all classes
   * @return a scalar
   */
  Tensor of(Tensor logits, ImageBatch batch, double smoothing);

  /** -sum_k q_k log p_k with the softmax p. */
  @Kind("cross-entropy")
  record CrossEntropy() implements Loss {
    public static CrossEntropy example() {
      return new CrossEntropy();
    }

    @Override
    public Tensor of(Tensor logits, ImageBatch batch, double smoothing) {
      return batch.mixed() == null
          ? Losses.crossEntropy(logits, batch.labels(), smoothing)
          : Losses.softCrossEntropy(logits, batch.soft(logits.size(1), smoothing));
    }
  }

  /**
   * Each class on its own, yes or no.
   *
   * @param threshold targets above it become 1, all others 0; 0 to take them as they are
   */
  @Kind("binary-cross-entropy")
  record BinaryCrossEntropy(double threshold) implements Loss {
    public BinaryCrossEntropy {
      Check.inRange("threshold", threshold, 0, 1);
    }

    public static BinaryCrossEntropy example() {
      return new BinaryCrossEntropy(0);
    }

    @Override
    public Tensor of(Tensor logits, ImageBatch batch, double smoothing) {
      Tensor soft = batch.soft(logits.size(1), smoothing);
      return Losses.binaryCrossEntropy(logits, soft, threshold);
    }
  }
}
