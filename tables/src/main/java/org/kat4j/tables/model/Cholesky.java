package org.kat4j.tables.model;

/** Systems of linear equations with a symmetric positive matrix. */
public final class Cholesky {
  private Cholesky() {}

  /**
   * The w of A w = y.
   *
   * @param a the lower half of A with the diagonal; overwritten
   */
  public static double[] solve(double[][] a, double[] y) {
    int n = y.length;
    for (int i = 0; i < n; i++) {
      for (int j = 0; j <= i; j++) {
        double sum = a[i][j];
        for (int k = 0; k < j; k++) {
          sum -= a[i][k] * a[j][k];
        }
        a[i][j] = i == j ? Math.sqrt(sum) : sum / a[j][j];
      }
    }
    double[] w = y.clone();
    for (int i = 0; i < n; i++) {
      for (int k = 0; k < i; k++) {
        w[i] -= a[i][k] * w[k];
      }
      w[i] /= a[i][i];
    }
    for (int i = n - 1; i >= 0; i--) {
      for (int k = i + 1; k < n; k++) {
        w[i] -= a[k][i] * w[k];
      }
      w[i] /= a[i][i];
    }
    return w;
  }

  /**
   * The w with the least sum of weights times (y - x w)^2, plus ridge times |w|^2.
   *
   * @param x {@code [rows][columns]}
   */
  public static double[] leastSquares(double[][] x, double[] y, double[] weights, double ridge) {
    int columns = x[0].length;
    double[][] a = new double[columns][columns];
    double[] b = new double[columns];
    for (int i = 0; i < x.length; i++) {
      for (int j = 0; j < columns; j++) {
        b[j] += weights[i] * x[i][j] * y[i];
        for (int k = 0; k <= j; k++) {
          a[j][k] += weights[i] * x[i][j] * x[i][k];
        }
      }
    }
    for (int j = 0; j < columns; j++) {
      a[j][j] += ridge;
    }
    return solve(a, b);
  }
}
