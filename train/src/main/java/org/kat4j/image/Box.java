package org.kat4j.image;

/**
 * A rectangle of whole pixels.
 *
 * @param top its first row
 * @param left its first column
 * @param height rows
 * @param width columns
 */
public record Box(long top, long left, int height, int width) {
  /** All of a picture. */
  static Box of(Picture picture) {
    return new Box(0, 0, picture.height(), picture.width());
  }
}
