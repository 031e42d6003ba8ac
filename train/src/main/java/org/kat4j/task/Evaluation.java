package org.kat4j.task;

import java.util.Arrays;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.data.Batch;
import org.kat4j.data.Batches;
import org.kat4j.data.ImageSet;
import org.kat4j.data.Loader;
import org.kat4j.data.Loading;
import org.kat4j.error.UserException;
import org.kat4j.model.Model;
import org.kat4j.torch.DType;
import org.kat4j.torch.Device;
import org.kat4j.torch.Losses;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Scope;
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
    Tensor any = StateDict.of(model).values().iterator().next();
    Device device = Device.of(any);
    DType dtype = DType.of(any);
    long[][] confusion = new long[images.classNames().size()][images.classNames().size()];
    long inTop5 = 0;
    double loss = 0;
    Loading loading = Loading.inOrder(batchSize, Loading.defaultWorkers(images));
    try (Batches batches = Loader.epoch(images, loading, 0, 0);
        var _ = Scope.noGradients()) {
      while (batches.hasNext()) {
        try (Batch batch = batches.next();
            Scope _ = Scope.open()) {
          if (batch.count() == 0) { // all of its files are broken
            continue;
          }
          Tensor input = Memory.floats(batch.pixels(), batch.shape());
          Tensor labels = Memory.to(Memory.longs(batch.labels(), batch.count()), device);
          Tensor logits =
              model.forward(
                  Memory.to(Memory.to(input, device), dtype),
                  Pass.evaluation()); // [batch, classes]
          loss += Losses.summedCrossEntropy(logits, labels).item_double();
          inTop5 += Losses.countInTop(logits, labels, 5).item_long();
          count(Memory.longs(labels), Memory.longs(Losses.mostProbable(logits)), confusion);
        }
      }
    }
    long right = 0;
    long all = 0; // broken files are left out
    for (int c = 0; c < confusion.length; c++) {
      right += confusion[c][c];
      all += Arrays.stream(confusion[c]).sum();
    }
    if (all == 0) {
      throw new UserException(
          "none of the %d images to evaluate on can be read".formatted(images.size()));
    }
    double percent = 100.0 / all;
    return new Evaluation(right * percent, inTop5 * percent, loss / all, confusion);
  }

  private static void count(long[] labels, long[] predicted, long[][] confusion) {
    for (int i = 0; i < labels.length; i++) {
      confusion[(int) labels[i]][(int) predicted[i]]++;
    }
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
