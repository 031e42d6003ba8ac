package org.kat4j.train;

import org.kat4j.augment.Augmentation;
import org.kat4j.config.Check;
import org.kat4j.model.Model;
import org.kat4j.optim.AdamW;
import org.kat4j.optim.CosineSchedule;
import org.kat4j.optim.Optimizer;

/**
 * Everything that determines a training run, as written to {@code config.yaml}.
 *
 * @param model the network; its input is fitted to the data
 * @param data which images
 * @param augmentation what happens to training images
 * @param optimizer how weights move
 * @param schedule how long, and the learning rate over time
 * @param labelSmoothing share of the target that is spread over all classes, in [0, 1)
 * @param batchSize images of a batch
 * @param accumulation batches of an update
 * @param clipNorm largest norm of the gradients, 0 for no limit
 * @param seed of initial weights, order of images, augmentation and drop path
 * @param device cpu, cuda or cuda:N
 * @param threads threads of one operation, 0 for all cores
 * @param checkpointSeconds seconds between checkpoints inside an epoch; one is written after each
 *     epoch in any case
 * @param fineTuning weights to start from, and parameters that are treated apart
 */
public record TrainConfig(
    Model.Spec model,
    Data data,
    Augmentation augmentation,
    Optimizer.Spec optimizer,
    Schedule schedule,
    double labelSmoothing,
    int batchSize,
    int accumulation,
    double clipNorm,
    long seed,
    String device,
    int threads,
    int checkpointSeconds,
    FineTuning fineTuning) {

  /**
   * @param name strokes, mnist, fashion-mnist, cifar10 or an image folder
   * @param imageSize pixels that images of a folder are brought to, 0 for the set's own size
   * @param holdOut share of the training images that is kept back to validate on, 0 to validate on
   *     the set's second split
   */
  public record Data(String name, int imageSize, double holdOut) {
    public Data {
      Check.between("imageSize", imageSize, 0, 8192);
      Check.inRange("holdOut", holdOut, 0, 1);
    }
  }

  /**
   * @param epochs passes over the training images
   * @param warmupEpochs epochs of linear warm-up, part of the epochs
   * @param warmupLr learning rate at the very start
   * @param minLr learning rate at the end
   * @param onUpdates whether the rate changes with every update; otherwise with every epoch, as
   *     timm's default
   */
  public record Schedule(
      int epochs, double warmupEpochs, double warmupLr, double minLr, boolean onUpdates) {
    public Schedule {
      Check.between("epochs", epochs, 1, 1_000_000);
      Check.inRange("warmupEpochs", warmupEpochs, 0, Double.POSITIVE_INFINITY);
      Check.inRange("warmupLr", warmupLr, 0, Double.POSITIVE_INFINITY);
      Check.inRange("minLr", minLr, 0, Double.POSITIVE_INFINITY);
    }

    /**
     * The learning rate of update {@code update}, counted from 0, when an epoch has {@code
     * updatesPerEpoch}.
     */
    double lr(double lr, long update, long updatesPerEpoch) {
      double epoch = onUpdates ? (double) update / updatesPerEpoch : update / updatesPerEpoch;
      return new CosineSchedule(lr, epochs, minLr, warmupEpochs, warmupLr, false).at(epoch);
    }
  }

  public TrainConfig {
    Check.inRange("labelSmoothing", labelSmoothing, 0, 1);
    Check.between("batchSize", batchSize, 1, 1_000_000);
    Check.between("accumulation", accumulation, 1, 1_000_000);
    Check.inRange("clipNorm", clipNorm, 0, Double.POSITIVE_INFINITY);
    Check.between("threads", threads, 0, 4096);
    Check.between("checkpointSeconds", checkpointSeconds, 1, 1_000_000);
  }

  /** The quickstart: a small KAT on the embedded strokes. */
  public static TrainConfig example() {
    return new TrainConfig(
        Model.Spec.named("kat_nano"),
        new Data("strokes", 0, 0),
        new Augmentation(false, 2),
        new AdamW.Spec(2e-3, 0.05, 0.9, 0.999, 1e-8),
        new Schedule(6, 0.5, 1e-5, 1e-5, true),
        0.1,
        64,
        1,
        1,
        1,
        "cpu",
        0,
        60,
        FineTuning.NONE);
  }

  TrainConfig withModel(Model.Spec other) {
    return new TrainConfig(
        other,
        data,
        augmentation,
        optimizer,
        schedule,
        labelSmoothing,
        batchSize,
        accumulation,
        clipNorm,
        seed,
        device,
        threads,
        checkpointSeconds,
        fineTuning);
  }
}
