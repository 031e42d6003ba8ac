package org.kat4j.explain.search;

import java.util.Arrays;
import org.kat4j.explain.symbolic.Box;
import org.kat4j.function.LeastSquares;

/**
 * The sum of smooth functions of one variable each that is nearest to a target: polynomials in
 * Chebyshev's basis, fitted together by least squares. It is what a KAN without hidden nodes
 * learns, without training.
 */
final class AdditiveCurves {
  private static final int MOST_DEGREE = 12;
  private static final int LEAST_DEGREE = 3;
  private static final int ROWS_A_NUMBER = 4;
  private static final double RIDGE = 1e-9;

  private AdditiveCurves() {}

  /** Values of the functions, {@code [variable][row]}, each of mean 0. */
  static double[][] of(double[][] rows, double[] target, Box box) {
    int variables = box.low().length;
    int degree = Math.clamp(rows.length / (ROWS_A_NUMBER * variables), LEAST_DEGREE, MOST_DEGREE);
    int numbers = variables * degree + 1;
    double[][] basis = new double[numbers][rows.length];
    for (int i = 0; i < rows.length; i++) {
      basis[numbers - 1][i] = 1;
      for (int j = 0; j < variables; j++) {
        double half = (box.high()[j] - box.low()[j]) / 2;
        double x = Math.clamp((rows[i][j] - box.low()[j]) / half - 1, -1, 1);
        for (int d = 1; d <= degree; d++) {
          basis[j * degree + d - 1][i] = Math.cos(d * Math.acos(x));
        }
      }
    }
    double[] numbersFound = solve(basis, target);
    double[][] curves = new double[variables][rows.length];
    for (int j = 0; j < variables; j++) {
      for (int d = 0; d < degree; d++) {
        for (int i = 0; i < rows.length; i++) {
          curves[j][i] += numbersFound[j * degree + d] * basis[j * degree + d][i];
        }
      }
      double mean = Arrays.stream(curves[j]).average().orElse(0);
      curves[j] = Arrays.stream(curves[j]).map(v -> v - mean).toArray();
    }
    return curves;
  }

  /** Least squares with a trace of a ridge, for variables of few different values. */
  private static double[] solve(double[][] basis, double[] target) {
    int rows = target.length;
    double[][] matrix = new double[basis.length][];
    for (int k = 0; k < basis.length; k++) {
      matrix[k] = Arrays.copyOf(basis[k], rows + basis.length);
      matrix[k][rows + k] = RIDGE * Math.sqrt(rows);
    }
    return LeastSquares.solve(matrix, Arrays.copyOf(target, rows + basis.length));
  }
}
