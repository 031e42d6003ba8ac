package org.kat4j.image.webp;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.HexFormat;

/** A lossless picture: prefix codes, references back, a cache of colours. Source: RFC 9649, 3. */
final class Lossless {
  private static final int LITERALS = 256;
  private static final int LENGTHS = 24;
  private static final int[] ALPHABETS = {LITERALS + LENGTHS, 256, 256, 256, 40};
  private static final int DISTANCES = 4; // the last of the alphabets
  private static final int MOST_CACHE_BITS = 11;
  private static final int CACHE_FACTOR = 0x1e35a7bd;

  /** libwebp's encoder stays below 2,600; more would only set memory aside. */
  private static final int MOST_GROUPS = 10_000;

  private static final int[] ORDER_OF_LENGTHS = {
    17, 18, 0, 1, 2, 3, 4, 5, 16, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
  };

  /** Near pixels by their order of use: rows above times 16, and 8 minus columns to the left. */
  private static final byte[] NEAR =
      HexFormat.of()
          .parseHex(
              """
              1807171928062729161A262A38053739151B363A252B48044749141C353B464A242C58454B343C035759131D56
              5A232D444C555B333D68026769121E666A222E545C434D656B323E78017779535D111F646C424E767A212F757B
              313F636D525E00747C414F1020626E30737D515F40727E616F50717F6070
              """
                  .replace("\n", ""));

  private final BitReader bits;
  private final Webp.Progress progress;

  private Lossless(BitReader bits, Webp.Progress progress) {
    this.bits = bits;
    this.progress = progress;
  }

  /** What follows the header with the size, to ARGB pixels. */
  static int[] decode(BitReader bits, int width, int height, Webp.Progress progress)
      throws IOException {
    return new Lossless(bits, progress).picture(width, height);
  }

  private int[] picture(int width, int height) throws IOException {
    Deque<LosslessTransform> transforms = new ArrayDeque<>();
    int stored = width;
    int seen = 0;
    while (bits.flag()) {
      int type = bits.read(2);
      if ((seen & 1 << type) != 0) {
        throw new IOException("a transform comes twice");
      }
      seen |= 1 << type;
      LosslessTransform transform = transform(type, stored, height);
      if (transform instanceof LosslessTransform.Palette palette) {
        stored = palette.packedWidth();
      }
      transforms.push(transform);
    }
    int[] argb = image(stored, height, true);
    for (LosslessTransform transform : transforms) { // the last one first
      argb = transform.undo(argb, height, progress);
    }
    return argb;
  }

  private LosslessTransform transform(int type, int width, int height) throws IOException {
    return switch (type) {
      case 0, 1 -> {
        int blockBits = bits.read(3) + 2;
        int[] blocks = image(blocks(width, blockBits), blocks(height, blockBits), false);
        yield type == 0
            ? new LosslessTransform.Predictor(width, blockBits, blocks)
            : new LosslessTransform.Colors(width, blockBits, blocks);
      }
      case 2 -> new LosslessTransform.Green();
      default -> {
        int[] differences = image(bits.read(8) + 1, 1, false);
        yield LosslessTransform.Palette.of(width, differences);
      }
    };
  }

  static int blocks(int side, int blockBits) {
    return side + (1 << blockBits) - 1 >> blockBits;
  }

  /** One image of its own codes; only the picture itself may change them from block to block. */
  private int[] image(int width, int height, boolean picture) throws IOException {
    int cacheBits = 0;
    if (bits.flag()) {
      cacheBits = bits.read(4);
      if (cacheBits < 1 || cacheBits > MOST_CACHE_BITS) {
        throw new IOException("its cache of colours is damaged");
      }
    }
    int blockBits = 0;
    int[] groupOfBlock = {};
    int groups = 1;
    if (picture && bits.flag()) {
      blockBits = bits.read(3) + 2;
      groupOfBlock = image(blocks(width, blockBits), blocks(height, blockBits), false);
      for (int i = 0; i < groupOfBlock.length; i++) {
        groupOfBlock[i] = groupOfBlock[i] >> 8 & 0xffff;
        groups = Math.max(groups, groupOfBlock[i] + 1);
      }
      if (groups > MOST_GROUPS) {
        throw new IOException("it has too many prefix codes");
      }
    }
    PrefixCode[][] codes = new PrefixCode[groups][];
    for (int group = 0; group < groups; group++) {
      codes[group] = group(cacheBits);
      progress.row();
    }
    return pixels(width, height, codes, groupOfBlock, blockBits, cacheBits);
  }

