package org.kat4j.image.webp;

/** What the neighbours of a lossless pixel say about it. Source: RFC 9649, 4.1. */
final class LosslessPrediction {
  private LosslessPrediction() {}

  /** The pixel at {@code at}, which has one to its left and a row above, by a mode of 0 to 15. */
  static int of(int mode, int[] argb, int at, int width) {
    int left = argb[at - 1];
    int top = argb[at - width];
    int topRight = argb[at - width + 1]; // at the end of a row: the first pixel of this one
    int topLeft = argb[at - width - 1];
    return switch (mode) {
      case 1 -> left;
      case 2 -> top;
      case 3 -> topRight;
      case 4 -> topLeft;
      case 5 -> average(average(left, topRight), top);
      case 6 -> average(left, topLeft);
      case 7 -> average(left, top);
      case 8 -> average(topLeft, top);
      case 9 -> average(top, topRight);
      case 10 -> average(average(left, topLeft), average(top, topRight));
      case 11 -> select(left, top, topLeft);
      case 12 -> full(left, top, topLeft);
      case 13 -> half(average(left, top), topLeft);
      default -> LosslessTransform.BLACK; // 0, and two that no encoder writes
    };
  }

  /** Of each byte, rounded down. */
  private static int average(int a, int b) {
    return ((a ^ b) >>> 1 & 0x7f7f7f7f) + (a & b);
  }

  private static int select(int left, int top, int topLeft) {
    int difference = 0; // how much further top is from left + top - topLeft than left is
    for (int shift = 0; shift < 32; shift += 8) {
      int corner = topLeft >> shift & 0xff;
      difference +=
          Math.abs((left >> shift & 0xff) - corner) - Math.abs((top >> shift & 0xff) - corner);
    }
    return difference <= 0 ? top : left;
  }

  private static int full(int left, int top, int topLeft) {
    int result = 0;
    for (int shift = 0; shift < 32; shift += 8) {
      int sum = (left >> shift & 0xff) + (top >> shift & 0xff) - (topLeft >> shift & 0xff);
      result |= Math.clamp(sum, 0, 255) << shift;
    }
    return result;
  }

  private static int half(int mean, int topLeft) {
    int result = 0;
    for (int shift = 0; shift < 32; shift += 8) {
      int level = mean >> shift & 0xff;
      result |= Math.clamp(level + (level - (topLeft >> shift & 0xff)) / 2, 0, 255) << shift;
    }
    return result;
  }
}
