package org.kat4j.explain.symbolic;

import java.util.stream.IntStream;

/**
 * A formula found from samples.
 *
 * @param expression with constants as recognised
 * @param unrounded with constants as fitted
 */
public record Formula(Expression expression, Expression unrounded) {
  private static final double[] TOLERANCES = {1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8};

  /** What an exact formula may lose by rounding, relative to the targets' deviation. */
  private static final double EXACT = 1e-10;

  /** What an inexact one may, relative to its error. */
  private static final double HARMLESS = 1e-3;

  /**
   * Recognises constants as boldly as the samples allow: the error may grow by a thousandth, or to
   * 1e-10 of the targets' deviation.
   */
  public static Formula of(Expression fitted, double[][] rows, double[] targets) {
    double allowed =
        Math.max(EXACT * deviation(targets), (1 + HARMLESS) * error(fitted, rows, targets));
    for (double tolerance : TOLERANCES) {
      Expression rounded = Rounding.of(fitted, tolerance);
      if (error(rounded, rows, targets) <= allowed) {
        return new Formula(rounded, fitted);
      }
    }
    return new Formula(fitted, fitted);
  }

  /** {@code exp(sin(pi*x) + y^2)}. */
  public String text() {
    return Notation.TEXT.of(expression);
  }

  public String latex() {
    return Notation.LATEX.of(expression);
  }

  /** Root of the mean squared error; NaN where the formula does not exist for a row. */
  public static double error(Expression formula, double[][] rows, double[] targets) {
    double[] values = formula.at(rows);
    double squares =
        IntStream.range(0, rows.length)
            .mapToDouble(i -> (values[i] - targets[i]) * (values[i] - targets[i]))
            .sum();
    return Math.sqrt(squares / rows.length);
  }

  private static double deviation(double[] y) {
    double mean = IntStream.range(0, y.length).mapToDouble(i -> y[i]).average().orElse(0);
    double squares = 0;
    for (double value : y) {
      squares += (value - mean) * (value - mean);
    }
    return Math.sqrt(squares / y.length);
  }
}
