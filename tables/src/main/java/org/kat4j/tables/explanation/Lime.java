package org.kat4j.tables.explanation;

import java.util.Arrays;
import org.kat4j.data.RandomStream;
import org.kat4j.tables.model.Cholesky;
import org.kat4j.tables.model.Predictor;

/**
 * LIME for numbers: a linear model that says what a predictor does near one row.
 *
 * <p>Rows are drawn around it, N(row, deviation^2) in each feature; in units of the deviations, a
 * row at distance D weighs exp(-D^2 / w^2), w = 0.75 sqrt(features); ridge regression, penalty 1.
 * Source: Ribeiro, Singh, Guestrin, arXiv 1602.04938.
 *
 * @param effects of one deviation of each feature on the output
 * @param intercept at the row
 * @param fit weighted R^2 of the linear model: how far to believe it
 */
public record Lime(double[] effects, double intercept, double fit) {
  private static final double RIDGE = 1;

  /**
   * @param output which column of the predictions
   * @param deviations of the features in training
   * @param samples rows to draw, some thousands
   */
  public static Lime of(
      Predictor predictor, int output, double[] row, double[] deviations, int samples, long seed) {
    int features = row.length;
    double width = 0.75 * Math.sqrt(features);
    RandomStream random = RandomStream.of(seed);
    double[][] steps = new double[samples][features + 1];
    double[][] near = new double[samples][features];
    double[] weights = new double[samples];
    for (int i = 0; i < samples; i++) {
      double distance = 0;
      for (int j = 0; j < features; j++) {
        steps[i][j] = i == 0 ? 0 : random.nextGaussian(); // the row itself first
        near[i][j] = row[j] + deviations[j] * steps[i][j];
        distance += steps[i][j] * steps[i][j];
      }
      steps[i][features] = 1;
      weights[i] = Math.exp(-distance / width / width);
    }
    double[] y = Arrays.stream(predictor.predict(near)).mapToDouble(p -> p[output]).toArray();
    double[] w = weightedRidge(steps, y, weights);
    double error = 0;
    double spread = 0;
    double sum = Arrays.stream(weights).sum();
    double mean = 0;
    for (int i = 0; i < samples; i++) {
      mean += weights[i] * y[i] / sum;
    }
    for (int i = 0; i < samples; i++) {
      double linear = 0;
      for (int j = 0; j <= features; j++) {
        linear += w[j] * steps[i][j];
      }
      error += weights[i] * (y[i] - linear) * (y[i] - linear);
      spread += weights[i] * (y[i] - mean) * (y[i] - mean);
    }
    return new Lime(
        Arrays.copyOf(w, features), w[features], spread > 0 ? 1 - error / spread : Double.NaN);
  }

  /** The last column, the intercept, is not penalised: means are taken off first. */
  private static double[] weightedRidge(double[][] x, double[] y, double[] weights) {
    int features = x[0].length - 1;
    double sum = Arrays.stream(weights).sum();
    double[] means = new double[features];
    double meanY = 0;
    for (int i = 0; i < y.length; i++) {
      meanY += weights[i] * y[i] / sum;
      for (int j = 0; j < features; j++) {
        means[j] += weights[i] * x[i][j] / sum;
      }
    }
    double[][] centred = new double[y.length][features];
    double[] centredY = new double[y.length];
    for (int i = 0; i < y.length; i++) {
      centredY[i] = y[i] - meanY;
      for (int j = 0; j < features; j++) {
        centred[i][j] = x[i][j] - means[j];
      }
    }
    double[] w = Cholesky.leastSquares(centred, centredY, weights, RIDGE);
    double[] all = Arrays.copyOf(w, features + 1);
    all[features] = meanY;
    for (int j = 0; j < features; j++) {
      all[features] -= w[j] * means[j];
    }
    return all;
  }
}
