package org.kat4j.lab.image;

import java.util.List;
import java.util.stream.IntStream;
import org.kat4j.augment.Augmentation;
import org.kat4j.augment.Mixing;
import org.kat4j.data.Checksum;
import org.kat4j.data.ImageData;
import org.kat4j.data.ImageSet;
import org.kat4j.data.ImageSources;
import org.kat4j.data.RandomStream;
import org.kat4j.data.Subset;
import org.kat4j.error.UserException;
import org.kat4j.lab.Training;
import org.kat4j.lab.Trial;
import org.kat4j.lab.Workplace;
import org.kat4j.task.image.ImageClassification;
import org.kat4j.task.image.ImageSelection;
import org.kat4j.task.image.Loss;

/**
 * Images of a published set in three parts: to learn from and to choose by, drawn from its training
 * images and the same for every arm and seed; and to judge by, the first of its test images.
 *
 * @param spec the task
 * @param fit what is learnt from and chosen by
 * @param test what is judged by
 */
public record Images(ImageClassification.Spec spec, ImageData fit, ImageSet test)
    implements Training.Data {
  private static final long SPLIT_SEED = 9;

  /** The task of a set by name: plain cross entropy, nothing mixed. */
  public static ImageClassification.Spec task(String set, Augmentation augmentation) {
    return new ImageClassification.Spec(
        ImageSelection.of(set), augmentation, Mixing.NONE, new Loss.CrossEntropy(), 0);
  }

  /**
   * @param train images to learn from
   * @param validation other training images to choose by
   * @param test images to judge by, at most all of the test set
   */
  public static Training.Source of(
      ImageClassification.Spec spec, int train, int validation, int test) {
    return place -> open(spec, train, validation, test, place);
  }

  /** Opens them. */
  public static Images open(
      ImageClassification.Spec spec, int train, int validation, int test, Workplace place) {
    String set = spec.data().name();
    ImageData data = ImageSources.open(set, place.dataRoot(), null);
    int there = data.train().size();
    if (train + validation > there) {
      throw new UserException(
          "%s has %,d training images, this budget needs %,d: take a smaller budget, or put the whole set under --data-root"
              .formatted(data.description(), there, train + validation));
    }
    int[] order = RandomStream.of(SPLIT_SEED).permutation(there);
    ImageSet learned = new Subset(data.train(), slice(order, 0, train));
    ImageSet chosenBy = new Subset(data.train(), slice(order, train, validation));
    ImageSet judgedBy = Subset.first(data.validation(), Math.min(test, data.validation().size()));
    return new Images(spec, new ImageData(set, learned, chosenBy, data.description()), judgedBy);
  }

  private static int[] slice(int[] order, int from, int count) {
    return IntStream.range(from, from + count).map(i -> order[i]).toArray();
  }

  /** Of all pixels and classes, wherever they lie. */
  @Override
  public String checksum() {
    Checksum checksum = new Checksum();
    for (ImageSet set : List.of(fit.train(), fit.validation(), test)) {
      byte[] pixels = new byte[set.channels() * set.height() * set.width()];
      for (int i = 0; i < set.size(); i++) {
        set.read(i, pixels, 0);
        checksum.add(pixels).add(new int[] {set.label(i)});
      }
    }
    return "sha256 %s; split %d".formatted(checksum.digits(), SPLIT_SEED);
  }

  @Override
  public ImageClassification task(Trial trial) {
    return new ImageClassification(spec, fit, trial.last() ? test : null, trial.seed());
  }
}
