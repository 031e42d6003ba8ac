package org.kat4j.kernel;

/**
 * Cuts a tensor into blocks of contiguous memory, and rows into strips of equal coefficients.
 *
 * <p>Blocks are what threads work on. Long runs make blocks that are parts of one run. Otherwise
 * blocks are whole rows, and a strip is a group where runs fill the lanes of vectors, or one vector
 * of channels, whatever their groups, where runs are short. Nothing depends on the number of
 * threads, so results do not either.
 *
 * @param lanes elements of a vector
 * @param width columns of a strip; the last strip may be narrower
 * @param strips number of strips of a row
 * @param rows rows of a block, 0 where blocks are parts of runs
 * @param part elements of a block where it is a part of a run, else 0
 * @param blocks number of blocks
 */
record Tiling(
    GroupLayout layout, int lanes, int width, int strips, int rows, int part, int blocks) {
  /** Elements of a block. */
  private static final int BLOCK = 1 << 14;

  /** Elements of a strip in a block: a bound on the error of float32 sums. */
  private static final int STRIP = 1 << 11;

  private static final int LONG_RUN = 1 << 12;

  /** Vectors of a run that are worth a strip of their own. */
  private static final int SEVERAL = 4;

  /** Vectors of a run from which on an incomplete last one is cheap. */
  private static final int MANY = 8;

  static Tiling of(GroupLayout layout, int lanes) {
    if (layout.elements() == 0) {
      return new Tiling(layout, lanes, lanes, 0, 1, 0, 0);
    }
    if (layout.run() > LONG_RUN) {
      long parts = Math.ceilDiv(layout.run(), STRIP);
      int blocks = Math.toIntExact(layout.outer() * layout.groups() * parts);
      return new Tiling(layout, lanes, STRIP, layout.groups(), 0, STRIP, blocks);
    }
    int run = (int) layout.run();
    int row = Math.multiplyExact(layout.groups(), run);
    int enough = run % lanes == 0 ? SEVERAL : MANY;
    int width = run >= enough * lanes ? run : lanes;
    int rows = Math.max(1, Math.min(BLOCK / row, STRIP / width));
    int blocks = Math.toIntExact(Math.ceilDiv(layout.outer(), rows));
    return new Tiling(layout, lanes, width, Math.ceilDiv(row, width), rows, 0, blocks);
  }

  /** The group that a lane of a strip belongs to; -1 for a lane beyond the last channel. */
  int group(int strip, int lane) {
    if (width != lanes) {
      return strip;
    }
    long column = (long) strip * lanes + lane;
    long group = column / layout.run();
    return group < layout.groups() ? (int) group : -1;
  }

  private int row() {
    return (int) (layout.groups() * layout.run());
  }

  private long partsOfRun() {
    return Math.ceilDiv(layout.run(), part);
  }

  /** Elements before the block. */
  long start(int block) {
    return part == 0
        ? (long) block * rows * row()
        : block / partsOfRun() * layout.run() + block % partsOfRun() * part;
  }

  /** Elements of the block. */
  int length(int block) {
    return (int)
        (part == 0
            ? Math.min(rows, layout.outer() - (long) block * rows) * row()
            : Math.min(part, layout.run() - block % partsOfRun() * part));
  }

  /** The columns of a block that fill vectors. */
  Tile whole(int block) {
    int length = length(block);
    if (part > 0) {
      int group = (int) (block / partsOfRun() % layout.groups());
      return new Tile(1, length, group, 1, length, length - length % lanes);
    }
    boolean narrow = width == lanes; // then the last strip may be incomplete, otherwise each
    int strips = narrow ? row() / lanes : this.strips;
    return new Tile(length / row(), row(), 0, strips, width, width - width % lanes);
  }

  /** The columns of a block that do not fill a vector; their tile has fewer than {@link #lanes}. */
  Tile rest(int block) {
    int length = length(block);
    if (part > 0) {
      int group = (int) (block / partsOfRun() % layout.groups());
      return new Tile(1, length, group, 1, length, length % lanes);
    }
    if (width == lanes) {
      int last = row() / lanes;
      return new Tile(length / row(), row(), last, 1, width, row() % lanes);
    }
    return new Tile(length / row(), row(), 0, strips, width, width % lanes);
  }
}
