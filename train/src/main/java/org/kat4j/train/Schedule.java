package org.kat4j.train;

import org.kat4j.config.Check;
import org.kat4j.optim.CosineSchedule;
import org.kat4j.task.Measure;

/**
 * How long a run is, and its learning rate over time.
 *
 * @param epochs passes over the training samples
 * @param warmupEpochs epochs of linear warm-up
 * @param warmupLr learning rate at the very start
 * @param minLr smallest learning rate of a cosine or plateau
 * @param onUpdates whether the rate changes with every update; otherwise with every epoch, as
 *     timm's default
 * @param warmupPrefix whether the warm-up comes on top of the epochs; otherwise it is the first
 *     part of them, and a cosine begins below the full rate
 * @param decay how the rate falls
 */
public record Schedule(
    int epochs,
    double warmupEpochs,
    double warmupLr,
    double minLr,
    boolean onUpdates,
    boolean warmupPrefix,
    Decay decay) {
  public Schedule {
    Check.between("epochs", epochs, 1, 1_000_000);
    Check.inRange("warmupEpochs", warmupEpochs, 0, Double.POSITIVE_INFINITY);
    Check.inRange("warmupLr", warmupLr, 0, Double.POSITIVE_INFINITY);
    Check.inRange("minLr", minLr, 0, Double.POSITIVE_INFINITY);
  }

  /** A cosine whose warm-up is part of the epochs. */
  public Schedule(
      int epochs, double warmupEpochs, double warmupLr, double minLr, boolean onUpdates) {
    this(epochs, warmupEpochs, warmupLr, minLr, onUpdates, false, new Decay.Cosine());
  }

  /** All epochs, those of the warm-up included. */
  public int totalEpochs() {
    return epochs + (warmupPrefix ? (int) Math.ceil(warmupEpochs) : 0);
  }

  /**
   * The learning rate of update {@code update}, counted from 0, when an epoch has {@code
   * updatesPerEpoch}.
   *
   * @param plateau what a plateau schedule has seen
   */
  double lr(double lr, long update, long updatesPerEpoch, Decay.Plateau.Seen plateau) {
    double t = onUpdates ? (double) update / updatesPerEpoch : update / updatesPerEpoch;
    if (t < warmupEpochs) {
      return new CosineSchedule(lr, epochs, minLr, warmupEpochs, warmupLr, false).at(t);
    }
    return decay.at(lr, warmupPrefix ? t - warmupEpochs : t, epochs, minLr, plateau);
  }

  /**
   * The learning rate of update {@code update}, counted from 0, as planned: a plateau is never
   * reached.
   */
  public double planned(double lr, long update, long updatesPerEpoch) {
    return lr(lr, update, updatesPerEpoch, Decay.Plateau.Seen.NOTHING);
  }

  /**
   * What a plateau schedule has seen once {@code done} epochs are done, the last with this {@code
   * score} by the primary measure.
   */
  Decay.Plateau.Seen after(Decay.Plateau.Seen seen, int done, double score, Measure primary) {
    return decay instanceof Decay.Plateau plateau && done > warmupEpochs
        ? plateau.after(seen, score, primary)
        : seen;
  }
}
