package org.kat4j.image.webp;

/**
 * What the samples around a block of a lossy picture say about it, before any filter. Source: RFC
 * 6386, 12.
 */
final class Prediction {
  static final int MEAN = 0;
  static final int TRUE_MOTION = 1;
  static final int VERTICAL = 2;
  static final int HORIZONTAL = 3;
  static final int RIGHT_DOWN = 4;
  static final int VERTICAL_RIGHT = 5;
  static final int LEFT_DOWN = 6;
  static final int VERTICAL_LEFT = 7;
  static final int HORIZONTAL_DOWN = 8;
  static final int HORIZONTAL_UP = 9;

  private final int[] edge = new int[14]; // from the lowest on the left to the last above

  /** Fills a square of 8 or 16; {@code above} and {@code beside} say whether there is a block. */
  static void square(Plane plane, int place, int side, int mode, boolean above, boolean beside) {
    int stride = plane.stride;
    int mean = mode == MEAN ? mean(plane, place, side, above, beside) : 0;
    int corner = plane.at(place - stride - 1);
    for (int y = 0; y < side; y++) {
      int row = place + y * stride;
      int left = plane.at(row - 1);
      for (int x = 0; x < side; x++) {
        int top = plane.at(place - stride + x);
        plane.set(
            row + x,
            switch (mode) {
              case MEAN -> mean;
              case VERTICAL -> top;
              case HORIZONTAL -> left;
              default -> left + top - corner;
            });
      }
    }
  }

  private static int mean(Plane plane, int place, int side, boolean above, boolean beside) {
    if (!above && !beside) {
      return 128;
    }
    int sum = 0;
    for (int i = 0; i < side; i++) {
      sum += above ? plane.at(place - plane.stride + i) : 0;
      sum += beside ? plane.at(place + i * plane.stride - 1) : 0;
    }
    int count = above && beside ? 2 * side : side;
    return (sum + count / 2) / count;
  }

  /**
   * Fills a block of 4 x 4.
   *
   * @param upperRight place of the four samples above and to the right
   */
  void part(Plane plane, int place, int upperRight, int mode) {
    for (int i = 0; i < 4; i++) {
      edge[3 - i] = plane.at(place + i * plane.stride - 1);
      edge[5 + i] = plane.at(place - plane.stride + i);
      edge[9 + i] = plane.at(upperRight + i);
    }
    edge[4] = plane.at(place - plane.stride - 1);
    edge[13] = edge[12];
    int mean = 4;
    for (int i = 0; i < 4; i++) {
      mean += edge[i] + edge[5 + i];
    }
    for (int y = 0; y < 4; y++) {
      for (int x = 0; x < 4; x++) {
        plane.set(
            place + y * plane.stride + x,
            switch (mode) {
              case MEAN -> mean >> 3;
              case TRUE_MOTION -> edge[5 + x] + edge[3 - y] - edge[4];
              case VERTICAL -> three(5 + x);
              case HORIZONTAL -> y == 3 ? edge[1] + 3 * edge[0] + 2 >> 2 : three(3 - y);
              case RIGHT_DOWN -> three(4 + x - y);
              case VERTICAL_RIGHT -> verticalRight(x, y);
              case LEFT_DOWN -> three(6 + x + y);
              case VERTICAL_LEFT -> verticalLeft(x, y);
              case HORIZONTAL_DOWN -> horizontalDown(x, y);
              default -> horizontalUp(x + 2 * y);
            });
      }
    }
  }

  private int verticalRight(int x, int y) {
    if (y >= 2) {
      return x == 0 ? three(5 - y) : verticalRight(x - 1, y - 2);
    }
    return y == 0 ? two(4 + x) : three(4 + x);
  }

  private int verticalLeft(int x, int y) {
    if (y >= 2) {
      return x == 3 ? three(8 + y) : verticalLeft(x + 1, y - 2);
    }
    return y == 0 ? two(5 + x) : three(6 + x);
  }

  private int horizontalDown(int x, int y) {
    if (x >= 2) {
      return y == 0 ? three(3 + x) : horizontalDown(x - 2, y - 1);
    }
    return x == 0 ? two(3 - y) : three(4 - y);
  }

  private int horizontalUp(int along) {
    int at = 3 - along / 2;
    if (at <= 0) {
      return edge[0];
    }
    if (along % 2 == 0) {
      return two(at - 1);
    }
    return at == 1 ? edge[1] + 3 * edge[0] + 2 >> 2 : three(at - 1);
  }

  /** Mean of two neighbours of the edge. */
  private int two(int at) {
    return edge[at] + edge[at + 1] + 1 >> 1;
  }

  /** Mean of three neighbours of the edge, the middle one twice. */
  private int three(int middle) {
    return edge[middle - 1] + 2 * edge[middle] + edge[middle + 1] + 2 >> 2;
  }
}
