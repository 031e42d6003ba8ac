package org.kat4j.image;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** Rows of bytes to columns, in blocks of 8 x 8 that are turned inside of eight long integers. */
final class Transposition {
  private static final int SIDE = Long.BYTES;
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  // Which bytes of a pair of rows change places at each of the three steps.
  private static final long SINGLE = 0x00ff00ff00ff00ffL;
  private static final long DOUBLE = 0x0000ffff0000ffffL;
  private static final long QUADRUPLE = 0x00000000ffffffffL;

  private Transposition() {}

  /**
   * {@code to[column, row] = from[row, column]}.
   *
   * @param start place of the first byte in {@code from}
   * @param pitch distance of its rows
   * @param at place of the first byte in {@code to}
   * @param toPitch distance of its rows, the columns of {@code from}
   */
  static void apply(
      byte[] from, int start, int pitch, int rows, int columns, byte[] to, int at, int toPitch) {
    int wholeRows = rows - rows % SIDE;
    int wholeColumns = columns - columns % SIDE;
    for (int row = 0; row < wholeRows; row += SIDE) {
      for (int column = 0; column < wholeColumns; column += SIDE) {
        block(from, start + row * pitch + column, pitch, to, at + column * toPitch + row, toPitch);
      }
    }
    for (int row = 0; row < rows; row++) {
      for (int column = row < wholeRows ? wholeColumns : 0; column < columns; column++) {
        to[at + column * toPitch + row] = from[start + row * pitch + column];
      }
    }
  }

  /**
   * Quarters of the block, then of the quarters, then of those change places across the diagonal.
   */
  private static void block(byte[] from, int start, int pitch, byte[] to, int at, int toPitch) {
    long a = row(from, start);
    long b = row(from, start + pitch);
    long c = row(from, start + 2 * pitch);
    long d = row(from, start + 3 * pitch);
    long e = row(from, start + 4 * pitch);
    long f = row(from, start + 5 * pitch);
    long g = row(from, start + 6 * pitch);
    long h = row(from, start + 7 * pitch);

    long change = differing(a, e, 32, QUADRUPLE);
    a ^= change << 32;
    e ^= change;
    change = differing(b, f, 32, QUADRUPLE);
    b ^= change << 32;
    f ^= change;
    change = differing(c, g, 32, QUADRUPLE);
    c ^= change << 32;
    g ^= change;
    change = differing(d, h, 32, QUADRUPLE);
    d ^= change << 32;
    h ^= change;

    change = differing(a, c, 16, DOUBLE);
    a ^= change << 16;
    c ^= change;
    change = differing(b, d, 16, DOUBLE);
    b ^= change << 16;
    d ^= change;
    change = differing(e, g, 16, DOUBLE);
    e ^= change << 16;
    g ^= change;
    change = differing(f, h, 16, DOUBLE);
    f ^= change << 16;
    h ^= change;

    change = differing(a, b, 8, SINGLE);
    a ^= change << 8;
    b ^= change;
    change = differing(c, d, 8, SINGLE);
    c ^= change << 8;
    d ^= change;
    change = differing(e, f, 8, SINGLE);
    e ^= change << 8;
    f ^= change;
    change = differing(g, h, 8, SINGLE);
    g ^= change << 8;
    h ^= change;

    LONG.set(to, at, a);
    LONG.set(to, at + toPitch, b);
    LONG.set(to, at + 2 * toPitch, c);
    LONG.set(to, at + 3 * toPitch, d);
    LONG.set(to, at + 4 * toPitch, e);
    LONG.set(to, at + 5 * toPitch, f);
    LONG.set(to, at + 6 * toPitch, g);
    LONG.set(to, at + 7 * toPitch, h);
  }

  private static long row(byte[] from, int start) {
    return (long) LONG.get(from, start);
  }

  /** Bits in which the later bytes of the upper row differ from the earlier ones of the lower. */
  private static long differing(long upper, long lower, int bits, long mask) {
    return (upper >>> bits ^ lower) & mask;
  }
}
