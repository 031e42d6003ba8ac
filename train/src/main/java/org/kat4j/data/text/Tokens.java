package org.kat4j.data.text;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Objects;
import org.kat4j.error.UserException;

/**
 * A text as ids, mapped from a file: pages come from the disk as they are read, and the system may
 * take them back.
 */
public final class Tokens {
  static final ValueLayout.OfShort NARROW =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  static final ValueLayout.OfInt WIDE =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final String name;
  private final MemorySegment ids;
  private final boolean wide;
  private final long size;
  private final long bytes;
  private final String checksum;

  /**
   * @param ids 2 or 4 bytes for each
   */
  Tokens(String name, MemorySegment ids, boolean wide, long bytes, String checksum) {
    this.name = name;
    this.ids = ids;
    this.wide = wide;
    this.size = ids.byteSize() / (wide ? Integer.BYTES : Short.BYTES);
    this.bytes = bytes;
    this.checksum = checksum;
  }

  /** The part of a text that this is, for messages. */
  public String name() {
    return name;
  }

  /** How many ids. */
  public long size() {
    return size;
  }

  /** How many bytes of UTF-8 the text has: bits for each byte compare between tokenizers. */
  public long bytes() {
    return bytes;
  }

  /** Of the text and of the tokenizer, in lower-case hexadecimal. */
  public String checksum() {
    return checksum;
  }

  public int get(long index) {
    return wide
        ? ids.get(WIDE, Integer.BYTES * index)
        : Short.toUnsignedInt(ids.get(NARROW, Short.BYTES * index));
  }

  /**
   * Copies the ids from {@code start} on into {@code length} places of an array from {@code at}.
   */
  public void copy(long start, int length, long[] into, int at) {
    Objects.checkFromIndexSize(at, length, into.length);
    copy(
        start,
        MemorySegment.ofArray(into).asSlice(Long.BYTES * (long) at, Long.BYTES * (long) length));
  }

  /** Fills memory of 64-bit numbers, such as a tensor's, with the ids from {@code start} on. */
  public void copy(long start, MemorySegment into) {
    long count = into.byteSize() / Long.BYTES;
    Objects.checkFromIndexSize(start, count, size);
    for (long i = 0; i < count; i++) {
      into.set(ValueLayout.JAVA_LONG_UNALIGNED, Long.BYTES * i, get(start + i));
    }
  }

  /**
   * Makes sure that windows of this context fit: its ids, and the one after them that is predicted.
   *
   * @throws UserException if the text is too short
   */
  public Tokens holding(int context) {
    if (size <= context) {
      throw new UserException(
          "%s: the text has %,d tokens, a context of %,d needs %,d: give a longer text or a shorter context"
              .formatted(name, size, context, context + 1L));
    }
    return this;
  }
}
