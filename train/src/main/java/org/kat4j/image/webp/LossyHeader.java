package org.kat4j.image.webp;

import java.io.IOException;

/**
 * What stands before the blocks of a lossy picture: steps, strengths of the filter, probabilities.
 * Source: RFC 6386, 9.
 *
 * @param segmentTree probabilities of the segment of a block; empty where blocks do not say it
 * @param steps of each of four segments
 * @param strengths of the filter, {@code [segment][0 whole block, 1 in 4 x 4]}
 * @param simpleFilter whether the filter is the one for luma alone
 * @param partitions parts that rows of blocks take turns in, as a logarithm
 * @param coefficients probabilities, {@code [4 kinds, 8 bands, 3 contexts, 11]}
 * @param skipped probability that a block has coefficients; 0 where blocks do not say it
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record LossyHeader(
    int[] segmentTree,
    Steps[] steps,
    Strength[][] strengths,
    boolean simpleFilter,
    int partitions,
    int[] coefficients,
    int skipped) {
  private static final int SEGMENTS = 4;
  private static final int MOST_LEVEL = 63;

  /** Steps of coefficients, each of the mean and of the rest. */
  record Steps(int lumaDc, int lumaAc, int meansDc, int meansAc, int chromaDc, int chromaAc) {}

  /** Limits of the filter; with 0 as {@code edge} it does nothing. */
  record Strength(int edge, int interior, int variance) {}

  /** What a segment changes, all 0 without segments. */
  private record Segments(int[] tree, boolean absolute, int[] quantizers, int[] levels) {}

  static LossyHeader read(BoolDecoder bits) throws IOException {
    bits.number(2); // colour space, and whether values need to be clamped: they are
    Segments segments = segments(bits);
    boolean simple = bits.flag();
    int level = bits.number(6);
    int sharpness = bits.number(3);
    int[] levelChanges = new int[2]; // by kind of block
    boolean perBlock = bits.flag();
    if (perBlock && bits.flag()) { // there are changes, and they are given
      int[] changes = new int[8];
      for (int i = 0; i < changes.length; i++) {
        changes[i] = bits.optional(6);
      }
      levelChanges = new int[] {changes[0], changes[0] + changes[4]};
    }
    int partitions = bits.number(2);
    Steps[] steps = steps(bits, segments);
    Strength[][] strengths = new Strength[SEGMENTS][2];
    for (int segment = 0; segment < SEGMENTS; segment++) {
      int base = segments.levels[segment] + (segments.absolute ? 0 : level);
      for (int kind = 0; kind < 2; kind++) {
        // A picture's level of 0 turns the filter off, whatever the segments say.
        strengths[segment][kind] = strength(level == 0 ? 0 : base + levelChanges[kind], sharpness);
      }
    }
    bits.flag(); // whether later frames use these probabilities
    int[] coefficients = new int[LossyTables.COEFFICIENTS.length];
    for (int i = 0; i < coefficients.length; i++) {
      boolean replaced = bits.bit(LossyTables.COEFFICIENT_UPDATES[i]) == 1;
      coefficients[i] = replaced ? bits.number(8) : LossyTables.COEFFICIENTS[i];
    }
    int skipped = bits.flag() ? bits.number(8) : -1;
    return new LossyHeader(
        segments.tree, steps, strengths, simple, partitions, coefficients, skipped);
  }

  private static Segments segments(BoolDecoder bits) throws IOException {
    int[] quantizers = new int[SEGMENTS];
    int[] levels = new int[SEGMENTS];
    if (!bits.flag()) {
      return new Segments(new int[0], false, quantizers, levels);
    }
    boolean tree = bits.flag();
    boolean absolute = true; // where nothing is said, as libwebp has it
    if (bits.flag()) {
      absolute = bits.flag();
      for (int i = 0; i < SEGMENTS; i++) {
        quantizers[i] = bits.optional(7);
      }
      for (int i = 0; i < SEGMENTS; i++) {
        levels[i] = bits.optional(6);
      }
    }
    int[] probabilities = new int[tree ? SEGMENTS - 1 : 0];
    for (int i = 0; i < probabilities.length; i++) {
      probabilities[i] = bits.flag() ? bits.number(8) : 255;
    }
    return new Segments(probabilities, absolute, quantizers, levels);
  }

  private static Steps[] steps(BoolDecoder bits, Segments segments) throws IOException {
    int base = bits.number(7);
    int[] changes = new int[5];
    for (int i = 0; i < changes.length; i++) {
      changes[i] = bits.optional(4);
    }
    Steps[] steps = new Steps[SEGMENTS];
    for (int i = 0; i < SEGMENTS; i++) {
      int quantizer = segments.quantizers[i] + (segments.absolute ? 0 : base);
      steps[i] =
          new Steps(
              dc(quantizer + changes[0], 127),
              ac(quantizer),
              2 * dc(quantizer + changes[1], 127),
              Math.max(8, ac(quantizer + changes[2]) * 155 / 100),
              dc(quantizer + changes[3], 117),
              ac(quantizer + changes[4]));
    }
    return steps;
  }

  private static int dc(int quantizer, int most) {
    return LossyTables.DC_STEPS[Math.clamp(quantizer, 0, most)];
  }

  private static int ac(int quantizer) {
    int step = 0;
    for (int i = 0; i <= Math.clamp(quantizer, 0, 127); i++) {
      step += LossyTables.AC_RISES[i];
    }
    return step;
  }

  private static Strength strength(int unbounded, int sharpness) {
    int level = Math.clamp(unbounded, 0, MOST_LEVEL);
    int interior = level;
    if (sharpness > 0) {
      interior = Math.min(interior >> (sharpness > 4 ? 2 : 1), 9 - sharpness);
    }
    interior = Math.max(1, interior);
    int variance = level >= 40 ? 2 : level >= 15 ? 1 : 0;
    return new Strength(level == 0 ? 0 : 2 * level + interior, interior, variance);
  }
}
