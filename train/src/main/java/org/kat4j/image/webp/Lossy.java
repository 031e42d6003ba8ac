package org.kat4j.image.webp;

import java.io.IOException;
import java.util.Arrays;

/** A lossy picture: the key frame of VP8. Source: RFC 6386. */
final class Lossy {
  private static final int FRAME_HEADER = 10;

  private static final int[] PART_TREE = { // inner nodes are positive, modes negative
    -Prediction.MEAN,
    1,
    -Prediction.TRUE_MOTION,
    2,
    -Prediction.VERTICAL,
    3,
    4,
    6,
    -Prediction.HORIZONTAL,
    5,
    -Prediction.RIGHT_DOWN,
    -Prediction.VERTICAL_RIGHT,
    -Prediction.LEFT_DOWN,
    7,
    -Prediction.VERTICAL_LEFT,
    8,
    -Prediction.HORIZONTAL_DOWN,
    -Prediction.HORIZONTAL_UP
  };

  private final LossyHeader header;
  private final BoolDecoder modes;
  private final BoolDecoder[] partitions;
  private final int columns; // of squares
  private final int rows;
  private final Plane luma;
  private final Plane blue;
  private final Plane red;
  private final Coefficients coefficients;
  private final Prediction prediction = new Prediction();
  private final int[] modesAbove; // of parts
  private final int[] modesLeft = new int[4];
  private final int[] partModes = new int[16];
  private final LossyHeader.Strength[] strengths; // of each square
  private final boolean[] inner; // whether its inner edges are filtered

  private Lossy(byte[] file, int start, int end, int width, int height) throws IOException {
    int tag = file[start] & 0xff | (file[start + 1] & 0xff) << 8 | (file[start + 2] & 0xff) << 16;
    boolean keyFrame = (tag & 1) == 0;
    boolean shown = (tag >> 4 & 1) == 1;
    if (!keyFrame || (tag >> 1 & 7) > 3 || !shown) {
      throw new IOException("its lossy picture is of an unknown version");
    }
    int first = start + FRAME_HEADER;
    long second = first + (tag >> 5);
    if (second > end) {
      throw new IOException("it ends too early");
    }
    modes = new BoolDecoder(file, first, (int) second);
    header = LossyHeader.read(modes);
    partitions = partitions(file, (int) second, end, 1 << header.partitions());
    columns = (width + 15) / 16;
    rows = (height + 15) / 16;
    luma = new Plane(16 * columns, 16 * rows);
    blue = new Plane(8 * columns, 8 * rows);
    red = new Plane(8 * columns, 8 * rows);
    coefficients = new Coefficients(header.coefficients(), columns);
    modesAbove = new int[4 * columns];
    strengths = new LossyHeader.Strength[columns * rows];
    inner = new boolean[columns * rows];
  }

  private static BoolDecoder[] partitions(byte[] file, int start, int end, int count)
      throws IOException {
    BoolDecoder[] partitions = new BoolDecoder[count];
    int at = start + 3 * (count - 1);
    for (int i = 0; i < count; i++) {
      int says = start + 3 * i;
      if (at >= end) {
        throw new IOException("it ends too early");
      }
      int length =
          i == count - 1
              ? end - at
              : file[says] & 0xff | (file[says + 1] & 0xff) << 8 | (file[says + 2] & 0xff) << 16;
      if (length > end - at) {
        throw new IOException("it ends too early");
      }
      partitions[i] = new BoolDecoder(file, at, at + length);
      at += length;
    }
    return partitions;
  }

  /** The frame from {@code start} to {@code end}, whose size is known, to pixels. */
  static int[] decode(
      byte[] file, int start, int end, int width, int height, Webp.Progress progress)
      throws IOException {
    if (end - start < FRAME_HEADER) {
      throw new IOException("it ends too early");
    }
    Lossy frame = new Lossy(file, start, end, width, height);
    for (int row = 0; row < frame.rows; row++) {
      progress.row();
      frame.row(row);
    }
    frame.filter(progress); // predictions see what no filter has changed
    return LossyColors.argb(frame.luma, frame.blue, frame.red, width, height, progress);
  }

