package org.kat4j.image.webp;

import java.io.IOException;
import java.util.Arrays;

/**
 * The coefficients of one block of 16 x 16 after another, 25 blocks of 4 x 4 each: luma, blue, red.
 * Source: RFC 6386, 13.
 */
final class Coefficients {
  static final int BLOCK = 16;
  static final int LUMA_BLOCKS = 16;
  static final int BLOCKS = 24;

  private static final int[] BANDS = {0, 1, 2, 3, 6, 4, 5, 6, 6, 6, 6, 6, 6, 6, 6, 7, 0};
  private static final int[] ZIGZAG = {0, 1, 4, 8, 5, 2, 3, 6, 9, 12, 13, 10, 7, 11, 14, 15};
  private static final int[][] LARGE = {
    {173, 148, 140},
    {176, 155, 140, 135},
    {180, 157, 141, 134, 130},
    {254, 254, 243, 230, 196, 177, 153, 140, 133, 130, 129}
  };
  private static final int CONTEXTS = 3 * 11;
  private static final int KIND = 8 * CONTEXTS;

  /** Whether blocks at the right or lower edge had coefficients: 4 luma, 2 blue, 2 red, means. */
  private static final int EDGE = 9;

  private static final int MEANS = 8;

  private final int[] probabilities;
  private final int[] above;
  private final int[] left = new int[EDGE];
  private final int[] means = new int[BLOCK];

  /** {@code [24 blocks, 16]} of the block read last. */
  final int[] values = new int[BLOCKS * BLOCK];

  Coefficients(int[] probabilities, int blocksInRow) {
    this.probabilities = probabilities;
    above = new int[blocksInRow * EDGE];
  }

  void startRow() {
    Arrays.fill(left, 0);
  }

  /** A block without coefficients. */
  void skip(int column, boolean inParts) {
    int edge = inParts ? MEANS : EDGE; // parts have no means: what was known of them stays
    Arrays.fill(above, column * EDGE, column * EDGE + edge, 0);
    Arrays.fill(left, 0, edge, 0);
  }

  /**
   * Reads a block into {@link #values}.
   *
   * @param inParts whether luma is predicted in parts of 4 x 4, which then have their own means
   * @return whether any coefficient is other than 0
   */
  boolean read(BoolDecoder bits, int column, boolean inParts, LossyHeader.Steps steps)
      throws IOException {
    Arrays.fill(values, 0);
    int top = column * EDGE;
    boolean any = false;
    if (!inParts) {
      Arrays.fill(means, 0);
      int context = above[top + MEANS] + left[MEANS];
      int end = block(bits, 1, context, 0, steps.meansDc(), steps.meansAc(), means, 0);
      above[top + MEANS] = left[MEANS] = end > 0 ? 1 : 0;
      BlockTransform.spreadMeans(means, values);
    }
    int kind = inParts ? 3 : 0;
    int first = inParts ? 0 : 1;
    for (int i = 0; i < BLOCKS; i++) {
      boolean luma = i < LUMA_BLOCKS;
      int side = luma ? 4 : 2;
      int inPlane = luma ? i : i - LUMA_BLOCKS & 3;
      int start = luma ? 0 : 4 + (i - LUMA_BLOCKS >> 2) * 2; // in the edges
      int x = start + inPlane % side;
      int y = start + inPlane / side;
      int context = above[top + x] + left[y];
      int end =
          luma
              ? block(bits, kind, context, first, steps.lumaDc(), steps.lumaAc(), values, i * BLOCK)
              : block(bits, 2, context, 0, steps.chromaDc(), steps.chromaAc(), values, i * BLOCK);
      above[top + x] = left[y] = end > (luma ? first : 0) ? 1 : 0;
      any |= end > 1 || values[i * BLOCK] != 0;
    }
    return any;
  }

  /** Reads 16 coefficients from {@code at} on; returns the place behind the last one. */
  private int block(
      BoolDecoder bits, int kind, int context, int first, int dc, int ac, int[] out, int to)
      throws IOException {
    int[] p = probabilities;
    int band = kind * KIND;
    int at = band + BANDS[first] * CONTEXTS + context * 11;
    for (int n = first; n < BLOCK; n++) {
      if (bits.bit(p[at]) == 0) {
        return n;
      }
      while (bits.bit(p[at + 1]) == 0) {
        n++;
        if (n == BLOCK) {
          return BLOCK;
        }
        at = band + BANDS[n] * CONTEXTS;
      }
      int next = band + BANDS[n + 1] * CONTEXTS;
      int value = 1;
      if (bits.bit(p[at + 2]) == 0) {
        at = next + 11;
      } else {
        value = large(bits, at);
        at = next + 2 * 11;
      }
      int signed = bits.flag() ? -value : value;
      out[to + ZIGZAG[n]] = (short) (signed * (n > 0 ? ac : dc));
    }
    return BLOCK;
  }

  /** A value above 1. */
  private int large(BoolDecoder bits, int at) throws IOException {
    int[] p = probabilities;
    if (bits.bit(p[at + 3]) == 0) {
      return bits.bit(p[at + 4]) == 0 ? 2 : 3 + bits.bit(p[at + 5]);
    }
    if (bits.bit(p[at + 6]) == 0) {
      if (bits.bit(p[at + 7]) == 0) {
        return 5 + bits.bit(159);
      }
      return 7 + 2 * bits.bit(165) + bits.bit(145);
    }
    int high = bits.bit(p[at + 8]);
    int category = 2 * high + bits.bit(p[at + 9 + high]);
    int extra = 0;
    for (int probability : LARGE[category]) {
      extra = 2 * extra + bits.bit(probability);
    }
    return 3 + (8 << category) + extra;
  }
}
