package org.kat4j.image;

import java.awt.image.DataBufferByte;
import java.awt.image.PixelInterleavedSampleModel;
import java.awt.image.Raster;
import org.kat4j.kernel.Kernels;

/**
 * From the components that a JPEG stores to red, green and blue, by libjpeg's integers and, for
 * four components, by Pillow's way from CMYK. Colour profiles are left aside, as in the pipelines
 * whose numbers are published.
 */
final class JpegColors {
  private JpegColors() {}

  /** The picture of the stored components: 1 gives grey, 3 and 4 give colour. */
  static Picture picture(Raster raster, JpegHeader header) {
    byte[] stored = ((DataBufferByte) raster.getDataBuffer()).getData();
    var layout = (PixelInterleavedSampleModel) raster.getSampleModel();
    int bands = raster.getNumBands();
    int width = raster.getWidth();
    int area = width * raster.getHeight();
    byte[] pixels = new byte[bands == 1 ? area : 3 * area];
    int[] offsets = layout.getBandOffsets();
    for (int row = 0; row < raster.getHeight(); row++) {
      int from = row * layout.getScanlineStride();
      if (bands == 1) {
        System.arraycopy(stored, from + offsets[0], pixels, row * width, width);
      } else if (bands == 3) { // a step known to the compiler spares it the checks of each place
        separate(stored, from, 3, offsets, pixels, row * width, area, width);
      } else {
        separate(stored, from, bands, offsets, pixels, row * width, area, width);
      }
    }
    if (bands == 3 ? header.isYcc() : bands == 4 && header.isYcck()) {
      Kernels.pixels().toRgb(pixels);
    }
    for (int row = 0; row < raster.getHeight() && bands == 4; row++) {
      // Adobe stores 255 - ink: what is stored already is the light that the ink lets through.
      black(
          stored,
          row * layout.getScanlineStride() + offsets[3],
          layout.getPixelStride(),
          header.isYcck(),
          pixels,
          row * width,
          area,
          width);
    }
    return new Picture(bands == 1 ? 1 : 3, raster.getHeight(), width, pixels);
  }

  /** The first three components of a row, each to its plane. */
  private static void separate(
      byte[] stored,
      int from,
      int step,
      int[] offsets,
      byte[] pixels,
      int to,
      int area,
      int width) {
    int first = from + offsets[0];
    int second = from + offsets[1];
    int third = from + offsets[2];
    for (int x = 0; x < width; x++) {
      pixels[to + x] = stored[first + step * x];
      pixels[area + to + x] = stored[second + step * x];
      pixels[2 * area + to + x] = stored[third + step * x];
    }
  }

  /**
   * k - c k / 255 with the ink c and the light k that black lets through, in Pillow's rounding.
   * YCCK holds the ink itself, CMYK holds 255 minus the ink.
   */
  private static void black(
      byte[] stored, int from, int step, boolean ink, byte[] pixels, int to, int area, int width) {
    for (int x = 0, i = from; x < width; x++, i += step) {
      int light = stored[i] & 0xff;
      for (int p = to + x; p < 3 * area; p += area) {
        int color = ink ? pixels[p] & 0xff : 255 - (pixels[p] & 0xff);
        int product = color * light + 128;
        pixels[p] = (byte) (light - ((product + (product >> 8)) >> 8));
      }
    }
  }
}
