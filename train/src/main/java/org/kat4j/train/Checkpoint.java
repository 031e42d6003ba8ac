package org.kat4j.train;

/**
 * Where a run stands: beside weights, optimizer and random stream all that it needs to go on bit
 * for bit.
 *
 * @param epoch the epoch in progress, from 0
 * @param batch batches of it that are done
 * @param empty those of them that nothing was trained on, since their files are broken
 * @param update updates done
 * @param best best score on the validation samples so far, by the primary measure; NaN before the
 *     first evaluation
 * @param bestEpoch epochs that were done when it was reached, 0 before
 * @param seconds time spent so far
 * @param plateau what a plateau schedule has seen
 */
record Checkpoint(
    int epoch,
    int batch,
    int empty,
    long update,
    double best,
    int bestEpoch,
    double seconds,
    Decay.Plateau.Seen plateau) {
  static final Checkpoint START =
      new Checkpoint(0, 0, 0, 0, Double.NaN, 0, 0, Decay.Plateau.Seen.NOTHING);

  /** One more batch is done, trained on or not, and maybe an update. */
  Checkpoint afterBatch(boolean trained, boolean updated) {
    return new Checkpoint(
        epoch,
        batch + 1,
        empty + (trained ? 0 : 1),
        update + (updated ? 1 : 0),
        best,
        bestEpoch,
        seconds,
        plateau);
  }

  /** At the start of another epoch, after so many updates. */
  Checkpoint atEpoch(int other, long updates) {
    return new Checkpoint(other, 0, 0, updates, best, bestEpoch, seconds, plateau);
  }

  /** One more epoch is done, and was not evaluated. */
  Checkpoint afterEpoch(double secondsSpent) {
    return new Checkpoint(epoch + 1, 0, 0, update, best, bestEpoch, secondsSpent, plateau);
  }

  /** One more epoch is done, with this score. */
  Checkpoint afterEpoch(
      double score, boolean isBest, double secondsSpent, Decay.Plateau.Seen seen) {
    return new Checkpoint(
        epoch + 1,
        0,
        0,
        update,
        isBest ? score : best,
        isBest ? epoch + 1 : bestEpoch,
        secondsSpent,
        seen);
  }

  Checkpoint at(double secondsSpent) {
    return new Checkpoint(epoch, batch, empty, update, best, bestEpoch, secondsSpent, plateau);
  }

  /** Batches of this epoch that were trained on. */
  int trained() {
    return batch - empty;
  }
}
