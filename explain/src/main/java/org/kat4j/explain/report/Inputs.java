package org.kat4j.explain.report;

import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.data.ImageSet;
import org.kat4j.data.SkippedImage;
import org.kat4j.torch.Memory;

/**
 * Images as a model sees them, each with its place in the set.
 *
 * @param image place in the set
 * @param pixels {@code [channels, height, width]}, normalised
 */
@SuppressWarnings("ArrayRecordComponent") // carries the pixels, is never compared
record Inputs(int image, float[] pixels) {

  /** The images at these places, without those whose files turn out to be broken. */
  static List<Inputs> read(ImageSet images, IntStream places) {
    return places.parallel().mapToObj(i -> read(images, i)).flatMap(Optional::stream).toList();
  }

  private static Optional<Inputs> read(ImageSet images, int image) {
    byte[] bytes = new byte[images.channels() * images.height() * images.width()];
    try {
      images.read(image, bytes, 0);
    } catch (SkippedImage broken) {
      return Optional.empty();
    }
    return Optional.of(new Inputs(image, images.normalization().normalized(bytes)));
  }

  /**
   * One batch {@code [images, channels, height, width]}, on the device and in the dtype of a
   * tensor.
   */
  static Tensor batch(List<Inputs> inputs, ImageSet images, Tensor like) {
    List<float[]> rows = inputs.stream().map(Inputs::pixels).toList();
    return Memory.batch(like, rows, images.channels(), images.height(), images.width());
  }
}
