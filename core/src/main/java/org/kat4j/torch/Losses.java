package org.kat4j.torch;

import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Losses and counts of classification. */
public final class Losses {
  private static final long MEAN = 1; // at::Reduction::Mean
  private static final long SUM = 2; // at::Reduction::Sum
  private static final long NO_INDEX = -100;

  private Losses() {}

  /**
   * Mean cross entropy with label smoothing s: (1-s)(-log p_y) + s mean_k(-log p_k).
   *
   * @param logits {@code [batch, classes]}
   * @param labels {@code [batch]}, int64
   * @param smoothing s, in [0, 1)
   * @return a scalar
   */
  public static Tensor crossEntropy(Tensor logits, Tensor labels, double smoothing) {
    return torch.cross_entropy_loss(
        logits, labels, new TensorOptional(), MEAN, NO_INDEX, smoothing);
  }

  /**
   * The summed cross entropy without smoothing, a scalar: for averages over batches of different
   * size.
   */
  public static Tensor summedCrossEntropy(Tensor logits, Tensor labels) {
    return torch.cross_entropy_loss(logits, labels, new TensorOptional(), SUM, NO_INDEX, 0);
  }

  /** How many labels are among the k largest logits: a scalar, int64. */
  public static Tensor countInTop(Tensor logits, Tensor labels, int k) {
    Tensor best =
        torch.topk(logits, Math.min(k, logits.size(1)), 1, true, true).get1(); // [batch, k]
    return best.eq(labels.view(-1, 1)).sum();
  }

  /** The class with the largest logit, {@code [batch]}, int64. */
  public static Tensor mostProbable(Tensor logits) {
    return torch.argmax(logits, new LongOptional(1), false);
  }

  /** Probabilities of the classes, {@code [batch, classes]}. */
  public static Tensor probabilities(Tensor logits) {
    return torch.softmax(logits, 1);
  }

  /** A running sum of losses on a device: a float64 scalar that outlives scopes. */
  public static Tensor zeroSum(Device device) {
    Tensor zero = torch.zeros(new long[0], new TensorOptions(ScalarType.Double));
    return Scope.keep(zero.to(device.toTorch(), ScalarType.Double));
  }

  /** Adds a loss to a running sum without waiting for the device. */
  public static void addTo(Tensor sum, Tensor loss) {
    sum.add_(loss.detach());
  }

  /** The loss divided by a number of accumulated batches. */
  public static Tensor divided(Tensor loss, double by) {
    return by == 1 ? loss : loss.div(new Scalar(by));
  }
}
