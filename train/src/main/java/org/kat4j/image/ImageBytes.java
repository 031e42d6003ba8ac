package org.kat4j.image;

import java.io.IOException;
import javax.imageio.stream.ImageInputStreamImpl;

/**
 * A file in memory for ImageIO's decoders. A decoder that goes on reading behind the end, or takes
 * too long, is stopped by an exception.
 */
final class ImageBytes extends ImageInputStreamImpl {
  /** Decoders look at the end more than once before they believe it. */
  private static final int MOST_READS_BEHIND = 1000;

  private final byte[] file;
  private final DecodingLimit limit;
  private int readsBehind;

  ImageBytes(byte[] file, DecodingLimit limit) {
    this.file = file;
    this.limit = limit;
  }

  @Override
  public int read() throws IOException {
    bitOffset = 0;
    return ended() ? -1 : file[(int) streamPos++] & 0xff;
  }

  @Override
  public int read(byte[] to, int offset, int length) throws IOException {
    bitOffset = 0;
    if (length == 0) {
      return 0;
    }
    if (ended()) {
      return -1;
    }
    int count = (int) Math.min(length, file.length - streamPos);
    System.arraycopy(file, (int) streamPos, to, offset, count);
    streamPos += count;
    return count;
  }

  private boolean ended() throws IOException {
    limit.check();
    if (streamPos < file.length) {
      return false;
    }
    readsBehind++;
    if (readsBehind > MOST_READS_BEHIND) {
      throw new IOException("it ends too early");
    }
    return true;
  }

  @Override
  public long length() {
    return file.length;
  }
}
