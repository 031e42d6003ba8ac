package org.kat4j.image;

import java.util.Optional;

/** The formats that are read, by the names of ImageIO's readers. */
enum ImageFormat {
  PNG,
  JPEG,
  WEBP;

  /** The format of a file that begins so. */
  static Optional<ImageFormat> of(byte[] start) {
    if (startsWith(start, 0, 0x89, 'P', 'N', 'G')) {
      return Optional.of(PNG);
    }
    if (startsWith(start, 0, 0xff, 0xd8, 0xff)) {
      return Optional.of(JPEG);
    }
    boolean webp =
        startsWith(start, 0, 'R', 'I', 'F', 'F') && startsWith(start, 8, 'W', 'E', 'B', 'P');
    return webp ? Optional.of(WEBP) : Optional.empty();
  }

  private static boolean startsWith(byte[] bytes, int offset, int... values) {
    for (int i = 0; i < values.length; i++) {
      if (offset + i >= bytes.length || bytes[offset + i] != (byte) values[i]) {
        return false;
      }
    }
    return true;
  }
}
