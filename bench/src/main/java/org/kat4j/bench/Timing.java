package org.kat4j.bench;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** Duration of one call in milliseconds: median, and the quartiles as its spread. */
public record Timing(double median, double low, double high) {
  /** Of each contender. */
  static List<Timing> ofEach(double[][] milliseconds) {
    return Arrays.stream(milliseconds).map(Timing::of).toList();
  }

  static Timing of(double[] milliseconds) {
    return new Timing(
        percentile(milliseconds, 50), percentile(milliseconds, 25), percentile(milliseconds, 75));
  }

  /**
   * The smallest measured value that at least {@code percent} percent do not exceed; NaN of none.
   */
  static double percentile(double[] values, double percent) {
    if (values.length == 0) {
      return Double.NaN;
    }
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int rank = (int) Math.ceil(percent / 100 * sorted.length);
    return sorted[Math.max(rank, 1) - 1];
  }

  /** The quartiles, as printed. */
  String spread() {
    return String.format(Locale.ROOT, "[%.3f, %.3f]", low, high);
  }
}
