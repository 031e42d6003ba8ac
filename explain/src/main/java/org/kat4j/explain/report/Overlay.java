package org.kat4j.explain.report;

import java.util.Arrays;
import org.kat4j.image.Picture;

/** An image beside itself with a map of weights laid over it. */
final class Overlay {
  private static final int SIDE = 112; // pixels that an image has at least
  private static final double STRENGTH = .75;
  private static final int[] COLOUR = {255, 150, 20};

  private Overlay() {}

  /**
   * Draws both.
   *
   * @param weights {@code [side][side]} in one row, of any range: the least is left grey, the
   *     largest is coloured most
   */
  static Picture of(Picture image, double[] weights) {
    int factor = Math.max(1, Math.ceilDiv(SIDE, image.width()));
    int width = image.width() * factor;
    int height = image.height() * factor;
    int area = 2 * width * height;
    byte[] out = new byte[3 * area];
    byte[] luma = image.luma();
    double least = Arrays.stream(weights).min().orElse(0);
    double range = Math.max(Double.MIN_NORMAL, Arrays.stream(weights).max().orElse(1) - least);
    int side = (int) Math.sqrt(weights.length);
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        int source = y / factor * image.width() + x / factor;
        double weight =
            (between(weights, side, (x + .5) / width, (y + .5) / height) - least) / range;
        int left = y * 2 * width + x;
        for (int c = 0; c < 3; c++) {
          int plane = image.channels() == 1 ? 0 : c * image.area();
          out[c * area + left] = image.pixels()[plane + source];
          double grey = .65 * (luma[source] & 0xff);
          double mixed = grey + STRENGTH * weight * (COLOUR[c] - grey);
          out[c * area + left + width] = (byte) Math.round(mixed);
        }
      }
    }
    return new Picture(3, height, 2 * width, out);
  }

  /** Bilinear between the middles of cells; places in [0, 1]. */
  private static double between(double[] cells, int side, double x, double y) {
    double column = Math.clamp(x * side - .5, 0, side - 1);
    double row = Math.clamp(y * side - .5, 0, side - 1);
    int left = (int) column;
    int top = (int) row;
    int right = Math.min(side - 1, left + 1);
    int bottom = Math.min(side - 1, top + 1);
    double above = mix(cells[top * side + left], cells[top * side + right], column - left);
    double below = mix(cells[bottom * side + left], cells[bottom * side + right], column - left);
    return mix(above, below, row - top);
  }

  private static double mix(double a, double b, double share) {
    return a + share * (b - a);
  }
}
