package org.kat4j.image;

/**
 * One decoded image of bytes. Operations make new pictures; a picture that is owned may be changed
 * in place.
 *
 * @param channels 1 (grey) or 3 (red, green, blue)
 * @param height rows
 * @param width columns
 * @param pixels {@code [channels, height, width]}
 */
@SuppressWarnings("ArrayRecordComponent") // only carries the pixels, is never compared
public record Picture(int channels, int height, int width, byte[] pixels) {
  public Picture {
    if (pixels.length != (long) channels * height * width) {
      throw new IllegalArgumentException(
          pixels.length + " pixels are not [" + channels + ", " + height + ", " + width + "]");
    }
  }

  /** Pixels of one channel. */
  public int area() {
    return height * width;
  }

  /** Another picture of the same size. */
  Picture with(byte[] others) {
    return new Picture(channels, height, width, others);
  }

  /** Mirrors left and right, in place. */
  public void mirror() {
    for (int row = 0; row < channels * height; row++) {
      for (int left = row * width, right = left + width - 1; left < right; left++, right--) {
        byte swapped = pixels[left];
        pixels[left] = pixels[right];
        pixels[right] = swapped;
      }
    }
  }

  /**
   * Brightness of every pixel, {@code [height, width]}: luma (19595 R + 38470 G + 7471 B + 32768) /
   * 65536, ITU-R 601 in Pillow's integers. Grey pictures give their own pixels.
   */
  public byte[] luma() {
    if (channels == 1) {
      return pixels;
    }
    int area = area();
    byte[] luma = new byte[area];
    for (int i = 0; i < area; i++) {
      int red = pixels[i] & 0xff;
      int green = pixels[area + i] & 0xff;
      int blue = pixels[2 * area + i] & 0xff;
      luma[i] = (byte) ((19595 * red + 38470 * green + 7471 * blue + 32768) >> 16);
    }
    return luma;
  }
}
