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

  private Bicubic(int in, int out) {
    double scale = (double) in / out;
    double stretch = Math.max(scale, 1);
    starts = new int[out];
    weights = new int[out][];
    for (int i = 0; i < out; i++) {
      double centre = (i + 0.5) * scale;
      int start = Math.max(0, (int) (centre - SUPPORT * stretch + 0.5));
      int end = Math.min(in, (int) (centre + SUPPORT * stretch + 0.5));
      starts[i] = start;
      weights[i] = weights(start, end, centre, stretch);
    }
  }

  /**
   * Resamples planes {@code [channels, height, width]} to {@code [channels, toHeight, toWidth]}.
   */
  static byte[] resize(
      byte[] pixels, int channels, int height, int width, int toHeight, int toWidth) {
    byte[] narrowed = new byte[channels * height * toWidth];
    Bicubic horizontal = new Bicubic(width, toWidth);
    for (int row = 0; row < channels * height; row++) {
      horizontal.line(pixels, row * width, 1, narrowed, row * toWidth, 1);
    }
    byte[] resized = new byte[channels * toHeight * toWidth];
    Bicubic vertical = new Bicubic(height, toHeight);
    for (int channel = 0; channel < channels; channel++) {
      for (int column = 0; column < toWidth; column++) {
        int from = channel * height * toWidth + column;
        int to = channel * toHeight * toWidth + column;
        vertical.line(narrowed, from, toWidth, resized, to, toWidth);
      }
    }
    return resized;
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
