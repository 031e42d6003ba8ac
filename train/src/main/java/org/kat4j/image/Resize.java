package org.kat4j.image;

import org.kat4j.kernel.Kernels;
import org.kat4j.kernel.PixelKernel;
import org.kat4j.kernel.PixelKernel.Sums;

/**
 * Antialiased resampling of bytes, equal to Pillow's bit for bit.
 *
 * <p>Output {@code i} is centred at {@code c = (i + 0.5) in / out} and weighs the inputs by the
 * filter, stretched by {@code max(in / out, 1)}. Weights are integers with 22 fraction bits; rows
 * are resampled first and rounded to bytes, then columns. Both are sums of lines of bytes: rows are
 * turned into columns for it and back. Source: Pillow, Resample.c.
 */
public final class Resize {
  /** Rows that are resampled at once: their columns then lie in the first-level cache. */
  private static final int STRIP = 64;

  private Resize() {}

  /** A part of a picture at another size; pixels outside of the part have no influence. */
  public static Picture part(
      Picture picture, Box part, int height, int width, Resampling resampling) {
    return resample(picture, part, height, width, new Box(0, 0, height, width), resampling);
  }

  /**
   * A window of the resized picture; what lies outside is never computed, so a hair-thin picture
   * costs no more than a square one.
   *
   * @param height rows of the whole resized picture
   * @param width columns of the whole resized picture
   * @param window the part of the resized picture that is wanted
   */
  public static Picture window(
      Picture picture, long height, long width, Box window, Resampling resampling) {
    return resample(picture, Box.of(picture), height, width, window, resampling);
  }

  private static Picture resample(
      Picture picture, Box part, long height, long width, Box window, Resampling resampling) {
    Sums across = sums(part.width(), width, window.left(), window.width(), resampling);
    Sums down = sums(part.height(), height, window.top(), window.height(), resampling);
    int rows = down.end() - down.begin();
    byte[] narrowed = new byte[rows * window.width()];
    byte[] resized = new byte[picture.channels() * window.height() * window.width()];
    PixelKernel kernel = Kernels.pixels();
    for (int channel = 0; channel < picture.channels(); channel++) {
      int top = channel * picture.height() + (int) part.top() + down.begin();
      int from = top * picture.width() + (int) part.left();
      resampleRows(kernel, picture.pixels(), from, picture.width(), rows, across, narrowed);
      kernel.sum(
          narrowed,
          -down.begin() * window.width(),
          window.width(),
          down,
          resized,
          channel * window.height() * window.width(),
          window.width());
    }
    return new Picture(picture.channels(), window.height(), window.width(), resized);
  }

  private static void resampleRows(
      PixelKernel kernel, byte[] from, int start, int pitch, int rows, Sums across, byte[] to) {
    int columns = across.end() - across.begin();
    int outputs = across.starts().length;
    int strip = Math.min(STRIP, rows);
    byte[] turned = new byte[columns * strip];
    byte[] resampled = new byte[outputs * strip];
    for (int row = 0; row < rows; row += strip) {
      int height = Math.min(strip, rows - row);
      int corner = start + row * pitch + across.begin();
      Transposition.apply(from, corner, pitch, height, columns, turned, 0, height);
      kernel.sum(turned, -across.begin() * height, height, across, resampled, 0, height);
      Transposition.apply(resampled, 0, height, outputs, height, to, row * outputs, outputs);
    }
  }

  /** Which inputs the outputs {@code first .. first + count - 1} of {@code out} take. */
  private static Sums sums(int in, long out, long first, int count, Resampling resampling) {
    double scale = (double) in / out;
    double stretch = Math.max(scale, 1);
    double support = resampling.support() * stretch;
    int most = 2 * (int) Math.ceil(support) + 1;
    int[] starts = new int[count];
    int[] counts = new int[count];
    int[] weights = new int[Math.multiplyExact(count, most)];
    for (int i = 0; i < count; i++) {
      double centre = (first + i + 0.5) * scale;
      if (resampling == Resampling.NEAREST) {
        starts[i] = Math.min(in - 1, (int) centre);
        counts[i] = 1;
        weights[i] = Sums.ONE;
      } else {
        int start = Math.max(0, (int) (centre - support + 0.5));
        starts[i] = start;
        counts[i] = Math.min(in, (int) (centre + support + 0.5)) - start;
        double[] exact = weights(counts[i], start + 0.5 - centre, 1 / stretch, resampling);
        for (int k = 0; k < exact.length; k++) {
          double scaled = exact[k] * Sums.ONE;
          // Half away from zero, as the cast of Pillow does it.
          weights[i * most + k] = (int) (scaled < 0 ? scaled - 0.5 : scaled + 0.5);
        }
      }
    }
    return new Sums(starts, counts, weights, most);
  }

  /**
   * Weights of an output whose first input lies {@code distance} from its centre; their sum is 1.
   */
  private static double[] weights(
      int count, double distance, double perPixel, Resampling resampling) {
    double[] weights = new double[count];
    double total = 0;
    for (int k = 0; k < count; k++) {
      weights[k] = resampling.at((k + distance) * perPixel);
      total += weights[k];
    }
    for (int k = 0; k < count && total != 0; k++) {
      weights[k] /= total;
    }
    return weights;
  }
}
