package org.kat4j.lab.network;

import org.bytedeco.pytorch.Tensor;
import org.kat4j.convolution.PlainConvolution;
import org.kat4j.convolution.Window;
import org.kat4j.torch.Context;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Scope;

/**
 * Images as 256 numbers that no arm trains: 64 random filters of 5 by 5 pixels, ReLU, the mean of
 * each quarter of the image; then every feature with mean 0 and deviation 1 over the training
 * images. A stand-in for a trained backbone, the same for every arm and seed.
 */
public final class FrozenFeatures {
  /** Features of an image. */
  public static final int COUNT = 256;

  private static final long SEED = 11;
  private static final int FILTERS = 64;
  private static final int KERNEL = 5;
  private static final int AT_ONCE = 250; // images

  private FrozenFeatures() {}

  /** Of CIFAR-10; counts as in {@link FlatImages#of}. */
  public static Fit.Source ofCifar10(int train, int validation, int test) {
    return place -> {
      Rows pixels = FlatImages.of("cifar10", train, validation, test).open(place);
      try (Scope _ = Scope.open();
          var _ = Scope.noGradients()) {
        Window window = new Window(KERNEL, 1, 0);
        PlainConvolution filters =
            new PlainConvolution.Spec(window, true).build(3, FILTERS, Context.cpu(SEED));
        Rows.Part learned = features(filters, pixels.train());
        Standard standard = Standard.of(learned.x());
        return new Rows(
            "cifar10, random filters",
            COUNT,
            pixels.outputs(),
            true,
            standard.of(learned),
            standard.of(features(filters, pixels.validation())),
            standard.of(features(filters, pixels.test())));
      }
    };
  }

  private static Rows.Part features(PlainConvolution filters, Rows.Part pixels) {
    int side = 32;
    int numbers = 3 * side * side;
    int half = new Window(KERNEL, 1, 0).sideOf(side) / 2;
    int images = pixels.y().length;
    float[] x = new float[images * COUNT];
    for (int from = 0; from < images; from += AT_ONCE) {
      int count = Math.min(AT_ONCE, images - from);
      try (Scope _ = Scope.open()) {
        float[] some = new float[count * numbers];
        System.arraycopy(pixels.x(), from * numbers, some, 0, some.length);
        Tensor maps =
            filters.forward(Tensor.create(some, count, 3, side, side), Pass.evaluation()).relu();
        double[] means =
            Memory.doubles(maps.view(count, FILTERS, 2, half, 2, half).mean(3, 5).flatten(1, 3));
        for (int i = 0; i < means.length; i++) {
          x[from * COUNT + i] = (float) means[i];
        }
      }
    }
    return new Rows.Part(x, pixels.y());
  }

  /** Mean and deviation of every feature. */
  @SuppressWarnings("ArrayRecordComponent") // filled once
  private record Standard(double[] mean, double[] deviation) {
    static Standard of(float[] x) {
      int rows = x.length / COUNT;
      double[] mean = new double[COUNT];
      double[] square = new double[COUNT];
      for (int i = 0; i < x.length; i++) {
        mean[i % COUNT] += x[i] / (double) rows;
      }
      for (int i = 0; i < x.length; i++) {
        square[i % COUNT] += Math.pow(x[i] - mean[i % COUNT], 2) / rows;
      }
      double[] deviation = new double[COUNT];
      for (int f = 0; f < COUNT; f++) {
        deviation[f] = Math.sqrt(square[f]) + 1e-12; // a filter may never fire
      }
      return new Standard(mean, deviation);
    }

    Rows.Part of(Rows.Part part) {
      float[] x = part.x().clone();
      for (int i = 0; i < x.length; i++) {
        x[i] = (float) ((x[i] - mean[i % COUNT]) / deviation[i % COUNT]);
      }
      return new Rows.Part(x, part.y());
    }
  }
}
