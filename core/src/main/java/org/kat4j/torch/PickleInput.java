package org.kat4j.torch;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;

/**
 * The bytes of a pickle, read once from front to back. Memory is taken for no more bytes than are
 * left.
 */
final class PickleInput {
  private static final int LONGEST_LINE = 1 << 16;

  private final InputStream in;
  private final long length;
  private long position;

  /**
   * @param in buffered bytes
   * @param length how many there are
   */
  PickleInput(InputStream in, long length) {
    this.in = in;
    this.length = length;
  }

  /** Bytes read so far. */
  long position() {
    return position;
  }

  /** An unsigned byte. */
  int byte1() throws IOException {
    int value = in.read();
    if (value < 0 || position >= length) {
      throw new EOFException("it ends in the middle of a value");
    }
    position++;
    return value;
  }

  /** An unsigned integer of 2 bytes, little-endian as all below. */
  int unsigned2() throws IOException {
    return byte1() | byte1() << 8;
  }

  int signed4() throws IOException {
    return unsigned2() | unsigned2() << 16;
  }

  long unsigned4() throws IOException {
    return Integer.toUnsignedLong(signed4());
  }

  long signed8() throws IOException {
    return unsigned4() | unsigned4() << 32;
  }

  /** A float64, the one big-endian number of the format. */
  double float64() throws IOException {
    return Double.longBitsToDouble(Long.reverseBytes(signed8()));
  }

  byte[] bytes(long count) throws IOException {
    checkLeft(count);
    byte[] bytes = in.readNBytes((int) Math.min(count, Integer.MAX_VALUE - 8));
    if (bytes.length != count) {
      throw new EOFException("it ends in the middle of a text");
    }
    position += count;
    return bytes;
  }

  /** Passes over bytes without keeping them. */
  void skip(long count) throws IOException {
    checkLeft(count);
    in.skipNBytes(count);
    position += count;
  }

  private void checkLeft(long count) throws MalformedFileException {
    if (count < 0 || count > length - position) {
      throw new MalformedFileException(
          "a text of %s bytes is announced where %d are left"
              .formatted(Long.toUnsignedString(count), length - position));
    }
  }

  String utf8(long bytes) throws IOException {
    return new String(bytes(bytes), StandardCharsets.UTF_8);
  }

  /** Text up to a line feed, which is read and left out. */
  String line() throws IOException {
    var text = new StringBuilder();
    for (int c = byte1(); c != '\n'; c = byte1()) {
      if (text.length() == LONGEST_LINE) {
        throw new MalformedFileException("a name is longer than " + LONGEST_LINE + " bytes");
      }
      text.append((char) c);
    }
    return text.toString();
  }
}
