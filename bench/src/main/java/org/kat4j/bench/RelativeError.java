package org.kat4j.bench;

/** How far numbers are off, by the largest of those that they should be. */
final class RelativeError {
  private RelativeError() {}

  /** Largest difference by largest value; NaN where a result is. */
  static double of(double[] found, double[] exact) {
    if (found.length != exact.length) {
      return Double.NaN;
    }
    double difference = 0;
    double size = Double.MIN_NORMAL;
    for (int i = 0; i < exact.length; i++) {
      difference = Math.max(difference, Math.abs(found[i] - exact[i]));
      size = Math.max(size, Math.abs(exact[i]));
    }
    return difference / size;
  }
}
