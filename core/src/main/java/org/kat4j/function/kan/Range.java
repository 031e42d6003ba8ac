package org.kat4j.function.kan;

/** The interval that a grid lies on. */
final class Range {
  private Range() {}

  /** Refuses an interval that is empty or not finite. */
  static void check(double low, double high) {
    if (!(low < high) || Double.isInfinite(low) || Double.isInfinite(high)) {
      throw new IllegalArgumentException(
          "low = " + low + ", high = " + high + ": finite, and low below high");
    }
  }

  /** {@code count} points from low to high; the middle where there is one only. */
  static double[] points(double low, double high, int count) {
    double[] points = new double[count];
    for (int i = 0; i < count; i++) {
      points[i] = count == 1 ? (low + high) / 2 : low + (high - low) * i / (count - 1);
    }
    return points;
  }
}
