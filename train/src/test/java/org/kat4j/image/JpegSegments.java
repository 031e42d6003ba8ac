package org.kat4j.image;

import java.util.Arrays;

/** Segments of JPEG files, for tests. */
public final class JpegSegments {
  static final byte[] EXIF = {'E', 'x', 'i', 'f', 0, 0};

  private JpegSegments() {}

  /** A TIFF block with one entry, the orientation. */
  public static byte[] exif(int orientation, boolean little) {
    byte[] big = {
      'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, (byte) orientation, 0, 0
    };
    byte[] small = {
      'I', 'I', 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, (byte) orientation, 0, 0, 0
    };
    byte[] tiff = little ? small : big;
    byte[] segment = Arrays.copyOf(EXIF, EXIF.length + tiff.length);
    System.arraycopy(tiff, 0, segment, EXIF.length, tiff.length);
    return segment;
  }

  /** Puts a segment behind the first one. */
  public static byte[] with(byte[] file, int marker, byte[] content) {
    int at = 2;
    if ((file[3] & 0xff) == 0xe0) {
      at += 2 + ((file[4] & 0xff) << 8 | file[5] & 0xff);
    }
    byte[] result = new byte[file.length + 4 + content.length];
    System.arraycopy(file, 0, result, 0, at);
    result[at] = (byte) 0xff;
    result[at + 1] = (byte) marker;
    result[at + 2] = (byte) ((content.length + 2) >> 8);
    result[at + 3] = (byte) (content.length + 2);
    System.arraycopy(content, 0, result, at + 4, content.length);
    System.arraycopy(file, at, result, at + 4 + content.length, file.length - at);
    return result;
  }
}
