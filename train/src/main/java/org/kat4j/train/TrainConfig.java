package org.kat4j.train;

import java.nio.file.Path;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.kat4j.augment.Augmentation;
import org.kat4j.augment.Mixing;
import org.kat4j.config.Check;
import org.kat4j.data.FolderReading;
import org.kat4j.data.ImageData;
import org.kat4j.data.ImageSet;
import org.kat4j.data.ImageSources;
import org.kat4j.data.Normalization;
import org.kat4j.error.UserException;
import org.kat4j.image.EvaluationTransform;
import org.kat4j.image.Resampling;
import org.kat4j.model.Model;
import org.kat4j.optim.AdamW;
import org.kat4j.optim.Ema;
import org.kat4j.optim.GradientClip;
import org.kat4j.optim.Optimizer;
import org.kat4j.task.Loss;
import org.kat4j.torch.Precision;

/**
 * Everything that determines a training run, as written to {@code config.yaml}.
 *
 * @param model the network; its input is fitted to the data
 * @param data which images
 * @param augmentation what happens to training images
 * @param mixing what happens between the images of a batch
 * @param loss what is made small
 * @param optimizer how weights move
 * @param layerDecay factor of the learning rate from each layer to the one below, 1 for the same
 *     rate
 * @param schedule how long, and the learning rate over time
 * @param labelSmoothing share of the target that is spread over all classes, in [0, 1)
 * @param batchSize images of a batch
 * @param dropLast whether a last batch that is not full is left out
 * @param accumulation batches of an update
 * @param clipNorm limit of the gradients in the sense of {@code clipMode}, 0 for no limit
 * @param clipMode what is limited: one norm, each value, or each unit beside its weights
 * @param ema moving average of the weights, which is then what is evaluated and kept as best
 * @param seed of initial weights, order of images, augmentation and drop path
 * @param device cpu, cuda or cuda:N
 * @param precision arithmetic of the forward and backward pass; parameters and optimizer stay in
 *     float32, and so does evaluation
 * @param threads threads of one operation, 0 for all cores
 * @param loaderThreads threads that read and change images, 0 to let kat4j choose; the images do
 *     not depend on it
 * @param checkpointSeconds seconds between checkpoints inside an epoch; one is written after each
 *     epoch in any case
 * @param fineTuning weights to start from, and parameters that are treated apart
 */
public record TrainConfig(
    Model.Spec model,
    Data data,
    Augmentation augmentation,
    Mixing mixing,
    Loss loss,
    Optimizer.Spec optimizer,
    double layerDecay,
    Schedule schedule,
    double labelSmoothing,
    int batchSize,
    boolean dropLast,
    int accumulation,
    double clipNorm,
    GradientClip clipMode,
    Ema.Spec ema,
    long seed,
    String device,
    Precision precision,
    int threads,
    int loaderThreads,
    int checkpointSeconds,
    FineTuning fineTuning) {

  /**
   * @param name strokes, mnist, fashion-mnist, cifar10 or an image folder
   * @param imageSize pixels that images of a folder are brought to, 0 for the set's own size
   * @param holdOut share of the training images that is kept back to validate on, 0 to validate on
   *     the set's second split
   * @param cropPct share of the scaled side that is kept at evaluation, for images of a folder
   * @param interpolation filter of that scaling
   * @param upright whether JPEGs of a folder are turned as their EXIF orientation says
   * @param maxBroken broken files of a folder that are left out before one more ends the run
   * @param normalization {@code set} for the set's own mean and deviation, or {@link
   *     Normalization#text}
   */
  public record Data(
      String name,
      int imageSize,
      double holdOut,
      double cropPct,
      Resampling interpolation,
      boolean upright,
      int maxBroken,
      String normalization) {
    private static final String OF_SET = "set";

    public Data {
      Check.between("imageSize", imageSize, 0, 8192);
      Check.inRange("holdOut", holdOut, 0, 1);
      new EvaluationTransform(cropPct, interpolation); // checks the share
      Check.between("maxBroken", maxBroken, 0, Integer.MAX_VALUE);
      if (!normalization.equals(OF_SET)) {
        try {
          Normalization.parse(normalization);
        } catch (IllegalArgumentException wrong) {
          throw new IllegalArgumentException(
              "normalization = " + wrong.getMessage() + ", or " + OF_SET, wrong);
        }
      }
    }

    /** A set as it is. */
    public static Data of(String name) {
      return new Data(name, 0, 0, 1, Resampling.BICUBIC, false, 0, OF_SET);
    }

    /**
     * Opens the images.
     *
     * @param root folder with the files of published sets, null to look in the cache only
     */
    public ImageData open(@Nullable Path root) {
      ImageData images = ImageSources.openWith(reading(), name, root);
      return normalization.equals(OF_SET)
          ? images
          : images.normalized(Normalization.parse(normalization));
    }

    private FolderReading reading() {
      return new FolderReading(
          imageSize, new EvaluationTransform(cropPct, interpolation, upright), maxBroken);
    }
  }

  public TrainConfig {
    Check.positive("layerDecay", layerDecay);
    Check.inRange("labelSmoothing", labelSmoothing, 0, 1);
    Check.between("batchSize", batchSize, 1, 1_000_000);
    Check.between("accumulation", accumulation, 1, 1_000_000);
    Check.inRange("clipNorm", clipNorm, 0, Double.POSITIVE_INFINITY);
    Check.between("threads", threads, 0, 4096);
    Check.between("loaderThreads", loaderThreads, 0, 4096);
    Check.between("checkpointSeconds", checkpointSeconds, 1, 1_000_000);
  }

  /** The quickstart: a small KAT on the embedded strokes. */
  public static TrainConfig example() {
    return new TrainConfig(
        Model.Spec.named("kat_nano"),
        Data.of("strokes"),
        new Augmentation(false, 2),
        Mixing.NONE,
        new Loss.CrossEntropy(),
        new AdamW.Spec(2e-3, 0.05, 0.9, 0.999, 1e-8),
        1,
        new Schedule(6, 0.5, 1e-5, 1e-5, true),
        0.1,
        64,
        true,
        1,
        1,
        GradientClip.NORM,
        Ema.Spec.NONE,
        1,
        "cpu",
        Precision.FLOAT32,
        0,
        0,
        60,
        FineTuning.NONE);
  }

  /**
   * The model's input fitted to the data.
   *
   * @throws UserException unless the images are square and of two classes at least
   */
  public TrainConfig fittedTo(ImageData images) {
    ImageSet train = images.train();
    if (train.height() != train.width()) {
      throw new UserException(
          "%s: images of %d x %d pixels, models take square ones: set data.imageSize to cut them"
              .formatted(images.name(), train.width(), train.height()));
    }
    int first = train.label(0);
    if (IntStream.range(1, train.size()).allMatch(i -> train.label(i) == first)) {
      throw new UserException(
          "%s: all training images are of one class, \"%s\": nothing to tell apart; is the folder one level too deep?"
              .formatted(images.name(), train.classNames().get(first)));
    }
    return withModel(model.withInput(train.height(), train.channels(), train.classNames().size()));
  }

  private TrainConfig withModel(Model.Spec other) {
    return new TrainConfig(
        other,
        data,
        augmentation,
        mixing,
        loss,
        optimizer,
        layerDecay,
        schedule,
        labelSmoothing,
        batchSize,
        dropLast,
        accumulation,
        clipNorm,
        clipMode,
        ema,
        seed,
        device,
        precision,
        threads,
        loaderThreads,
        checkpointSeconds,
        fineTuning);
  }
}
