package org.kat4j.data;

import java.util.List;

/** Small sets for tests. */
final class TestImages {
  private TestImages() {}

  /** Three classes in turn; pixel p of image i is {@code 7 i + p}. */
  static ImageSet numbered(int count, int channels, int height, int width) {
    int length = channels * height * width;
    byte[] pixels = new byte[count * length];
    byte[] labels = new byte[count];
    for (int i = 0; i < count; i++) {
      labels[i] = (byte) (i % 3);
      for (int p = 0; p < length; p++) {
        pixels[i * length + p] = (byte) (7 * i + p);
      }
    }
    return new MemoryImages(
        List.of("a", "b", "c"),
        channels,
        height,
        width,
        pixels,
        labels,
        Normalization.of(pixels, channels, height * width));
  }
}
