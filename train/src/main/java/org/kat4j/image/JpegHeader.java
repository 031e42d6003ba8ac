package org.kat4j.image;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import javax.imageio.stream.ImageInputStream;

/**
 * What the markers before the first scan of a JPEG say about its colours and its orientation.
 * Nothing in them is trusted: whatever does not fit is taken as absent.
 *
 * @param jfif whether it is a JFIF file
 * @param adobeTransform colour transform of Adobe's marker: 0 none, 1 YCbCr, 2 YCCK; -1 without it
 * @param namedRgb whether the three components are called R, G and B
 * @param orientation EXIF orientation, 1 (upright) to 8
 */
record JpegHeader(boolean jfif, int adobeTransform, boolean namedRgb, int orientation) {
  private static final int UPRIGHT = 1;
  private static final int ORIENTATION_TAG = 0x0112;
  private static final byte[] JFIF = {'J', 'F', 'I', 'F', 0};
  private static final byte[] ADOBE = {'A', 'd', 'o', 'b', 'e'};
  private static final byte[] EXIF = {'E', 'x', 'i', 'f', 0, 0};

  static boolean isJpeg(byte[] file) {
    return file.length > 2 && file[0] == (byte) 0xff && file[1] == (byte) 0xd8;
  }

  static JpegHeader of(byte[] file) {
    boolean jfif = false;
    int adobeTransform = -1;
    boolean namedRgb = false;
    int orientation = UPRIGHT;
    int at = 2; // behind the start of image
    while (at + 4 <= file.length) {
      if (file[at] != (byte) 0xff) {
        at++; // padding between segments, or damage that the decoder will speak of
        continue;
      }
      int marker = file[at + 1] & 0xff;
      if (marker == 0xda || marker == 0xd9) { // start of scan, end of image
        break;
      }
      if (marker == 0xff || marker == 0 || marker == 0x01 || marker >= 0xd0 && marker <= 0xd7) {
        at += marker == 0xff ? 1 : 2; // fill byte, or a marker without a segment
        continue;
      }
      int length = (file[at + 2] & 0xff) << 8 | file[at + 3] & 0xff; // counts itself
      int start = at + 4;
      int end = Math.min(file.length, at + 2 + Math.max(2, length));
      if (marker == 0xe0) {
        jfif |= startsWith(file, start, end, JFIF);
      } else if (marker == 0xee && startsWith(file, start, end, ADOBE) && start + 12 <= end) {
        adobeTransform = file[start + 11] & 0xff;
      } else if (marker == 0xe1 && startsWith(file, start, end, EXIF)) {
        orientation = orientation(file, start + EXIF.length, end);
      } else if (isFrame(marker)) {
        namedRgb = namedRgb(file, start, end);
      }
      at = end;
    }
    return new JpegHeader(jfif, adobeTransform, namedRgb, orientation);
  }

  /**
   * The size that the frame states, wherever its segment stands.
   *
   * @throws IOException when there is no frame before the first scan
   */
  static ImageReading.Size size(ImageInputStream file) throws IOException {
    try {
      for (file.seek(2); ; ) {
        while (file.readUnsignedByte() != 0xff) {}
        int marker = file.readUnsignedByte();
        while (marker == 0xff) {
          marker = file.readUnsignedByte();
        }
        if (marker == 0xda || marker == 0xd9) {
          throw new IOException("it states no size");
        }
        if (JpegScans.isAlone(marker)) {
          continue;
        }
        int length = file.readUnsignedShort();
        if (isFrame(marker)) {
          file.readByte(); // bits of a sample
          int height = file.readUnsignedShort();
          int width = file.readUnsignedShort();
          if (height == 0 || width == 0) {
            throw new IOException("it has no pixels");
          }
          return new ImageReading.Size(height, width);
        }
        file.skipBytes(Math.max(0, length - 2));
      }
    } catch (EOFException e) {
      throw new IOException("it ends too early", e);
    }
  }

  /** Whether three components are YCbCr; libjpeg's rules. */
  boolean isYcc() {
    if (jfif) {
      return true;
    }
    return adobeTransform >= 0 ? adobeTransform != 0 : !namedRgb;
  }

  /** Whether four components are YCCK rather than CMYK. */
  boolean isYcck() {
    return adobeTransform == 2;
  }

  /** Start of frame, whatever its coding: not tables (c4), reserved (c8) or conditioning (cc). */
  private static boolean isFrame(int marker) {
    return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
  }

  /** Precision, height, width, count, then three bytes for each component. */
  private static boolean namedRgb(byte[] file, int start, int end) {
    return start + 15 <= end
        && file[start + 5] == 3
        && file[start + 6] == 'R'
        && file[start + 9] == 'G'
        && file[start + 12] == 'B';
  }

  /** The orientation in the first directory of a TIFF block. */
  private static int orientation(byte[] file, int start, int end) {
    if (start + 8 > end) {
      return UPRIGHT;
    }
    ByteBuffer tiff = ByteBuffer.wrap(file, start, end - start).slice();
    tiff.order(tiff.get(0) == 'I' ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
    int directory = tiff.getInt(4);
    if (directory < 8 || directory > tiff.limit() - 2) {
      return UPRIGHT;
    }
    int entries = tiff.getShort(directory) & 0xffff;
    for (int i = 0; i < entries && directory + 14 + 12 * i <= tiff.limit(); i++) {
      int entry = directory + 2 + 12 * i;
      if ((tiff.getShort(entry) & 0xffff) == ORIENTATION_TAG) {
        int value = tiff.getShort(entry + 8);
        return value >= 1 && value <= 8 ? value : UPRIGHT;
      }
    }
    return UPRIGHT;
  }

  private static boolean startsWith(byte[] file, int start, int end, byte[] text) {
    if (start + text.length > end) {
      return false;
    }
    for (int i = 0; i < text.length; i++) {
      if (file[start + i] != text[i]) {
        return false;
      }
    }
    return true;
  }
}
