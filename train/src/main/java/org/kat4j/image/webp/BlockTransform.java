package org.kat4j.image.webp;

/** From coefficients to what is added to a prediction. Source: RFC 6386, 14. */
final class BlockTransform {
  private static final int COSINE = 20091; // (sqrt(2) cos(pi / 8) - 1) 2^16
  private static final int SINE = 35468; // sqrt(2) sin(pi / 8) 2^16

  private BlockTransform() {}

  /** Walsh-Hadamard: 16 means to the first coefficient of 16 blocks each. */
  static void spreadMeans(int[] means, int[] blocks) {
    int[] columns = new int[16];
    for (int i = 0; i < 4; i++) {
      int a = means[i] + means[12 + i];
      int b = means[4 + i] + means[8 + i];
      int c = means[4 + i] - means[8 + i];
      int d = means[i] - means[12 + i];
      columns[i] = a + b;
      columns[4 + i] = d + c;
      columns[8 + i] = a - b;
      columns[12 + i] = d - c;
    }
    for (int i = 0; i < 4; i++) {
      int rounded = columns[4 * i] + 3;
      int a = rounded + columns[4 * i + 3];
      int b = columns[4 * i + 1] + columns[4 * i + 2];
      int c = columns[4 * i + 1] - columns[4 * i + 2];
      int d = rounded - columns[4 * i + 3];
      int to = 4 * i * Coefficients.BLOCK;
      blocks[to] = (short) (a + b >> 3);
      blocks[to + Coefficients.BLOCK] = (short) (d + c >> 3);
      blocks[to + 2 * Coefficients.BLOCK] = (short) (a - b >> 3);
      blocks[to + 3 * Coefficients.BLOCK] = (short) (d - c >> 3);
    }
  }

  /** Adds the block whose 16 coefficients begin at {@code from} to the samples at a place. */
  static void add(int[] coefficients, int from, Plane plane, int place) {
    int[] in = coefficients;
    boolean any = false;
    for (int i = from; i < from + Coefficients.BLOCK; i++) {
      any |= in[i] != 0;
    }
    if (!any) {
      return;
    }
    int[] columns = new int[16]; // transposed
    for (int i = 0; i < 4; i++) {
      int at = from + i;
      int a = in[at] + in[at + 8];
      int b = in[at] - in[at + 8];
      int c = sine(in[at + 4]) - cosine(in[at + 12]);
      int d = cosine(in[at + 4]) + sine(in[at + 12]);
      columns[4 * i] = a + d;
      columns[4 * i + 1] = b + c;
      columns[4 * i + 2] = b - c;
      columns[4 * i + 3] = a - d;
    }
    for (int i = 0; i < 4; i++) {
      int rounded = columns[i] + 4;
      int a = rounded + columns[8 + i];
      int b = rounded - columns[8 + i];
      int c = sine(columns[4 + i]) - cosine(columns[12 + i]);
      int d = cosine(columns[4 + i]) + sine(columns[12 + i]);
      int to = place + i * plane.stride;
      plane.set(to, plane.at(to) + (a + d >> 3));
      plane.set(to + 1, plane.at(to + 1) + (b + c >> 3));
      plane.set(to + 2, plane.at(to + 2) + (b - c >> 3));
      plane.set(to + 3, plane.at(to + 3) + (a - d >> 3));
    }
  }

  private static int cosine(int value) {
    return (value * COSINE >> 16) + value;
  }

  private static int sine(int value) {
    return value * SINE >> 16;
  }
}
