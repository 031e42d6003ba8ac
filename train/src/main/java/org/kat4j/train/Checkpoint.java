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
 * @param seconds time spent so far
 * @param plateau what a plateau schedule has seen
 */
record Checkpoint(
    int epoch,
    int batch,
    int empty,
    long update,
    double best,
    double seconds,
    Decay.Plateau.Seen plateau) {
  static final Checkpoint START =
      new Checkpoint(0, 0, 0, 0, Double.NaN, 0, Decay.Plateau.Seen.NOTHING);

  /** One more batch is done, trained on or not, and maybe an update. */
  Checkpoint afterBatch(boolean trained, boolean updated) {
    return new Checkpoint(
        epoch,
        batch + 1,
        empty + (trained ? 0 : 1),
        update + (updated ? 1 : 0),
        best,
        seconds,
        plateau);
  }

  /** One more epoch is done. */
  Checkpoint afterEpoch(double bestSoFar, double secondsSpent, Decay.Plateau.Seen seen) {
    return new Checkpoint(epoch + 1, 0, 0, update, bestSoFar, secondsSpent, seen);
  }

  Checkpoint at(double secondsSpent) {
    return new Checkpoint(epoch, batch, empty, update, best, secondsSpent, plateau);
  }

  /** Batches of this epoch that were trained on. */
  int trained() {
    return batch - empty;
  }
}
