package org.kat4j.data;

/**
 * Antialiased bicubic resampling of bytes, equal to Pillow's bit for bit.
 *
 * <p>Output {@code i} is centred at {@code c = (i + 0.5) in / out} and weighs the inputs by the
 * cubic kernel with a = -0.5, stretched by {@code max(in / out, 1)}. Weights are integers with 22
 * fraction bits; rows are resampled first and rounded to bytes, then columns. Source: Pillow,
 * Resample.c.
 */
final class Bicubic {
  private static final int FRACTION_BITS = 22;
  private static final int HALF = 1 << (FRACTION_BITS - 1);
  private static final double SUPPORT = 2;

  private final int[] starts;
  private final int[][] weights;

  /** The weights of outputs {@code first .. first + count - 1} of {@code out}. */
  private Bicubic(int in, long out, long first, int count) {
    double scale = (double) in / out;
    double stretch = Math.max(scale, 1);
    starts = new int[count];
    weights = new int[count][];
    for (int i = 0; i < count; i++) {
      double centre = (first + i + 0.5) * scale;
      int start = Math.max(0, (int) (centre - SUPPORT * stretch + 0.5));
      int end = Math.min(in, (int) (centre + SUPPORT * stretch + 0.5));
      starts[i] = start;
      weights[i] = weights(start, end, centre, stretch);
    }
  }

  /**
   * A window of the resampled picture; what lies outside is never computed, so a hair-thin picture
   * costs no more than a square one.
   *
   * @param height rows of the whole resampled picture
   * @param width columns of the whole resampled picture
   * @return {@code [channels, windowHeight, windowWidth]} from row {@code top} and column {@code
   *     left} on
   */
  static byte[] resize(
      Picture picture,
      long height,
      long width,
      long top,
      long left,
      int windowHeight,
      int windowWidth) {
    Bicubic horizontal = new Bicubic(picture.width(), width, left, windowWidth);
    Bicubic vertical = new Bicubic(picture.height(), height, top, windowHeight);
    int firstRow = vertical.starts[0];
    int rows = vertical.end() - firstRow;
    byte[] narrowed = new byte[rows * windowWidth];
    byte[] resized = new byte[picture.channels() * windowHeight * windowWidth];
    for (int channel = 0; channel < picture.channels(); channel++) {
      for (int row = 0; row < rows; row++) {
        int from = (channel * picture.height() + firstRow + row) * picture.width();
        horizontal.line(picture.pixels(), from, 1, narrowed, row * windowWidth, 1);
      }
      for (int column = 0; column < windowWidth; column++) {
        int from = column - firstRow * windowWidth;
        int to = channel * windowHeight * windowWidth + column;
        vertical.line(narrowed, from, windowWidth, resized, to, windowWidth);
      }
    }
    return resized;
  }

  /** One after the last input that any output needs. */
  private int end() {
    int last = starts.length - 1;
    return starts[last] + weights[last].length;
  }

  /** Resamples one row or column, whose pixels lie {@code step} bytes apart. */
  private void line(byte[] from, int fromStart, int fromStep, byte[] to, int toStart, int toStep) {
    for (int i = 0; i < starts.length; i++) {
      int[] weight = weights[i];
      int sum = HALF;
      int pixel = fromStart + starts[i] * fromStep;
      for (int k = 0; k < weight.length; k++, pixel += fromStep) {
        sum += weight[k] * Byte.toUnsignedInt(from[pixel]);
      }
      to[toStart + i * toStep] = (byte) Math.clamp(sum >> FRACTION_BITS, 0, 255);
    }
  }

  private static int[] weights(int start, int end, double centre, double stretch) {
    double[] exact = new double[end - start];
    double total = 0;
    for (int k = 0; k < exact.length; k++) {
      exact[k] = kernel((start + k - centre + 0.5) / stretch);
      total += exact[k];
    }
    int[] rounded = new int[exact.length];
    for (int k = 0; k < exact.length; k++) {
      double scaled = exact[k] / total * (1 << FRACTION_BITS);
      // Half away from zero, as the cast of Pillow does it.
      rounded[k] = (int) (scaled < 0 ? scaled - 0.5 : scaled + 0.5);
    }
    return rounded;
  }

  private static double kernel(double distance) {
    double x = Math.abs(distance);
    if (x < 1) {
      return (1.5 * x - 2.5) * x * x + 1;
    }
    if (x < 2) {
      return ((-0.5 * x + 2.5) * x - 4) * x + 2;
    }
    return 0;
  }
}
