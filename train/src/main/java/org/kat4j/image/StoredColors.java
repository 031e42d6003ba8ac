package org.kat4j.image;

import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import org.kat4j.image.webp.Webp;

/**
 * The values that an image stores, without what Java's colour management would make of them: {@code
 * BufferedImage.getRGB} changes grey values, which Java takes as linear light.
 */
final class StoredColors {
  private StoredColors() {}

  /** Grey images give 1 channel, all others 3; transparency is dropped, 16 bits are cut to 8. */
  static Picture picture(BufferedImage image) {
    ColorModel colors = image.getColorModel();
    int channels =
        !(colors instanceof IndexColorModel) && colors.getNumColorComponents() == 1 ? 1 : 3;
    int width = image.getWidth();
    int area = width * image.getHeight();
    byte[] pixels = new byte[channels * area];
    int[] row = new int[width];
    for (int channel = 0; channel < channels; channel++) {
      for (int y = 0; y < image.getHeight(); y++) {
        readRow(image.getRaster(), colors, y, channel, row);
        int start = channel * area + y * width;
        for (int x = 0; x < width; x++) {
          pixels[start + x] = (byte) row[x];
        }
      }
    }
    return new Picture(channels, image.getHeight(), width, pixels);
  }

  /** Always 3 channels. */
  static Picture picture(Webp.Pixels image) {
    int area = image.width() * image.height();
    byte[] pixels = new byte[3 * area];
    for (int i = 0; i < area; i++) {
      int argb = image.argb()[i];
      pixels[i] = (byte) (argb >> 16);
      pixels[area + i] = (byte) (argb >> 8);
      pixels[2 * area + i] = (byte) argb;
    }
    return new Picture(3, image.height(), image.width(), pixels);
  }

  private static void readRow(Raster raster, ColorModel colors, int y, int channel, int[] row) {
    if (colors instanceof IndexColorModel palette) {
      raster.getSamples(0, y, row.length, 1, 0, row);
      for (int x = 0; x < row.length; x++) {
        row[x] = palette.getRGB(row[x]) >> (16 - 8 * channel) & 0xff;
      }
      return;
    }
    raster.getSamples(0, y, row.length, 1, channel, row);
    int excessBits = colors.getComponentSize(channel) - 8;
    for (int x = 0; x < row.length; x++) {
      row[x] >>= excessBits;
    }
  }
}
