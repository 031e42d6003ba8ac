package org.kat4j.data;

import java.util.List;

/**
 * Noisy stripes of 28 x 28 grey pixels in four classes: across, upright, and two diagonals. Easy
 * enough to be learnt in seconds.
 *
 * @param size number of images
 * @param first number of the first image; other numbers give other noise
 */
public record Stripes(int size, int first) implements ImageSet {
  public static final int SIDE = 28;
  private static final int PERIOD = 7;

  /** Images to learn from and others to measure on. */
  public static ImageData data(int train, int validation) {
    return new ImageData(
        "stripes", new Stripes(train, 0), new Stripes(validation, train), "noisy stripes");
  }

  @Override
  public List<String> classNames() {
    return List.of("across", "upright", "rising", "falling");
  }

  @Override
  public int channels() {
    return 1;
  }

  @Override
  public int height() {
    return SIDE;
  }

  @Override
  public int width() {
    return SIDE;
  }

  @Override
  public int label(int index) {
    return (first + index) % 4;
  }

  @Override
  public void read(int index, byte[] target, int offset) {
    var noise = RandomStream.of(first + index);
    for (int y = 0; y < SIDE; y++) {
      for (int x = 0; x < SIDE; x++) {
        int along =
            switch (label(index)) {
              case 0 -> y;
              case 1 -> x;
              case 2 -> x + y;
              default -> x - y + SIDE;
            };
        int bright = along % PERIOD < PERIOD / 2 ? 160 : 40;
        target[offset + y * SIDE + x] = (byte) (bright + noise.nextInt(60));
      }
    }
  }

  @Override
  public Normalization normalization() {
    return new Normalization(new float[] {0.45f}, new float[] {0.25f});
  }
}
