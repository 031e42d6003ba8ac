package org.kat4j.image.webp;

/** Smooths what is left of the edges of blocks. Source: RFC 6386, 15. */
final class LoopFilter {
  private LoopFilter() {}

  /** Luma alone: the edges between squares, and with {@code inner} those of their parts. */
  static void simple(
      Plane luma, int column, int row, LossyHeader.Strength strength, boolean inner) {
    int place = luma.place(16 * column, 16 * row);
    int stride = luma.stride;
    for (int direction = 0; direction < 2; direction++) { // across columns, then across rows
      int across = direction == 0 ? 1 : stride;
      int along = direction == 0 ? stride : 1;
      for (int part = 0; part < 16; part += 4) {
        if (part > 0 ? !inner : (direction == 0 ? column : row) == 0) {
          continue;
        }
        int limit = 2 * (strength.edge() + (part == 0 ? 4 : 0)) + 1;
        for (int i = 0; i < 16; i++) {
          int at = place + part * across + i * along;
          if (edge(luma, at, across) <= limit) {
            two(luma, at, across);
          }
        }
      }
    }
  }

  /** A square of 16, or of 8 in chroma. */
  static void normal(
      Plane plane, int side, int column, int row, LossyHeader.Strength strength, boolean inner) {
    int place = plane.place(side * column, side * row);
    for (int direction = 0; direction < 2; direction++) {
      int across = direction == 0 ? 1 : plane.stride;
      int along = direction == 0 ? plane.stride : 1;
      for (int part = 0; part < side; part += 4) {
        if (part > 0 ? !inner : (direction == 0 ? column : row) == 0) {
          continue;
        }
        int limit = 2 * (strength.edge() + (part == 0 ? 4 : 0)) + 1;
        for (int i = 0; i < side; i++) {
          int at = place + part * across + i * along;
          if (!smooth(plane, at, across, limit, strength.interior())) {
            continue;
          }
          if (varies(plane, at, across, strength.variance())) {
            two(plane, at, across);
          } else if (part == 0) {
            six(plane, at, across);
          } else {
            four(plane, at, across);
          }
        }
      }
    }
  }

  private static int edge(Plane plane, int at, int step) {
    return 4 * difference(plane, at - step, at) + difference(plane, at - 2 * step, at + step);
  }

  private static boolean smooth(Plane plane, int at, int step, int limit, int interior) {
    return edge(plane, at, step) <= limit
        && difference(plane, at - 4 * step, at - 3 * step) <= interior
        && difference(plane, at - 3 * step, at - 2 * step) <= interior
        && difference(plane, at - 2 * step, at - step) <= interior
        && difference(plane, at + 3 * step, at + 2 * step) <= interior
        && difference(plane, at + 2 * step, at + step) <= interior
        && difference(plane, at + step, at) <= interior;
  }

  private static boolean varies(Plane plane, int at, int step, int threshold) {
    return difference(plane, at - 2 * step, at - step) > threshold
        || difference(plane, at + step, at) > threshold;
  }

  private static int difference(Plane plane, int a, int b) {
    return Math.abs(plane.at(a) - plane.at(b));
  }

  /** Three times the step at the edge. */
  private static int triple(Plane plane, int at, int step) {
    return 3 * (plane.at(at) - plane.at(at - step));
  }

  private static int outer(Plane plane, int at, int step) {
    return signed(plane.at(at - 2 * step) - plane.at(at + step));
  }

  private static void two(Plane plane, int at, int step) {
    int change = triple(plane, at, step) + outer(plane, at, step);
    move(plane, at - step, small(change + 3));
    move(plane, at, -small(change + 4));
  }

  private static void four(Plane plane, int at, int step) {
    int change = triple(plane, at, step);
    int after = small(change + 4);
    int further = after + 1 >> 1;
    move(plane, at - 2 * step, further);
    move(plane, at - step, small(change + 3));
    move(plane, at, -after);
    move(plane, at + step, -further);
  }

  private static void six(Plane plane, int at, int step) {
    int change = signed(triple(plane, at, step) + outer(plane, at, step));
    for (int i = 0; i < 3; i++) {
      int share = (27 - 9 * i) * change + 63 >> 7;
      move(plane, at - (i + 1) * step, share);
      move(plane, at + i * step, -share);
    }
  }

  private static void move(Plane plane, int at, int change) {
    plane.set(at, plane.at(at) + change);
  }

  private static int signed(int value) {
    return Math.clamp(value, -128, 127);
  }

  private static int small(int value) {
    return Math.clamp(value >> 3, -16, 15);
  }
}
