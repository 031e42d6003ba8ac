package org.kat4j.kernel;

/** What pictures of bytes need for each of their pixels; all values are unsigned. */
public sealed interface PixelKernel permits VectorPixels, ScalarPixels {

  /**
   * Which lines of bytes make up each new line, and how much of each. Weights are integers with 22
   * fraction bits, as in Pillow's resampling.
   *
   * @param starts first line of each sum
   * @param counts lines of each sum, one after the other
   * @param weights {@code [starts.length, most]}, those of each sum from the left
   * @param most the largest count
   */
  @SuppressWarnings("ArrayRecordComponent") // only carries the numbers, is never compared
  record Sums(int[] starts, int[] counts, int[] weights, int most) {
    static final int FRACTION_BITS = 22;
    static final int HALF = 1 << (FRACTION_BITS - 1);

    /** The weight of a line that is taken as it is. */
    public static final int ONE = 1 << FRACTION_BITS;

    /** Where the weights of a sum begin. */
    int first(int sum) {
      return sum * most;
    }

    /** The first line that any sum needs; starts must ascend. */
    public int begin() {
      return starts[0];
    }

    /** One after the last line that any sum needs. */
    public int end() {
      int last = starts.length - 1;
      return starts[last] + counts[last];
    }
  }

  /**
   * Adds up lines: {@code to[i, j] = clamp((2^21 + sum_k weights[i, k] from[starts[i] + k, j]) >>
   * 22)}, cut to a byte.
   *
   * @param start place in {@code from} of line 0; lines before {@link Sums#begin} are not touched
   * @param pitch distance of the lines of {@code from}
   * @param at place in {@code to} of its first line; they follow each other without a gap
   * @param length bytes of a line
   */
  void sum(byte[] from, int start, int pitch, Sums sums, byte[] to, int at, int length);

  /**
   * Turns planes of luma, blue and red difference into red, green and blue, in place, by libjpeg's
   * integers: {@code R = Y + 1.402 Cr, G = Y - 0.344 Cb - 0.714 Cr, B = Y + 1.772 Cb} with 16
   * fraction bits.
   *
   * @param planes {@code [3, pixels]}
   */
  void toRgb(byte[] planes);
}
