package org.kat4j.image.webp;

import java.io.IOException;

/** The bits of a lossless picture, lowest first; never more than are there. */
final class BitReader {
  private final byte[] file;
  private final int end;
  private int at;
  private long window;
  private int held; // bits of the window, made-up zeros among them
  private int madeUp; // bits of them that stand behind the end

  BitReader(byte[] file, int start, int end) {
    this.file = file;
    this.at = start;
    this.end = end;
  }

  /** The next {@code count} bits, at most 32; zeros stand behind the end. */
  int peek(int count) {
    while (held < count) {
      if (at < end) {
        window |= (file[at++] & 0xffL) << held;
      } else {
        madeUp += 8;
      }
      held += 8;
    }
    return (int) (window & (1L << count) - 1);
  }

  /** Goes on by bits that were looked at. */
  void skip(int count) throws IOException {
    window >>>= count;
    held -= count;
    if (held < madeUp) {
      throw new IOException("it ends too early");
    }
  }

  int read(int count) throws IOException {
    int value = peek(count);
    skip(count);
    return value;
  }

  boolean flag() throws IOException {
    return read(1) == 1;
  }
}
