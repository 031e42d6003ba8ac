package org.kat4j.data;

/**
 * One decoded image.
 *
 * @param channels 1 or 3
 * @param height rows
 * @param width columns
 * @param pixels {@code [channels, height, width]}
 */
@SuppressWarnings("ArrayRecordComponent") // only carries the pixels, is never compared
record Picture(int channels, int height, int width, byte[] pixels) {

  /**
   * The middle of this picture at the wanted size: scaled with its proportions kept until it just
   * covers the size, then cut. For a square size that is: shorter side to the size, centre crop.
   */
  byte[] fit(int toHeight, int toWidth) {
    if (height == toHeight && width == toWidth) {
      return pixels;
    }
    // Compares toHeight / height with toWidth / width; the other side is rounded down, as in timm.
    boolean heightDecides = (long) toHeight * width >= (long) toWidth * height;
    int scaledHeight = heightDecides ? toHeight : Math.toIntExact((long) height * toWidth / width);
    int scaledWidth = heightDecides ? Math.toIntExact((long) width * toHeight / height) : toWidth;
    byte[] scaled = Bicubic.resize(pixels, channels, height, width, scaledHeight, scaledWidth);
    int top = (int) Math.rint((scaledHeight - toHeight) / 2.0);
    int left = (int) Math.rint((scaledWidth - toWidth) / 2.0);
    byte[] cut = new byte[channels * toHeight * toWidth];
    for (int channel = 0; channel < channels; channel++) {
      for (int row = 0; row < toHeight; row++) {
        int from = (channel * scaledHeight + top + row) * scaledWidth + left;
        System.arraycopy(scaled, from, cut, (channel * toHeight + row) * toWidth, toWidth);
      }
    }
    return cut;
  }
}
