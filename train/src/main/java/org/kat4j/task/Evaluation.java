package org.kat4j.task;

import java.util.Arrays;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.augment.Augmentation;
import org.kat4j.data.Batch;
import org.kat4j.data.Batches;
import org.kat4j.data.ImageSet;
import org.kat4j.data.Loader;
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

  /** Evaluates on the device of the model's weights, in its dtype. */
  public static Evaluation of(Model model, ImageSet images) {
    Tensor any = StateDict.of(model).values().iterator().next();
    Device device = Device.of(any);
    DType dtype = DType.of(any);
    long[][] confusion = new long[images.classNames().size()][images.classNames().size()];
    long inTop5 = 0;
    double loss = 0;
    try (Batches batches = Loader.epoch(images, BATCH, false, false, Augmentation.NONE, 0, 0, 0);
        var _ = Scope.noGradients()) {
      while (batches.hasNext()) {
        try (Batch batch = batches.next();
            Scope _ = Scope.open()) {
          Tensor pixels = Memory.floats(batch.pixels(), batch.shape());
          Tensor labels = Memory.to(Memory.longs(batch.labels(), batch.count()), device);
          Tensor logits =
              model.forward(
                  Memory.to(Memory.to(pixels, device), dtype),
                  Pass.evaluation()); // [batch, classes]
          loss += Losses.summedCrossEntropy(logits, labels).item_double();
          inTop5 += Losses.countInTop(logits, labels, 5).item_long();
          count(Memory.longs(labels), Memory.longs(Losses.mostProbable(logits)), confusion);
        }
      }
    }
    long right = 0;
    for (int c = 0; c < confusion.length; c++) {
      right += confusion[c][c];
    }
    double percent = 100.0 / images.size();
    return new Evaluation(right * percent, inTop5 * percent, loss / images.size(), confusion);
  }

  private static void count(long[] labels, long[] predicted, long[][] confusion) {
    for (int i = 0; i < labels.length; i++) {
      confusion[(int) labels[i]][(int) predicted[i]]++;
    }
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