  private void row(int row) throws IOException {
    BoolDecoder bits = partitions[row & partitions.length - 1];
    coefficients.startRow();
    Arrays.fill(modesLeft, Prediction.MEAN);
    for (int column = 0; column < columns; column++) {
      int segment = segment();
      boolean skipped = header.skipped() >= 0 && modes.bit(header.skipped()) == 1;
      boolean inParts = modes.bit(145) == 0;
      int mode = Prediction.MEAN;
      if (inParts) {
        readPartModes(column);
      } else {
        mode = squareMode();
        Arrays.fill(modesLeft, mode);
        Arrays.fill(modesAbove, 4 * column, 4 * column + 4, mode);
      }
      int chromaMode = chromaMode();
      boolean any = false;
      if (skipped) {
        coefficients.skip(column, inParts);
        Arrays.fill(coefficients.values, 0);
      } else {
        any = coefficients.read(bits, column, inParts, header.steps()[segment]);
      }
      if (inParts) {
        parts(column, row);
      } else {
        square(luma, 16, mode, column, row, 0);
      }
      square(blue, 8, chromaMode, column, row, Coefficients.LUMA_BLOCKS);
      square(red, 8, chromaMode, column, row, Coefficients.LUMA_BLOCKS + 4);
      strengths[row * columns + column] = header.strengths()[segment][inParts ? 1 : 0];
      inner[row * columns + column] = inParts || any;
    }
  }

  private int segment() throws IOException {
    int[] tree = header.segmentTree();
    if (tree.length == 0) {
      return 0;
    }
    return modes.bit(tree[0]) == 0 ? modes.bit(tree[1]) : 2 + modes.bit(tree[2]);
  }

  private int squareMode() throws IOException {
    if (modes.bit(156) == 1) {
      return modes.bit(128) == 1 ? Prediction.TRUE_MOTION : Prediction.HORIZONTAL;
    }
    return modes.bit(163) == 1 ? Prediction.VERTICAL : Prediction.MEAN;
  }

  private int chromaMode() throws IOException {
    if (modes.bit(142) == 0) {
      return Prediction.MEAN;
    }
    if (modes.bit(114) == 0) {
      return Prediction.VERTICAL;
    }
    return modes.bit(183) == 1 ? Prediction.TRUE_MOTION : Prediction.HORIZONTAL;
  }

  private void readPartModes(int column) throws IOException {
    for (int y = 0; y < 4; y++) {
      for (int x = 0; x < 4; x++) {
        int above = modesAbove[4 * column + x];
        int probabilities = (above * 10 + modesLeft[y]) * 9;
        int node = 0;
        do {
          node = PART_TREE[2 * node + modes.bit(LossyTables.BLOCK_MODES[probabilities + node])];
        } while (node > 0);
        modesAbove[4 * column + x] = modesLeft[y] = partModes[4 * y + x] = -node;
      }
    }
  }

  private void square(Plane plane, int side, int mode, int column, int row, int firstBlock) {
    int place = plane.place(side * column, side * row);
    Prediction.square(plane, place, side, mode, row > 0, column > 0);
    for (int y = 0, block = firstBlock; y < side; y += 4) {
      for (int x = 0; x < side; x += 4, block++) {
        BlockTransform.add(
            coefficients.values, block * Coefficients.BLOCK, plane, place + y * plane.stride + x);
      }
    }
  }

  private void parts(int column, int row) {
    int place = luma.place(16 * column, 16 * row);
    int beyond = place - luma.stride + 16; // right above the square: not the rows inside it
    if (column == columns - 1 && row > 0) {
      Arrays.fill(luma.samples, beyond, beyond + 4, luma.samples[beyond - 1]);
    }
    for (int i = 0; i < 16; i++) {
      int at = place + i / 4 * 4 * luma.stride + i % 4 * 4;
      prediction.part(luma, at, i % 4 == 3 ? beyond : at - luma.stride + 4, partModes[i]);
      BlockTransform.add(coefficients.values, i * Coefficients.BLOCK, luma, at);
    }
  }

  private void filter(Webp.Progress progress) throws IOException {
    for (int row = 0; row < rows; row++) {
      progress.row();
      for (int column = 0; column < columns; column++) {
        LossyHeader.Strength strength = strengths[row * columns + column];
        boolean all = inner[row * columns + column];
        if (strength.edge() == 0) {
          continue;
        }
        if (header.simpleFilter()) {
          LoopFilter.simple(luma, column, row, strength, all);
        } else {
          LoopFilter.normal(luma, 16, column, row, strength, all);
          LoopFilter.normal(blue, 8, column, row, strength, all);
          LoopFilter.normal(red, 8, column, row, strength, all);
        }
      }
    }
  }
}
