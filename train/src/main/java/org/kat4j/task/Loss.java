package org.kat4j.task;

import org.bytedeco.pytorch.Tensor;
import org.kat4j.config.Check;
import org.kat4j.config.Kind;
import org.kat4j.data.Batch;
import org.kat4j.torch.Device;
import org.kat4j.torch.Losses;
import org.kat4j.torch.Memory;

/** What training makes small. */
public sealed interface Loss {
  /**
   * The loss of a batch.
   *
   * @param logits {@code [batch, classes]}
   * @param batch labels, and the partners' where it is mixed
   * @param smoothing share of the target that is spread over all classes
   * @return a scalar
   */
  Tensor of(Tensor logits, Batch batch, double smoothing);

  /** -sum_k q_k log p_k with the softmax p. */
  @Kind("cross-entropy")
  record CrossEntropy() implements Loss {
    public static CrossEntropy example() {
      return new CrossEntropy();
    }

    @Override
    public Tensor of(Tensor logits, Batch batch, double smoothing) {
      return batch.isMixed()
          ? Losses.softCrossEntropy(logits, softTargets(logits, batch, smoothing))
          : Losses.crossEntropy(logits, labels(logits, batch), smoothing);
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
    public Tensor of(Tensor logits, Batch batch, double smoothing) {
      Tensor targets =
          batch.isMixed()
              ? softTargets(logits, batch, smoothing)
              : Losses.smoothTargets(labels(logits, batch), logits.size(1), smoothing);
      return Losses.binaryCrossEntropy(logits, targets, threshold);
    }
  }

  private static Tensor labels(Tensor logits, Batch batch) {
    return Memory.to(Memory.longs(batch.labels(), batch.count()), Device.of(logits));
  }

  private static Tensor softTargets(Tensor logits, Batch batch, double smoothing) {
    Device device = Device.of(logits);
    return Losses.softTargets(
        labels(logits, batch),
        Memory.to(Memory.longs(batch.partnerLabels(), batch.count()), device),
        Memory.to(Memory.floats(batch.shares(), batch.count()), device),
        logits.size(1),
        smoothing);
  }
}
