package org.kat4j.image.webp;

import java.io.IOException;

/** Arithmetic decoding of binary decisions; never beyond what is there. Source: RFC 6386, 7. */
final class BoolDecoder {
  private final byte[] file;
  private final int end;
  private int at;
  private int range = 254; // less 1
  private long value;
  private int bits = -8; // of the value, below the eight that are compared

  BoolDecoder(byte[] file, int start, int end) {
    this.file = file;
    this.at = start;
    this.end = end;
  }

  /** One decision; {@code probability} of 256 that it is 0. */
  int bit(int probability) throws IOException {
    if (bits < 0) {
      load();
    }
    int split = range * probability >> 8;
    boolean one = (int) (value >> bits) > split;
    if (one) {
      value -= (long) (split + 1) << bits;
    }
    int narrowed = one ? range - split : split + 1;
    int shift = Integer.numberOfLeadingZeros(narrowed) - 24;
    bits -= shift;
    range = (narrowed << shift) - 1;
    return one ? 1 : 0;
  }

  private void load() throws IOException {
    if (at == end) {
      throw new IOException("it ends too early");
    }
    do {
      value = value << 8 | file[at++] & 0xff;
      bits += 8;
    } while (bits < 40 && at < end);
  }

  boolean flag() throws IOException {
    return bit(128) == 1;
  }

  /** A number without sign, highest bit first. */
  int number(int width) throws IOException {
    int number = 0;
    for (int i = 0; i < width; i++) {
      number = number << 1 | bit(128);
    }
    return number;
  }

  /** A number and its sign. */
  int signed(int width) throws IOException {
    int number = number(width);
    return flag() ? -number : number;
  }

  /** A number and its sign, or 0 where it is left out. */
  int optional(int width) throws IOException {
    return flag() ? signed(width) : 0;
  }
}
