package org.kat4j.data;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The built-in data set "strokes": synthetic drawings of ten simple shapes, 28 x 28 grey, 12,000 to
 * train and 2,000 to test.
 *
 * <p>Nothing is read from a file: every image is drawn by {@link GlyphPen} from its own random
 * stream, so the set has the same bits on every machine. It exists to make a first run possible
 * without a download; it says nothing about photographs or real handwriting.
 */
final class Strokes {
  static final int SIZE = 28;
  static final int TRAIN = 12_000;
  static final int TEST = 2_000;
  static final List<String> CLASS_NAMES = Arrays.stream(Glyph.values()).map(Glyph::label).toList();

  private static final long SEED = 20_240_916;

  private Strokes() {}

  static ImageData open() {
    byte[] trainPixels = draw(0, TRAIN);
    Normalization normalization = Normalization.of(trainPixels, 1, SIZE * SIZE);
    return new ImageData(
        "strokes",
        images(trainPixels, TRAIN, normalization),
        images(draw(1, TEST), TEST, normalization),
        "synthetic drawings of ten simple shapes, made by kat4j itself");
  }

  static SourceInfo info() {
    return new SourceInfo(
        "strokes",
        "synthetic drawings of ten simple shapes",
        TRAIN,
        TEST,
        1,
        SIZE,
        SIZE,
        true,
        "built in");
  }

  private static ImageSet images(byte[] pixels, int count, Normalization normalization) {
    byte[] labels = new byte[count];
    for (int i = 0; i < count; i++) {
      labels[i] = (byte) label(i);
    }
    return new MemoryImages(CLASS_NAMES, 1, SIZE, SIZE, pixels, labels, normalization);
  }

  /** The classes take turns, so that any first n images are balanced. */
  private static int label(int index) {
    return index % CLASS_NAMES.size();
  }

  private static byte[] draw(int split, int count) {
    byte[] pixels = new byte[count * SIZE * SIZE];
    Glyph[] glyphs = Glyph.values();
    IntStream.range(0, count)
        .parallel()
        .forEach(index ->
            new GlyphPen(SIZE, RandomStream.of(SEED, split, index))
                .draw(glyphs[label(index)], pixels, index * SIZE * SIZE));
    return pixels;
  }
}
