package org.kat4j.image;

/**
 * Antialiased resampling of bytes, equal to Pillow's bit for bit.
 *
 * <p>Output {@code i} is centred at {@code c = (i + 0.5) in / out} and weighs the inputs by the
 * filter, stretched by {@code max(in / out, 1)}. Weights are integers with 22 fraction bits; rows
 * are resampled first and rounded to bytes, then columns. Source: Pillow, Resample.c.
 */
public final class Resize {
  private static final int FRACTION_BITS = 22;
  private static final int HALF = 1 << (FRACTION_BITS - 1);

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
    Taps across = Taps.of(part.width(), width, window.left(), window.width(), resampling);
    Taps down = Taps.of(part.height(), height, window.top(), window.height(), resampling);
    int firstRow = down.starts[0];
    int rows = down.end() - firstRow;
    byte[] narrowed = new byte[rows * window.width()];
    byte[] resized = new byte[picture.channels() * window.height() * window.width()];
    for (int channel = 0; channel < picture.channels(); channel++) {
      int top = channel * picture.height() + (int) part.top() + firstRow;
      int from = top * picture.width() + (int) part.left();
      across.apply(
          picture.pixels(), from, 1, picture.width(), rows, narrowed, 0, 1, window.width());
      down.apply(
          narrowed,
          -firstRow * window.width(),
          window.width(),
          1,
          window.width(),
          resized,
          channel * window.height() * window.width(),
          window.width(),
          1);
    }
    return new Picture(picture.channels(), window.height(), window.width(), resized);
  }

  /** Which inputs each output of one axis takes, and how much of each. */
  private static final class Taps {
    private final int[] starts;
    private final int[] counts;
    private final int most; // weights of one output lie this far from those of the next
    private final int[] weights;

    private Taps(int outputs, int most) {
      this.starts = new int[outputs];
      this.counts = new int[outputs];
      this.most = most;
      this.weights = new int[Math.multiplyExact(outputs, most)];
    }

    /** The taps of outputs {@code first .. first + count - 1} of {@code out}. */
    static Taps of(int in, long out, long first, int count, Resampling resampling) {
      double scale = (double) in / out;
      double stretch = Math.max(scale, 1);
      double support = resampling.support() * stretch;
      Taps taps = new Taps(count, 2 * (int) Math.ceil(support) + 1);
      for (int i = 0; i < count; i++) {
        double centre = (first + i + 0.5) * scale;
        if (resampling == Resampling.NEAREST) {
          taps.starts[i] = Math.min(in - 1, (int) centre);
          taps.counts[i] = 1;
          taps.weights[i] = 1 << FRACTION_BITS;
        } else {
          int start = Math.max(0, (int) (centre - support + 0.5));
          taps.starts[i] = start;
          taps.counts[i] = Math.min(in, (int) (centre + support + 0.5)) - start;
          taps.weigh(i, start + 0.5 - centre, 1 / stretch, resampling);
        }
      }
      return taps;
    }

    /** Weights of output {@code i}, whose first input lies {@code distance} from the centre. */
    private void weigh(int i, double distance, double perPixel, Resampling resampling) {
      double[] exact = new double[counts[i]];
      double total = 0;
      for (int k = 0; k < exact.length; k++) {
        exact[k] = resampling.at((k + distance) * perPixel);
        total += exact[k];
      }
      for (int k = 0; k < exact.length; k++) {
        double scaled = (total == 0 ? exact[k] : exact[k] / total) * (1 << FRACTION_BITS);
        // Half away from zero, as the cast of Pillow does it.
        weights[i * most + k] = (int) (scaled < 0 ? scaled - 0.5 : scaled + 0.5);
      }
    }

    /** One after the last input that any output needs. */
    int end() {
      int last = starts.length - 1;
      return starts[last] + counts[last];
    }

    /**
     * Resamples parallel lines (rows or columns), four at a time: one weight serves four sums.
     *
     * @param fromStep distance of the inputs of one line
     * @param fromLine distance of the lines
     * @param toStep distance of the outputs of one line
     * @param toLine distance of the lines
     */
    void apply(
        byte[] from,
        int fromStart,
        int fromStep,
        int fromLine,
        int lines,
        byte[] to,
        int toStart,
        int toStep,
        int toLine) {
      int line = 0;
      for (; line + 4 <= lines; line += 4) {
        int origin = fromStart + line * fromLine;
        int target = toStart + line * toLine;
        for (int i = 0; i < starts.length; i++, target += toStep) {
          int pixel = origin + starts[i] * fromStep;
          int first = HALF;
          int second = HALF;
          int third = HALF;
          int fourth = HALF;
          for (int k = i * most, end = k + counts[i]; k < end; k++, pixel += fromStep) {
            int weight = weights[k];
            first += weight * (from[pixel] & 0xff);
            second += weight * (from[pixel + fromLine] & 0xff);
            third += weight * (from[pixel + 2 * fromLine] & 0xff);
            fourth += weight * (from[pixel + 3 * fromLine] & 0xff);
          }
          to[target] = rounded(first);
          to[target + toLine] = rounded(second);
          to[target + 2 * toLine] = rounded(third);
          to[target + 3 * toLine] = rounded(fourth);
        }
      }
      for (; line < lines; line++) {
        int target = toStart + line * toLine;
        for (int i = 0; i < starts.length; i++, target += toStep) {
          int pixel = fromStart + line * fromLine + starts[i] * fromStep;
          int sum = HALF;
          for (int k = i * most, end = k + counts[i]; k < end; k++, pixel += fromStep) {
            sum += weights[k] * (from[pixel] & 0xff);
          }
          to[target] = rounded(sum);
        }
      }
    }

    private static byte rounded(int sum) {
      return (byte) Math.clamp(sum >> FRACTION_BITS, 0, 255);
    }
  }
}
