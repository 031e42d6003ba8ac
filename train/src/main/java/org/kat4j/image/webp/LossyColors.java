package org.kat4j.image.webp;

import java.io.IOException;

/**
 * Luma and chroma of half the size to red, green, blue: chroma between four samples is (9 a + 3 b +
 * 3 c + d) / 16, libwebp's "fancy" upsampling, and its integers of ITU-R 601.
 */
final class LossyColors {
  private LossyColors() {}

  static int[] argb(
      Plane luma, Plane blue, Plane red, int width, int height, Webp.Progress progress)
      throws IOException {
    int[] argb = new int[Math.multiplyExact(width, height)];
    int lastColumn = (width - 1) / 2;
    int lastRow = (height - 1) / 2;
    for (int y = 0, at = 0; y < height; y++) {
      progress.row();
      int near = blue.place(0, y / 2);
      int far = blue.place(0, Math.clamp(y / 2 + (y % 2 == 0 ? -1 : 1), 0, lastRow));
      int from = luma.place(0, y);
      for (int x = 0; x < width; x++, at++) {
        int column = x / 2;
        int beside = Math.clamp(column + (x % 2 == 0 ? -1 : 1), 0, lastColumn);
        argb[at] =
            color(
                luma.at(from + x),
                between(blue, near + column, near + beside, far + column, far + beside),
                between(red, near + column, near + beside, far + column, far + beside));
      }
    }
    return argb;
  }

  private static int between(Plane plane, int a, int b, int c, int d) {
    return 9 * plane.at(a) + 3 * (plane.at(b) + plane.at(c)) + plane.at(d) + 8 >> 4;
  }

  private static int color(int luma, int blue, int red) {
    int light = luma * 19077 >> 8;
    int r = level(light + (red * 26149 >> 8) - 14234);
    int g = level(light - (blue * 6419 >> 8) - (red * 13320 >> 8) + 8708);
    int b = level(light + (blue * 33050 >> 8) - 17685);
    return r << 16 | g << 8 | b;
  }

  private static int level(int value) {
    return Math.clamp(value >> 6, 0, 255);
  }
}
