package org.kat4j.task.image;

import java.util.Arrays;
import org.kat4j.data.ImageFeed;
import org.kat4j.data.ImageSet;
import org.kat4j.data.Loading;
import org.kat4j.model.ImageModel;
import org.kat4j.model.Model;
import org.kat4j.task.Scores;
import org.kat4j.torch.Device;
import org.kat4j.torch.StateDict;

/**
 * How well a model classifies a set of images.
 *
 * @param top1 share of images whose most probable class is right, in percent
 * @param top5 share of images whose class is among the five most probable, in percent
 * @param loss mean cross entropy, without label smoothing
 * @param confusion {@code confusion[true class][predicted class]}: numbers of images
 */
public record Evaluation(double top1, double top5, double loss, long[][] confusion) {
  private static final int BATCH = 250;
  private static final int BATCH_NUMBERS = 4 << 20; // fewer images where they are large

  /** How many images go through a model at once where nothing else is known: 27 of 224 pixels. */
  public static int usualBatch(ImageSet images) {
    return Math.clamp(
        BATCH_NUMBERS / (images.channels() * images.height() * images.width()), 1, BATCH);
  }

  /** Evaluates on the device of the model's weights, in its dtype. */
  public static Evaluation of(Model model, ImageSet images) {
    return of(model, images, usualBatch(images));
  }

  /**
   * The same.
   *
   * @param batchSize images at once: those of a training batch fit, with their gradients
   */
  public static Evaluation of(Model model, ImageSet images, int batchSize) {
    return of(scores(ImageModel.of(model), images, batchSize));
  }

  /** The same as scores, whose detail it is. */
  public static Scores scores(ImageModel model, ImageSet images, int batchSize) {
    Loading loading = Loading.inOrder(batchSize, Loading.defaultWorkers(images));
    return Scores.measured(
        new ImageFeed(images, loading),
        new ImageMeter(model),
        Device.of(StateDict.of(model).firstEntry().getValue()));
  }

  /** What the scores of {@link ImageMeter} were made of. */
  public static Evaluation of(Scores scores) {
    return (Evaluation) scores.detail().orElseThrow();
  }

  /** Mean of {@link #perClass} over the classes that have images: each class counts alike. */
  public double balancedTop1() {
    double sum = 0;
    int present = 0;
    double[] shares = perClass();
    for (int c = 0; c < shares.length; c++) {
      if (Arrays.stream(confusion[c]).sum() > 0) {
        sum += shares[c];
        present++;
      }
    }
    return present == 0 ? 0 : sum / present;
  }

  /** Share of each class's images that are recognised, in percent; 0 for a class without images. */
  public double[] perClass() {
    double[] shares = new double[confusion.length];
    for (int c = 0; c < shares.length; c++) {
      long all = Arrays.stream(confusion[c]).sum();
      shares[c] = all == 0 ? 0 : 100.0 * confusion[c][c] / all;
    }
    return shares;
  }
}
