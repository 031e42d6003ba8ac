package org.kat4j.tables.model;

import java.util.Arrays;
import org.kat4j.tables.Problem;

/**
 * Ridge regression with the kernel exp(-gamma |a - b|^2), about the training targets' mean.
 *
 * <p>Memory and time grow with the square and the cube of the rows: a few thousand at most.
 *
 * @param rows of the training part, {@code [rows][features]}
 * @param weights of them
 * @param mean of the training targets
 * @param gamma of the kernel
 */
public record KernelRidge(double[][] rows, double[] weights, double mean, double gamma)
    implements Predictor {
  private static final int MAX_ROWS = 5000;

  /**
   * @param ridge added to the kernel's diagonal, above 0
   */
  public static KernelRidge fit(Problem train, double gamma, double ridge) {
    int n = train.rows();
    if (n > MAX_ROWS) {
      throw new IllegalArgumentException("rows = " + n + ": at most " + MAX_ROWS);
    }
    double mean = Arrays.stream(train.y()).average().orElse(0);
    double[][] lower = new double[n][n];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j <= i; j++) {
        lower[i][j] = kernel(train.x()[i], train.x()[j], gamma) + (i == j ? ridge : 0);
      }
    }
    double[] y = Arrays.stream(train.y()).map(v -> v - mean).toArray();
    return new KernelRidge(train.x(), Cholesky.solve(lower, y), mean, gamma);
  }

  private static double kernel(double[] a, double[] b, double gamma) {
    double distance = 0;
    for (int j = 0; j < a.length; j++) {
      distance += (a[j] - b[j]) * (a[j] - b[j]);
    }
    return Math.exp(-gamma * distance);
  }

  @Override
  public double[][] predict(double[][] x) {
    double[][] all = new double[x.length][1];
    for (int i = 0; i < x.length; i++) {
      all[i][0] = mean;
      for (int j = 0; j < weights.length; j++) {
        all[i][0] += weights[j] * kernel(x[i], rows[j], gamma);
      }
    }
    return all;
  }
}
