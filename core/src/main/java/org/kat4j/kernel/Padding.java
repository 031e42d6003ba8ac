package org.kat4j.kernel;

import static org.kat4j.kernel.NativeMemory.ALL;

import java.lang.foreign.MemorySegment;

/**
 * Columns that do not fill a vector, copied to where they do, with zeros in the other lanes.
 *
 * @param source the columns, fewer than {@code lanes}
 * @param offset elements from the start of the block to the first of them
 * @param bytes of an element
 */
record Padding(Tile source, long offset, int lanes, int bytes) {
  Tile tile() {
    return new Tile(
        source.rows(), source.strips() * lanes, source.firstStrip(), source.strips(), lanes, lanes);
  }

  long size() {
    return (long) source.rows() * source.strips() * lanes * bytes;
  }

  void copyIn(long block, long padded) {
    ALL.asSlice(padded, size()).fill((byte) 0);
    copy(block, padded, true);
  }

  void copyBack(long padded, long block) {
    copy(block, padded, false);
  }

  private void copy(long block, long padded, boolean in) {
    long length = (long) source.columns() * bytes;
    for (int row = 0; row < source.rows(); row++) {
      for (int strip = 0; strip < source.strips(); strip++) {
        long element = offset + (long) row * source.rowPitch() + (long) strip * source.stripPitch();
        long there = block + element * bytes;
        long here = padded + ((long) row * source.strips() + strip) * lanes * bytes;
        MemorySegment.copy(ALL, in ? there : here, ALL, in ? here : there, length);
      }
    }
  }
}
