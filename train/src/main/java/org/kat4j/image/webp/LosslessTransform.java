package org.kat4j.image.webp;

import java.io.IOException;

/** What a lossless picture went through before it was coded. Source: RFC 9649, 4. */
sealed interface LosslessTransform {
  int BLACK = 0xff000000;

  /** The pixels before; may be the same array, changed. */
  int[] undo(int[] argb, int height, Webp.Progress progress) throws IOException;

  /**
   * Differences from a prediction, whose mode is the green of a block.
   *
   * @param width of the picture
   * @param blockBits side of a block, as its logarithm
   * @param blocks one pixel for each block
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Predictor(int width, int blockBits, int[] blocks) implements LosslessTransform {
    @Override
    public int[] undo(int[] argb, int height, Webp.Progress progress) throws IOException {
      int blocksInRow = Lossless.blocks(width, blockBits);
      for (int y = 0, at = 0; y < height; y++) {
        progress.row();
        for (int x = 0; x < width; x++, at++) {
          int predicted;
          if (y == 0) {
            predicted = x == 0 ? BLACK : argb[at - 1];
          } else if (x == 0) {
            predicted = argb[at - width];
          } else {
            int block = blocks[(y >> blockBits) * blocksInRow + (x >> blockBits)];
            predicted = LosslessPrediction.of(block >> 8 & 0xf, argb, at, width);
          }
          argb[at] = add(argb[at], predicted);
        }
      }
      return argb;
    }

    private static int add(int a, int b) {
      return (a & 0xff00ff00) + (b & 0xff00ff00) & 0xff00ff00
          | (a & 0x00ff00ff) + (b & 0x00ff00ff) & 0x00ff00ff;
    }
  }

  /** Red without green's share, blue without that of green and red; shares are of a block. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Colors(int width, int blockBits, int[] blocks) implements LosslessTransform {
    @Override
    public int[] undo(int[] argb, int height, Webp.Progress progress) throws IOException {
      int blocksInRow = Lossless.blocks(width, blockBits);
      for (int y = 0, at = 0; y < height; y++) {
        progress.row();
        for (int x = 0; x < width; x++, at++) {
          int shares = blocks[(y >> blockBits) * blocksInRow + (x >> blockBits)];
          int pixel = argb[at];
          int green = (byte) (pixel >> 8);
          int red = (pixel >> 16) + share(shares, green);
          int blue = pixel + share(shares >> 8, green) + share(shares >> 16, (byte) red);
          argb[at] = pixel & 0xff00ff00 | (red & 0xff) << 16 | blue & 0xff;
        }
      }
      return argb;
    }

    private static int share(int factor, int color) {
      return (byte) factor * color >> 5;
    }
  }

  /** Red and blue without green. */
  record Green() implements LosslessTransform {
    @Override
    public int[] undo(int[] argb, int height, Webp.Progress progress) {
      for (int i = 0; i < argb.length; i++) {
        int green = argb[i] >> 8 & 0xff;
        argb[i] = argb[i] & 0xff00ff00 | (argb[i] & 0xff00ff) + (green << 16 | green) & 0xff00ff;
      }
      return argb;
    }
  }

  /**
   * Places in a palette, as green; few colours are packed 2, 4 or 8 to a pixel.
   *
   * @param colors one for each place that can be said, black without alpha where there is none
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Palette(int width, int packedBits, int[] colors) implements LosslessTransform {
    /** Of a palette whose colours are differences from the one before. */
    static Palette of(int width, int[] differences) {
      int count = differences.length;
      int packedBits = count > 16 ? 0 : count > 4 ? 1 : count > 2 ? 2 : 3;
      int[] colors = new int[1 << (8 >> packedBits)];
      int color = 0;
      for (int i = 0; i < count; i++) {
        color = Predictor.add(color, differences[i]);
        colors[i] = color;
      }
      return new Palette(width, packedBits, colors);
    }

    int packedWidth() {
      return Lossless.blocks(width, packedBits);
    }

    @Override
    public int[] undo(int[] argb, int height, Webp.Progress progress) throws IOException {
      int[] result = new int[Math.multiplyExact(width, height)];
      int placeBits = 8 >> packedBits;
      for (int y = 0, at = 0; y < height; y++) {
        progress.row();
        for (int x = 0; x < width; x++, at++) {
          int packed = argb[y * packedWidth() + (x >> packedBits)] >> 8 & 0xff;
          int place = packed >> placeBits * (x & (1 << packedBits) - 1);
          result[at] = colors[place & colors.length - 1];
        }
      }
      return result;
    }
  }
}
