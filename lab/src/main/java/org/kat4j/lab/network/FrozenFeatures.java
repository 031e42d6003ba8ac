package org.kat4j.lab.network;

import java.util.Arrays;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.convolution.PlainConvolution;
import org.kat4j.convolution.Window;
import org.kat4j.tables.Scaling;
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
  public static Source ofCifar10(int train, int validation, int test) {
    return place -> {
      Rows pixels = FlatImages.of("cifar10", train, validation, test).open(place);
      try (Scope _ = Scope.open();
          var _ = Scope.noGradients()) {
        Window window = new Window(KERNEL, 1, 0);
        PlainConvolution filters =
            new PlainConvolution.Spec(window, true).build(3, FILTERS, Context.cpu(SEED));
        double[][] learned = features(filters, pixels.train());
        Scaling scaling = Scaling.fit(Scaling.Kind.STANDARD, learned);
        return new Rows(
            "cifar10, random filters",
            COUNT,
            pixels.outputs(),
            true,
            part(scaling.apply(learned), pixels.train()),
            part(scaling.apply(features(filters, pixels.validation())), pixels.validation()),
            part(scaling.apply(features(filters, pixels.test())), pixels.test()));
      }
    };
  }

  private static double[][] features(PlainConvolution filters, Rows.Part pixels) {
    int side = 32;
    int numbers = 3 * side * side;
    int half = new Window(KERNEL, 1, 0).sideOf(side) / 2;
    int images = pixels.y().length;
    double[][] x = new double[images][];
    for (int from = 0; from < images; from += AT_ONCE) {
      int count = Math.min(AT_ONCE, images - from);
      try (Scope _ = Scope.open()) {
        float[] some = Arrays.copyOfRange(pixels.x(), from * numbers, (from + count) * numbers);
        Tensor maps =
            filters.forward(Tensor.create(some, count, 3, side, side), Pass.evaluation()).relu();
        double[] means =
            Memory.doubles(maps.view(count, FILTERS, 2, half, 2, half).mean(3, 5).flatten(1, 3));
        for (int i = 0; i < count; i++) {
          x[from + i] = Arrays.copyOfRange(means, i * COUNT, (i + 1) * COUNT);
        }
      }
    }
    return x;
  }

  private static Rows.Part part(double[][] features, Rows.Part images) {
    float[] x = new float[features.length * COUNT];
    for (int i = 0; i < x.length; i++) {
      x[i] = (float) features[i / COUNT][i % COUNT];
    }
    return new Rows.Part(x, images.y());
  }
}
