package org.kat4j.image;

import java.io.ByteArrayOutputStream;
import java.io.IOException;

/**
 * The walk through the markers of a JPEG before it is decoded: how many scans it has, whether it
 * ends, and a copy without the segments that its pixels do not depend on.
 *
 * @param scans how many
 * @param file the file without colour profiles, comments and the like, which decoders stumble over
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record JpegScans(int scans, byte[] file) {
  /** Usual progressive files have about 10. Each one is a pass over the whole picture. */
  private static final int MOST = 100;

  /** Pixels times scans: some seconds at most. */
  private static final long MOST_WORK = 1_000_000_000;

  /**
   * Walks to the end-of-image marker.
   *
   * @throws IOException when there is none, or when there are too many scans
   */
  static JpegScans of(byte[] file) throws IOException {
    var kept = new ByteArrayOutputStream(file.length);
    int scans = 0;
    int keptTo = 0;
    int at = 2;
    while (at + 1 < file.length) {
      int marker = file[at + 1] & 0xff;
      if (file[at] != (byte) 0xff || marker == 0xff || isAlone(marker)) {
        at++; // padding, data of a scan
        continue;
      }
      if (marker == 0xd9) {
        kept.write(file, keptTo, file.length - keptTo);
        return new JpegScans(scans, kept.toByteArray());
      }
      if (at + 4 > file.length) {
        break;
      }
      int length = (file[at + 2] & 0xff) << 8 | file[at + 3] & 0xff; // counts itself
      int end = at + 2 + Math.max(2, length);
      if (marker == 0xda) {
        scans++;
        if (scans > MOST) {
          throw new IOException("it has too many scans");
        }
      } else if (isIgnored(marker) && end <= file.length) {
        kept.write(file, keptTo, at - keptTo);
        keptTo = end;
      }
      at = end;
    }
    throw new IOException("it ends too early");
  }

  /** Refuses what would take too long though neither scans nor pixels are too many. */
  void checkWork(long pixels) throws IOException {
    if (scans * pixels > MOST_WORK) {
      throw new IOException("it has too many scans for its size");
    }
  }

  /** Zeros inside data, restarts, and a marker for arithmetic coding have no segment. */
  static boolean isAlone(int marker) {
    return marker <= 0x01 || marker >= 0xd0 && marker <= 0xd7;
  }

  /** Applications' segments but for JFIF's and Adobe's, which tell colours, and comments. */
  private static boolean isIgnored(int marker) {
    return marker >= 0xe1 && marker <= 0xef && marker != 0xee || marker == 0xfe;
  }
}
