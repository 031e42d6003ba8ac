package org.kat4j.image;

import java.awt.image.DataBufferByte;
import java.awt.image.PixelInterleavedSampleModel;
import java.awt.image.Raster;

/**
 * From the components that a JPEG stores to red, green and blue, by libjpeg's integers and, for
 * four components, by Pillow's way from CMYK. Colour profiles are left aside, as in the pipelines
 * whose numbers are published.
 */
final class JpegColors {
  private static final int HALF = 1 << 15;

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
      int to = row * width;
      if (bands == 1) {
        System.arraycopy(stored, from + offsets[0], pixels, to, width);
      } else {
        boolean ycc = bands == 3 ? header.isYcc() : header.isYcck();
        row(stored, from, layout.getPixelStride(), offsets, ycc, pixels, to, area, width);
      }
      if (bands == 4) {
        // Adobe stores 255 - ink: what is stored already is the light that the ink lets through.
        black(
            stored,
            from + offsets[3],
            layout.getPixelStride(),
            header.isYcck(),
            pixels,
            to,
            area,
            width);
      }
    }
    return new Picture(bands == 1 ? 1 : 3, raster.getHeight(), width, pixels);
  }

  private static void row(
      byte[] stored,
      int from,
      int step,
      int[] offsets,
      boolean ycc,
      byte[] pixels,
      int to,
      int area,
      int width) {
    for (int x = 0, i = from; x < width; x++, i += step) {
      int first = stored[i + offsets[0]] & 0xff;
      int second = stored[i + offsets[1]] & 0xff;
      int third = stored[i + offsets[2]] & 0xff;
      if (ycc) {
        int blue = second - 128;
        int red = third - 128;
        pixels[to + x] = clip(first + ((91881 * red + HALF) >> 16));
        pixels[area + to + x] = clip(first + ((-22554 * blue - 46802 * red + HALF) >> 16));
        pixels[2 * area + to + x] = clip(first + ((116130 * blue + HALF) >> 16));
      } else {
        pixels[to + x] = (byte) first;
        pixels[area + to + x] = (byte) second;
        pixels[2 * area + to + x] = (byte) third;
      }
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

  private static byte clip(int value) {
    return (byte) (value < 0 ? 0 : Math.min(value, 255));
  }
}
