package org.kat4j.explain.figure;

import java.util.List;
import java.util.stream.IntStream;

/**
 * A place in a chart, and how sure it is.
 *
 * @param x across
 * @param low lower end of an interval around y; y itself where there is none
 * @param y upwards; not a number where the line is broken
 * @param high upper end
 */
public record Point(double x, double low, double y, double high) {

  /** Without an interval. */
  public Point(double x, double y) {
    this(x, y, y, y);
  }

  /** With an interval around y. */
  public static Point between(double x, double low, double y, double high) {
    return new Point(x, low, y, high);
  }

  /** The places of two arrays of equal length. */
  public static List<Point> list(double[] x, double[] y) {
    if (x.length != y.length) {
      throw new IllegalArgumentException(x.length + " places across, " + y.length + " values");
    }
    return IntStream.range(0, x.length).mapToObj(i -> new Point(x[i], y[i])).toList();
  }

  boolean hasInterval() {
    return low < high;
  }
}
