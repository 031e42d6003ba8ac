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
    long scaledHeight = heightDecides ? toHeight : (long) height * toWidth / width;
    long scaledWidth = heightDecides ? (long) width * toHeight / height : toWidth;
    long top = (long) Math.rint((scaledHeight - toHeight) / 2.0);
    long left = (long) Math.rint((scaledWidth - toWidth) / 2.0);
    return Bicubic.resize(this, scaledHeight, scaledWidth, top, left, toHeight, toWidth);
  }
}
