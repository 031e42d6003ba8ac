package org.kat4j.function;

/** Dense linear least squares by Householder reflections, for a handful of unknowns. */
public final class LeastSquares {
  private LeastSquares() {}

  /**
   * The x that minimises |A x - b|.
   *
   * @param matrix A by columns, {@code matrix[column][row]}; overwritten
   * @param right b; overwritten
   * @return x; zero for unknowns that no row depends on
   */
  public static double[] solve(double[][] matrix, double[] right) {
    int unknowns = matrix.length;
    int rows = right.length;
    double[] diagonal = new double[unknowns];
    for (int j = 0; j < unknowns; j++) {
      double[] column = matrix[j];
      double norm = Math.sqrt(dot(column, column, j));
      if (norm == 0) {
        continue;
      }
      // The reflection I - v v^T / v_j takes the column to (diagonal, 0, ..., 0).
      double scale = column[j] > 0 ? norm : -norm;
      for (int i = j; i < rows; i++) {
        column[i] /= scale;
      }
      column[j] += 1;
      for (int k = j + 1; k < unknowns; k++) {
        reflect(column, matrix[k], j);
      }
      reflect(column, right, j);
      diagonal[j] = -scale;
    }
    double[] solution = new double[unknowns];
    for (int j = unknowns - 1; j >= 0; j--) {
      double rest = right[j];
      for (int k = j + 1; k < unknowns; k++) {
        rest -= matrix[k][j] * solution[k];
      }
      solution[j] = diagonal[j] == 0 ? 0 : rest / diagonal[j];
    }
    return solution;
  }

  /** The inner product of two vectors. */
  static double dot(double[] a, double[] b) {
    return dot(a, b, 0);
  }

  private static double dot(double[] a, double[] b, int start) {
    double sum = 0;
    for (int i = start; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }

  private static void reflect(double[] axis, double[] vector, int start) {
    double factor = dot(axis, vector, start) / axis[start];
    for (int i = start; i < vector.length; i++) {
      vector[i] -= factor * axis[i];
    }
  }
}
