package org.kat4j.data;

/**
 * The rule of all training loops for a batch that is left with a single row: it is not trained on,
 * unless batches are of one row by choice. One row has no variance, so batch norm could only fail,
 * and a gradient of one row is mostly noise.
 */
public final class LastBatch {
  private LastBatch() {}

  /** Batches of an epoch over {@code rows} rows, at least one. */
  public static int batches(int rows, int size) {
    int full = rows / size;
    return full > 0 && isLeftOut(rows % size, size) ? full : Math.ceilDiv(rows, size);
  }

  /** Whether a batch of {@code rows} rows, where {@code size} were meant, is not trained on. */
  public static boolean isLeftOut(int rows, int size) {
    return rows == 0 || rows == 1 && size > 1;
  }
}
