package org.kat4j.image;

/**
 * The eight ways in which a camera may have stored an upright picture. Source: EXIF 2.3, 0x0112.
 */
final class Orientation {
  private Orientation() {}

  /** The upright picture of one stored with {@code orientation}, 1 to 8. */
  static Picture upright(Picture stored, int orientation) {
    if (orientation == 1) {
      return stored;
    }
    boolean turned = orientation >= 5; // rows and columns change places
    int height = turned ? stored.width() : stored.height();
    int width = turned ? stored.height() : stored.width();
    byte[] pixels = new byte[stored.pixels().length];
    for (int row = 0; row < height; row++) {
      for (int column = 0; column < width; column++) {
        int fromRow =
            switch (orientation) {
              case 2 -> row;
              case 3, 4 -> height - 1 - row;
              case 5, 8 -> column;
              default -> width - 1 - column; // 6, 7
            };
        int fromColumn =
            switch (orientation) {
              case 2, 3 -> width - 1 - column;
              case 4 -> column;
              case 5, 6 -> row;
              default -> height - 1 - row; // 7, 8
            };
        for (int channel = 0; channel < stored.channels(); channel++) {
          pixels[channel * stored.area() + row * width + column] =
              stored.pixels()[channel * stored.area() + fromRow * stored.width() + fromColumn];
        }
      }
    }
    return new Picture(stored.channels(), height, width, pixels);
  }
}
