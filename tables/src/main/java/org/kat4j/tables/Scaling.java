package org.kat4j.tables;

import java.util.Arrays;

/**
 * A map of every feature on its own, fitted on training rows and applied to all.
 *
 * <p>Missing values become the training rows' mean first (0 if all are missing there).
 */
public final class Scaling {
  /** Where features go. */
  public enum Kind {
    /** As they are. */
    NONE,
    /** Mean 0, deviation 1. */
    STANDARD,
    /** The training rows' range to 0 to 1; others may lie outside. */
    MIN_MAX,
    /** The share of training rows below, -1 to 1: any outlier becomes an end. */
    RANK
  }

  private final Kind kind;
  private final double[] fill;
  private final double[] shift;
  private final double[] scale;
  private final double[][] sorted; // [feature][training rows], for ranks only

  private Scaling(Kind kind, int features) {
    this.kind = kind;
    fill = new double[features];
    shift = new double[features];
    scale = new double[features];
    sorted = new double[features][];
    Arrays.fill(scale, 1);
  }

  /** The scaling of these training rows, {@code [rows][features]}. */
  public static Scaling fit(Kind kind, double[][] x) {
    Scaling scaling = new Scaling(kind, x[0].length);
    for (int j = 0; j < x[0].length; j++) {
      scaling.fitFeature(j, x);
    }
    return scaling;
  }

  private void fitFeature(int j, double[][] x) {
    double[] column = Arrays.stream(x).mapToDouble(row -> row[j]).toArray();
    fill[j] = Arrays.stream(column).filter(v -> !Double.isNaN(v)).average().orElse(0);
    for (int i = 0; i < column.length; i++) {
      column[i] = Double.isNaN(column[i]) ? fill[j] : column[i];
    }
    switch (kind) {
      case NONE -> {}
      case STANDARD -> {
        shift[j] = Arrays.stream(column).average().orElse(0);
        double variance =
            Arrays.stream(column).map(v -> (v - shift[j]) * (v - shift[j])).average().orElse(0);
        scale[j] = variance > 0 ? 1 / Math.sqrt(variance) : 1;
      }
      case MIN_MAX -> {
        shift[j] = Arrays.stream(column).min().orElse(0);
        double width = Arrays.stream(column).max().orElse(0) - shift[j];
        scale[j] = width > 0 ? 1 / width : 1;
      }
      case RANK -> {
        Arrays.sort(column);
        sorted[j] = column;
      }
    }
  }

  /** The scaled rows. */
  public double[][] apply(double[][] x) {
    double[][] scaled = new double[x.length][];
    for (int i = 0; i < x.length; i++) {
      scaled[i] = new double[fill.length];
      for (int j = 0; j < fill.length; j++) {
        double value = Double.isNaN(x[i][j]) ? fill[j] : x[i][j];
        scaled[i][j] = kind == Kind.RANK ? rank(sorted[j], value) : (value - shift[j]) * scale[j];
      }
    }
    return scaled;
  }

  public Problem apply(Problem problem) {
    return problem.withX(apply(problem.x()));
  }

  /** 2 (below + equal / 2) / n - 1. */
  private static double rank(double[] values, double value) {
    int below = place(values, value);
    int notAbove = place(values, Math.nextUp(value));
    return (double) (below + notAbove) / values.length - 1;
  }

  /** How many values are below a bound. */
  private static int place(double[] values, double bound) {
    int low = 0;
    int high = values.length;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (values[middle] < bound) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }
}
