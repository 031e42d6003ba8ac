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

  /** The middle of this picture at the wanted size; see {@link #fit(int, int, double)}. */
  byte[] fit(int toHeight, int toWidth) {
    return fit(toHeight, toWidth, 1);
  }

  /**
   * The middle of this picture at the wanted size: scaled with its proportions kept until the size
   * is {@code crop} of what it covers, then cut. For a square size that is: shorter side to
   * floor(size / crop), centre crop.
   *
   * @param crop timm's {@code crop_pct}, above 0, at most 1
   */
  byte[] fit(int toHeight, int toWidth, double crop) {
    if (crop == 1 && height == toHeight && width == toWidth) {
      return pixels;
    }
    long coveredHeight = (long) Math.floor(toHeight / crop);
    long coveredWidth = (long) Math.floor(toWidth / crop);
    // Compares coveredHeight / height with coveredWidth / width; the other side is rounded down, as
    // in timm.
    boolean heightDecides = coveredHeight * width >= coveredWidth * height;
    long scaledHeight = heightDecides ? coveredHeight : height * coveredWidth / width;
    long scaledWidth = heightDecides ? width * coveredHeight / height : coveredWidth;
    long top = (long) Math.rint((scaledHeight - toHeight) / 2.0);
    long left = (long) Math.rint((scaledWidth - toWidth) / 2.0);
    return Bicubic.resize(this, scaledHeight, scaledWidth, top, left, toHeight, toWidth);
  }
}
