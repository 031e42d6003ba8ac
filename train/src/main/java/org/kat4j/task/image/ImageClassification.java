package org.kat4j.task.image;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.kat4j.augment.Augmentation;
import org.kat4j.augment.Mixing;
import org.kat4j.config.Check;
import org.kat4j.config.Kind;
import org.kat4j.data.Feed;
import org.kat4j.data.ImageBatch;
import org.kat4j.data.ImageData;
import org.kat4j.data.ImageFeed;
import org.kat4j.data.ImageSet;
import org.kat4j.data.Loader;
import org.kat4j.data.Loading;
import org.kat4j.data.Normalization;
import org.kat4j.data.SkippedImage;
import org.kat4j.data.Split;
import org.kat4j.data.Subset;
import org.kat4j.error.OneLine;
import org.kat4j.error.UserException;
import org.kat4j.image.Picture;
import org.kat4j.model.ImageModel;
import org.kat4j.model.Model;
import org.kat4j.model.Signature;
import org.kat4j.task.Measure;
import org.kat4j.task.Objective;
import org.kat4j.task.Task;

/** To say of which class an image is. */
public final class ImageClassification implements Task<ImageBatch> {
  private static final int PICTURES = 10;

  /**
   * @param data which images
   * @param augmentation what happens to training images
   * @param mixing what happens between the images of a batch
   * @param loss what is made small
   * @param labelSmoothing share of the target that is spread over all classes, in [0, 1)
   */
  @Kind("image-classification")
  public record Spec(
      ImageSelection data,
      Augmentation augmentation,
      Mixing mixing,
      Loss loss,
      double labelSmoothing)
      implements Task.Spec {
    public Spec {
      Check.inRange("labelSmoothing", labelSmoothing, 0, 1);
    }

    /** The quickstart: the embedded strokes. */
    public static Spec example() {
      return new Spec(
          ImageSelection.of("strokes"),
          new Augmentation(false, 2),
          Mixing.NONE,
          new Loss.CrossEntropy(),
          0.1);
    }

    @Override
    public ImageClassification open(@Nullable Path root, long seed) {
      return new ImageClassification(this, data.open(root), seed);
    }

    /** A small KAT. */
    @Override
    public Model.Spec usualModel() {
      return Model.Spec.named("kat_nano");
    }

    @Override
    public String name() {
      return String.valueOf(Path.of(data.name()).getFileName());
    }

    private Spec withNormalization(Normalization normalization) {
      return new Spec(
          data.withNormalization(normalization), augmentation, mixing, loss, labelSmoothing);
    }
  }

  private final Spec spec;
  private final ImageData images;
  private final ImageSet train;
  private final ImageSet validation;
  private final @Nullable ImageSet test;
  private final long seed;

  /** Images that were opened. */
  public ImageClassification(Spec spec, ImageData images, long seed) {
    this(spec, images, null, seed);
  }

  /**
   * Images that were opened, and others to judge by in the end.
   *
   * @param test null where there are none
   */
  public ImageClassification(Spec spec, ImageData images, @Nullable ImageSet test, long seed) {
    this.spec = spec;
    this.test = test;
    this.images = images;
    this.seed = seed;
    double holdOut = spec.data().holdOut();
    Split split =
        holdOut == 0
            ? new Split(images.train(), images.validation())
            : Split.holdOut(images.train(), holdOut, seed);
    train = split.train();
    validation = split.validation();
  }

  private void requireTwoClasses() {
    int first = train.label(0);
    if (IntStream.range(1, train.size()).allMatch(i -> train.label(i) == first)) {
      throw new UserException(
          "%s: all training images are of one class, \"%s\": nothing to tell apart; is the folder one level too deep?"
              .formatted(images.name(), train.classNames().get(first)));
    }
  }

  /** What it was opened by. */
  public Spec spec() {
    return spec;
  }

  /** The images that are trained on. */
  public ImageSet train() {
    return train;
  }

  /** The images that models are judged by: those of the set's second split, or others. */
  public ImageSet judgedBy() {
    return test == null ? images.validation() : test;
  }

  /** The same images, their pixels normalised in another way. */
  public ImageClassification normalized(Normalization normalization) {
    return new ImageClassification(
        spec.withNormalization(normalization),
        images.normalized(normalization),
        test == null ? null : Subset.normalized(test, normalization),
        seed);
  }

  @Override
  public String describe() {
    return "%s: %d training, %d validation images"
        .formatted(OneLine.of(images.name()), images.train().size(), images.validation().size());
  }

  @Override
  public String unit() {
    return "images";
  }

  @Override
  public String checksum() {
    return "%d images of %s".formatted(train.size(), train.classNames());
  }

  @Override
  public Signature.Images signature() {
    return new Signature.Images(
        train.channels(), train.height(), train.width(), train.classNames().size());
  }

  @Override
  public Measure primary() {
    return ImageMeter.TOP1;
  }

  @Override
  public Map<String, String> meaning() {
    return InputDescription.of(train).toMetadata();
  }

  @Override
  public Feed<ImageBatch> training(Feeding how) {
    requireTwoClasses();
    Loader.checkMemory(train, how.batchSize());
    Loading all =
        new Loading(
            how.batchSize(),
            true,
            /* dropLast= */ false,
            spec.augmentation(),
            spec.mixing(),
            how.seed(),
            how.threads() > 0 ? how.threads() : Loading.defaultWorkers(train));
    boolean hasFullBatch = all.images(train.size()) >= how.batchSize();
    return new ImageFeed(train, how.dropLast() && hasFullBatch ? all.droppingLast() : all);
  }

  @Override
  public Feed<ImageBatch> validation(int batchSize) {
    return inOrder(validation, batchSize);
  }

  @Override
  public Feed<ImageBatch> test(int batchSize) {
    return inOrder(judgedBy(), batchSize);
  }

  @Override
  public boolean hasTest() {
    return test != null || spec.data().holdOut() > 0;
  }

  private static Feed<ImageBatch> inOrder(ImageSet set, int batchSize) {
    return new ImageFeed(set, Loading.inOrder(batchSize, Loading.defaultWorkers(set)));
  }

  @Override
  public Objective<ImageBatch> of(Model model) {
    return new ImageObjective(ImageModel.of(model), spec.loss(), spec.labelSmoothing());
  }

  @Override
  public String sizeKey() {
    return "task.data.imageSize";
  }

  /** The first image of each of the first classes. */
  @Override
  public SequencedMap<String, Picture> pictures() {
    SequencedMap<String, Picture> shown = new LinkedHashMap<>();
    int most = Math.min(PICTURES, train.classNames().size());
    for (int i = 0; i < train.size() && shown.size() < most; i++) {
      String name = train.classNames().get(train.label(i));
      if (!shown.containsKey(name)) {
        try {
          shown.put(name, train.picture(i));
        } catch (SkippedImage broken) {
          // the next of its class
        }
      }
    }
    return shown;
  }
}
