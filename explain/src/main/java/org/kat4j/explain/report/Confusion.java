package org.kat4j.explain.report;

import java.util.Arrays;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;

/**
 * Numbers of samples by true and predicted class. What would divide by zero is zero. Means are over
 * classes that have samples or were predicted.
 *
 * @param counts {@code [true class][predicted class]}
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record Confusion(long[][] counts) {

  double precision(int c) {
    return ratio(counts[c][c], predicted(c));
  }

  double recall(int c) {
    return ratio(counts[c][c], samples(c));
  }

  double f1(int c) {
    return ratio(2 * counts[c][c], samples(c) + predicted(c));
  }

  /** Samples of a class. */
  long samples(int c) {
    return Arrays.stream(counts[c]).sum();
  }

  /** Samples taken for a class. */
  long predicted(int c) {
    return Arrays.stream(counts).mapToLong(row -> row[c]).sum();
  }

  /** Mean F1 of the classes. */
  double macroF1() {
    return mean(this::f1);
  }

  /** Mean recall of the classes that have samples. */
  double balanced() {
    return IntStream.range(0, counts.length)
        .filter(c -> samples(c) > 0)
        .mapToDouble(this::recall)
        .average()
        .orElse(0);
  }

  /** Matthews' correlation coefficient of several classes. */
  double matthews() {
    double n = all();
    double right = 0;
    double both = 0;
    double rows = 0;
    double columns = 0;
    for (int c = 0; c < counts.length; c++) {
      right += counts[c][c];
      both += (double) samples(c) * predicted(c);
      rows += (double) samples(c) * samples(c);
      columns += (double) predicted(c) * predicted(c);
    }
    double scale = Math.sqrt((n * n - columns) * (n * n - rows));
    return scale == 0 ? 0 : (right * n - both) / scale;
  }

  long all() {
    return Arrays.stream(counts).flatMapToLong(Arrays::stream).sum();
  }

  private double mean(IntToDoubleFunction of) {
    return IntStream.range(0, counts.length)
        .filter(c -> samples(c) + predicted(c) > 0)
        .mapToDouble(of)
        .average()
        .orElse(0);
  }

  private static double ratio(long part, long whole) {
    return whole == 0 ? 0 : (double) part / whole;
  }
}
