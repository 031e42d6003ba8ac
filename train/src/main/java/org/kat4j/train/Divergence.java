package org.kat4j.train;

import java.nio.file.Files;
import org.jspecify.annotations.Nullable;
import org.kat4j.error.DivergedException;
import org.kat4j.error.UserException;

/** Where a run ends because its numbers are none any more, before they are written anywhere. */
final class Divergence {
  private final @Nullable RunFolder folder;

  /** Of a run. */
  Divergence(RunFolder folder) {
    this.folder = folder;
  }

  /** Of a loop that has no folder. */
  Divergence() {
    folder = null;
  }

  /**
   * A number that has to be finite.
   *
   * @param epoch the one in progress, from 0
   * @throws DivergedException if it is not
   */
  double finite(String what, double value, int epoch) {
    return DivergedException.finite(what, value, advice(epoch));
  }

  /**
   * Weights that are to be kept.
   *
   * @throws DivergedException if they are dead
   */
  void check(WeightUpdate weights, int epoch) {
    if (!weights.areSound()) {
      throw new DivergedException(
          "the weights, or what the model makes of them, are no finite numbers " + advice(epoch));
    }
  }

  /** An epoch that had batches to learn from. */
  static void checkTrained(Checkpoint position) {
    if (position.trained() == 0) {
      throw new UserException(
          "epoch %d had nothing to train on: its samples are all broken, or fewer than two"
              .formatted(position.epoch() + 1));
    }
  }

  private String advice(int epoch) {
    String where = "in epoch %d: ".formatted(epoch + 1);
    return folder == null
        ? where + "take a lower learning rate, or scale the targets"
        : where + "lower optimizer.lr or set clipNorm" + wayOn(folder);
  }

  private static String wayOn(RunFolder folder) {
    return Files.exists(folder.last())
        ? " in %s, and go on with --resume: %s is from before"
            .formatted(folder.config(), folder.last())
        : "; no checkpoint was written yet";
  }
}
