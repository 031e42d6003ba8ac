package org.kat4j.lab.network;

import java.util.stream.IntStream;
import org.kat4j.data.ImageData;
import org.kat4j.data.ImageSet;
import org.kat4j.data.ImageSources;
import org.kat4j.data.RandomStream;
import org.kat4j.data.Subset;
import org.kat4j.lab.Workplace;

/**
 * Images as rows of pixels in [-1, 1], for networks without a notion of space.
 *
 * <p>Training and validation images are drawn from the training set, the same for every arm and
 * seed; test images are the first of the test set.
 */
public final class FlatImages {
  private static final long SEED = 9;

  private FlatImages() {}

  /**
   * @param name fashion-mnist, mnist or cifar10
   * @param train images to learn from
   * @param validation images to choose by
   * @param test images to judge by, at most all of the test set
   */
  public static Source of(String name, int train, int validation, int test) {
    return place -> rows(name, train, validation, test, place);
  }

  private static Rows rows(String name, int train, int validation, int test, Workplace place) {
    ImageData data = ImageSources.open(name, place.dataRoot(), null);
    int[] order = RandomStream.of(SEED).permutation(data.train().size());
    ImageSet chosen = data.train();
    return new Rows(
        name,
        chosen.channels() * chosen.height() * chosen.width(),
        chosen.classNames().size(),
        true,
        part(new Subset(chosen, slice(order, 0, train))),
        part(new Subset(chosen, slice(order, train, validation))),
        part(Subset.first(data.validation(), Math.min(test, data.validation().size()))));
  }

  private static int[] slice(int[] order, int from, int count) {
    return IntStream.range(from, from + count).map(i -> order[i]).toArray();
  }

  private static Rows.Part part(ImageSet images) {
    int pixels = images.channels() * images.height() * images.width();
    float[] x = new float[images.size() * pixels];
    float[] y = new float[images.size()];
    byte[] bytes = new byte[pixels];
    for (int i = 0; i < images.size(); i++) {
      images.read(i, bytes, 0);
      for (int p = 0; p < pixels; p++) {
        x[i * pixels + p] = Byte.toUnsignedInt(bytes[p]) / 127.5f - 1;
      }
      y[i] = images.label(i);
    }
    return new Rows.Part(x, y);
  }
}