  private PrefixCode[] group(int cacheBits) throws IOException {
    PrefixCode[] group = new PrefixCode[ALPHABETS.length];
    for (int i = 0; i < group.length; i++) {
      group[i] = code(ALPHABETS[i] + (i == 0 && cacheBits > 0 ? 1 << cacheBits : 0));
    }
    return group;
  }

  private PrefixCode code(int alphabet) throws IOException {
    int[] lengths = new int[alphabet];
    if (bits.flag()) { // one symbol or two
      boolean two = bits.flag();
      lengths[bits.read(bits.flag() ? 8 : 1)] = 1;
      if (two) {
        lengths[bits.read(8)] = 1;
      }
      return new PrefixCode(lengths);
    }
    int[] lengthsOfLengths = new int[ORDER_OF_LENGTHS.length];
    int given = bits.read(4) + 4;
    for (int i = 0; i < given; i++) {
      lengthsOfLengths[ORDER_OF_LENGTHS[i]] = bits.read(3);
    }
    readLengths(new PrefixCode(lengthsOfLengths), lengths);
    return new PrefixCode(lengths);
  }

  private void readLengths(PrefixCode code, int[] lengths) throws IOException {
    int left = lengths.length; // codes that may still be read
    if (bits.flag()) {
      left = 2 + bits.read(2 + 2 * bits.read(3));
      if (left > lengths.length) {
        throw new IOException("its prefix codes are damaged");
      }
    }
    int previous = 8;
    for (int symbol = 0; symbol < lengths.length && left > 0; left--) {
      int length = code.read(bits);
      if (length < 16) {
        lengths[symbol++] = length;
        previous = length == 0 ? previous : length;
        continue;
      }
      int repeated =
          switch (length) {
            case 16 -> 3 + bits.read(2);
            case 17 -> 3 + bits.read(3);
            default -> 11 + bits.read(7);
          };
      if (repeated > lengths.length - symbol) {
        throw new IOException("its prefix codes are damaged");
      }
      Arrays.fill(lengths, symbol, symbol + repeated, length == 16 ? previous : 0);
      symbol += repeated;
    }
  }

  private int[] pixels(
      int width, int height, PrefixCode[][] codes, int[] groupOfBlock, int blockBits, int cacheBits)
      throws IOException {
    int[] argb = new int[Math.multiplyExact(width, height)];
    int[] cache = new int[cacheBits == 0 ? 0 : 1 << cacheBits];
    int shift = Integer.SIZE - cacheBits;
    int blocksInRow = blocks(width, blockBits);
    int rowEnd = 0;
    for (int at = 0; at < argb.length; ) {
      if (at >= rowEnd) {
        progress.row();
        rowEnd = at - at % width + width;
      }
      PrefixCode[] group = codes[0];
      if (groupOfBlock.length > 0) {
        int block = (at / width >> blockBits) * blocksInRow + (at % width >> blockBits);
        group = codes[groupOfBlock[block]];
      }
      int green = group[0].read(bits);
      int count = 1;
      if (green < LITERALS) {
        int red = group[1].read(bits);
        int blue = group[2].read(bits);
        argb[at] = group[3].read(bits) << 24 | red << 16 | green << 8 | blue;
      } else if (green < LITERALS + LENGTHS) {
        count = extent(green - LITERALS);
        int distance = distance(extent(group[DISTANCES].read(bits)), width);
        if (distance > at || count > argb.length - at) {
          throw new IOException("it refers to pixels that are not there");
        }
        for (int i = at; i < at + count; i++) { // may overlap what it copies
          argb[i] = argb[i - distance];
        }
      } else {
        argb[at] = cache[green - LITERALS - LENGTHS];
      }
      for (int end = at + count; at < end; at++) {
        if (cacheBits > 0) {
          cache[argb[at] * CACHE_FACTOR >>> shift] = argb[at];
        }
      }
    }
    return argb;
  }

  /** A length or distance: a symbol for its magnitude, bits for the rest. */
  private int extent(int symbol) throws IOException {
    if (symbol < 4) {
      return symbol + 1;
    }
    int extra = symbol - 2 >> 1;
    return (2 + (symbol & 1) << extra) + bits.read(extra) + 1;
  }

  private static int distance(int code, int width) {
    if (code > NEAR.length) {
      return code - NEAR.length;
    }
    int near = NEAR[code - 1];
    return Math.max(1, (near >> 4) * width + 8 - (near & 0xf));
  }
}
