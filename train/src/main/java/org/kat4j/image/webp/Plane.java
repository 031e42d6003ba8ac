package org.kat4j.image.webp;

import java.util.Arrays;

/**
 * Samples of luma or of one chroma, with the border from which the first row and column are
 * predicted: 127 above, 129 to the left.
 */
final class Plane {
  private static final int BEYOND = 4; // columns behind the last: blocks look up to the right

  final byte[] samples;
  final int stride;

  /**
   * @param width columns, a multiple of 8
   */
  Plane(int width, int height) {
    stride = 1 + width + BEYOND;
    samples = new byte[Math.multiplyExact(stride, height + 1)];
    Arrays.fill(samples, 0, stride, (byte) 127);
    for (int row = 1; row <= height; row++) {
      samples[row * stride] = (byte) 129;
    }
  }

  /** The place of a sample; -1 is the border. */
  int place(int x, int y) {
    return (y + 1) * stride + x + 1;
  }

  int at(int place) {
    return samples[place] & 0xff;
  }

  /** Sets a sample to the nearest level that there is. */
  void set(int place, int level) {
    samples[place] = (byte) Math.clamp(level, 0, 255);
  }
}
