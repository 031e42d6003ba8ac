package org.kat4j.image;

/** Levels of pixels, 0 to 255, as Java's numbers and as bytes. */
final class Levels {
  private Levels() {}

  static byte[] bytes(int... levels) {
    byte[] bytes = new byte[levels.length];
    for (int i = 0; i < levels.length; i++) {
      bytes[i] = (byte) levels[i];
    }
    return bytes;
  }

  static int[] ints(byte[] bytes) {
    int[] levels = new int[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      levels[i] = Byte.toUnsignedInt(bytes[i]);
    }
    return levels;
  }
}
