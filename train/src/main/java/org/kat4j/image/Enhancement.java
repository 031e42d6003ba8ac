package org.kat4j.image;

import java.util.Arrays;

/**
 * Pillow's {@code ImageEnhance}: the way from a degenerate picture (factor 0) over the picture
 * itself (factor 1) and beyond, {@code degenerate + factor (picture - degenerate)}.
 */
public final class Enhancement {
  private Enhancement() {}

  /** The degenerate picture is black. */
  public static Picture brightness(Picture picture, double factor) {
    return blend(new byte[picture.pixels().length], picture, factor);
  }

  /** The degenerate picture is grey, of the same luma. */
  public static Picture color(Picture picture, double factor) {
    byte[] luma = picture.luma();
    byte[] grey = new byte[picture.pixels().length];
    for (int channel = 0; channel < picture.channels(); channel++) {
      System.arraycopy(luma, 0, grey, channel * luma.length, luma.length);
    }
    return blend(grey, picture, factor);
  }

  /** The degenerate picture is one grey: the mean luma, rounded. */
  public static Picture contrast(Picture picture, double factor) {
    long sum = 0;
    for (byte value : picture.luma()) {
      sum += value & 0xff;
    }
    byte[] grey = new byte[picture.pixels().length];
    Arrays.fill(grey, (byte) (int) ((double) sum / picture.area() + 0.5));
    return blend(grey, picture, factor);
  }

  /** The degenerate picture is smoothed by [1 1 1; 1 5 1; 1 1 1] / 13, its border kept. */
  public static Picture sharpness(Picture picture, double factor) {
    return blend(smooth(picture), picture, factor);
  }

  private static byte[] smooth(Picture picture) {
    byte[] from = picture.pixels();
    byte[] to = from.clone();
    int width = picture.width();
    for (int channel = 0; channel < picture.channels(); channel++) {
      for (int row = 1; row < picture.height() - 1; row++) {
        int start = channel * picture.area() + row * width;
        for (int i = start + 1; i < start + width - 1; i++) {
          int sum = 4 * (from[i] & 0xff);
          for (int above = i - width; above <= i + width; above += width) {
            sum += (from[above - 1] & 0xff) + (from[above] & 0xff) + (from[above + 1] & 0xff);
          }
          to[i] = (byte) ((2 * sum + 13) / 26); // rounded; 13 is odd, so there is no tie
        }
      }
    }
    return to;
  }

  /** In float32, cut at both ends and rounded down, as Pillow's {@code Image.blend}. */
  private static Picture blend(byte[] degenerate, Picture picture, double factor) {
    float alpha = (float) factor;
    byte[] pixels = picture.pixels();
    byte[] result = new byte[pixels.length];
    for (int i = 0; i < result.length; i++) {
      int low = degenerate[i] & 0xff;
      float value = low + alpha * ((pixels[i] & 0xff) - low);
      result[i] = (byte) (int) Math.clamp(value, 0f, 255f);
    }
    return picture.with(result);
  }
}
