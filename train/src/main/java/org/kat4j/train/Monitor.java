package org.kat4j.train;

import org.kat4j.task.Scores;

/**
 * Follows a training run. Every method is called on the training thread and must return quickly.
 */
public interface Monitor {
  /**
   * Where a run stands, a few times a second.
   *
   * @param epoch the epoch in progress, from 1
   * @param epochs how many there are
   * @param batch batches done in this epoch
   * @param batches batches of an epoch
   * @param loss mean training loss of this epoch so far
   * @param samplesPerSecond training samples a second in this epoch, without evaluations and
   *     checkpoints
   * @param secondsLeft until the last epoch is evaluated, as far as one can say; evaluations count
   *     once the first is done
   */
  record Progress(
      int epoch,
      int epochs,
      int batch,
      int batches,
      double loss,
      double samplesPerSecond,
      double secondsLeft) {}

  /**
   * A finished epoch: one line of {@code metrics.jsonl}.
   *
   * @param epoch from 1
   * @param updates updates so far
   * @param lr learning rate of the last update
   * @param trainLoss mean training loss
   * @param scores on the validation samples
   * @param samplesPerSecond training samples a second in this epoch, without its evaluation and
   *     checkpoints
   * @param seconds training and evaluation so far, all processes of the run together
   * @param best whether it is the best so far
   */
  record EpochResult(
      int epoch,
      long updates,
      double lr,
      double trainLoss,
      Scores scores,
      double samplesPerSecond,
      double seconds,
      boolean best) {}

  void progress(Progress progress);

  void epoch(EpochResult result);

  /** Follows nothing. */
  Monitor SILENT =
      new Monitor() {
        @Override
        public void progress(Progress progress) {}

        @Override
        public void epoch(EpochResult result) {}
      };
}
