package org.kat4j.kernel;

/**
 * Rows of strips; in each lane of a strip all elements have the same coefficients.
 *
 * @param rowPitch elements from row to row
 * @param firstStrip index of the first strip, which selects its coefficients
 * @param stripPitch elements from strip to strip
 * @param columns elements of a strip in a row
 */
record Tile(int rows, int rowPitch, int firstStrip, int strips, int stripPitch, int columns) {
  /** Elements before a strip of a row. */
  long start(int row, int strip) {
    return (long) row * rowPitch + (long) strip * stripPitch;
  }

  boolean isEmpty() {
    return rows == 0 || strips == 0 || columns == 0;
  }
}
