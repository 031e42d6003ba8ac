package org.kat4j.torch;

import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Losses and counts of classification. */
public final class Losses {
  private static final long NONE = 0; // at::Reduction::None
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
   * Targets of images mixed with partners: share h(label) + (1 - share) h(partner), where h is 1 -
   * s + s / C for its class and s / C for the others. Source: timm's {@code mixup_target}.
   *
   * @param labels {@code [batch]}, int64
   * @param partners {@code [batch]}, int64
   * @param shares {@code [batch]}, floating point
   * @param classes C
   * @param smoothing s, in [0, 1)
   * @return {@code [batch, C]} in the dtype of the shares
   */
  public static Tensor softTargets(
      Tensor labels, Tensor partners, Tensor shares, long classes, double smoothing) {
    Tensor share = shares.view(-1, 1);
    Tensor own = oneHot(labels, classes, shares).mul(share);
    Tensor other = oneHot(partners, classes, shares).mul(share.neg().add(new Scalar(1)));
    return own.add(other).mul(new Scalar(1 - smoothing)).add(new Scalar(smoothing / classes));
  }

  /** The same without partners. */
  public static Tensor smoothTargets(Tensor labels, long classes, double smoothing) {
    Tensor ones = torch.ones_like(labels).to(ScalarType.Float);
    return softTargets(labels, labels, ones, classes, smoothing);
  }

  /** {@code [batch, classes]} in dtype and on the device of another tensor. */
  private static Tensor oneHot(Tensor labels, long classes, Tensor like) {
    Tensor numbers = torch.arange(new Scalar(classes), labels.options()); // [classes]
    return labels.view(-1, 1).eq(numbers).to(like.scalar_type());
  }

  /**
   * Mean over the batch of sum_k -q_k log p_k, in the dtype of the targets q.
   *
   * @param logits {@code [batch, classes]}
   * @param targets {@code [batch, classes]}
   * @return a scalar
   */
  public static Tensor softCrossEntropy(Tensor logits, Tensor targets) {
    Tensor logProbabilities = torch.log_softmax(logits.to(targets.scalar_type()), 1);
    return targets.mul(logProbabilities).sum(1).neg().mean();
  }

  /**
   * Mean over batch and classes of the binary cross entropy of each class on its own. Source:
   * timm's {@code BinaryCrossEntropy}.
   *
   * @param logits {@code [batch, classes]}
   * @param targets {@code [batch, classes]}
   * @param threshold targets above it become 1, all others 0; 0 to take them as they are
   * @return a scalar
   */
  public static Tensor binaryCrossEntropy(Tensor logits, Tensor targets, double threshold) {
    Tensor wanted =
        threshold > 0 ? targets.gt(new Scalar(threshold)).to(targets.scalar_type()) : targets;
    Tensor exact = logits.to(targets.scalar_type());
    // max(x, 0) - x q + log(1 + e^-|x|): -q log sigmoid(x) - (1 - q) log(1 - sigmoid(x)) without
    // overflow.
    Tensor softplus = exact.abs().neg().exp().log1p();
    return exact.relu().sub(exact.mul(wanted)).add(softplus).mean();
  }

  /**
   * The summed cross entropy without smoothing, a scalar: for averages over batches of different
   * size.
   */
  public static Tensor summedCrossEntropy(Tensor logits, Tensor labels) {
    return torch.cross_entropy_loss(logits, labels, new TensorOptional(), SUM, NO_INDEX, 0);
  }

  /** The cross entropy of each row without smoothing, {@code [rows]}. */
  public static Tensor crossEntropies(Tensor logits, Tensor labels) {
    return torch.cross_entropy_loss(logits, labels, new TensorOptional(), NONE, NO_INDEX, 0);
  }

  /**
   * The logit z of one class against another as the logits (0, z) of two, {@code [rows, 1]} to
   * {@code [rows, 2]}: their softmax is the sigmoid of z.
   */
  public static Tensor twoLogits(Tensor logit) {
    return torch.cat(new TensorVector(torch.zeros_like(logit), logit), 1);
  }

  /** Mean of the squared differences, a scalar; both of one shape. */
  public static Tensor meanSquaredError(Tensor values, Tensor targets) {
    return values.sub(targets).square().mean();
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
    try (Scope _ = Scope.open()) {
      Tensor zero = torch.zeros(new long[0], new TensorOptions(ScalarType.Double));
      return Scope.keep(zero.to(device.toTorch(), ScalarType.Double));
    }
  }

  /** Running counts on a device, int64, that outlive scopes: {@code [count]}. */
  public static Tensor zeroCounts(Device device, int count) {
    try (Scope _ = Scope.open()) {
      Tensor zero = torch.zeros(new long[] {count}, new TensorOptions(ScalarType.Long));
      return Scope.keep(Memory.to(zero, device));
    }
  }

  /**
   * Counts pairs of classes without waiting for the device.
   *
   * @param counts {@code [classes * classes]}, one added at {@code first * classes + second}
   * @param first {@code [batch]}, int64
   * @param second {@code [batch]}, int64
   */
  public static void countPairs(Tensor counts, Tensor first, Tensor second, long classes) {
    Tensor places = first.mul(new Scalar(classes)).add(second);
    counts.index_add_(0, places, torch.ones_like(places));
  }

  /** Adds a loss to a running sum without waiting for the device. */
  public static void addTo(Tensor sum, Tensor loss) {
    sum.add_(loss.detach());
  }

  /** Adds a mean loss of so many samples to a running sum over samples. */
  public static void addTo(Tensor sum, Tensor mean, long samples) {
    sum.add_(mean.detach(), new Scalar(samples));
  }

  /** The loss divided by a number of accumulated batches. */
  public static Tensor divided(Tensor loss, double by) {
    return by == 1 ? loss : loss.div(new Scalar(by));
  }
}
