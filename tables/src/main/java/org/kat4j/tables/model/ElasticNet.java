package org.kat4j.tables.model;

import java.util.Arrays;
import org.kat4j.tables.Parts;
import org.kat4j.tables.Problem;

/**
 * Linear regression with both penalties, by coordinate descent: the minimum of |y - X w - b|^2 / (2
 * n) + lasso sum |w| + ridge sum w^2 / 2.
 *
 * <p>Features should be standardised. Source: Friedman, Hastie, Tibshirani, Journal of Statistical
 * Software 33(1), 2010.
 *
 * @param weights {@code [features]}
 * @param bias b
 */
public record ElasticNet(double[] weights, double bias) implements Predictor {
  private static final int MAX_SWEEPS = 1000;
  private static final double TOLERANCE = 1e-6;
  private static final int PATH = 50;
  private static final double SHORTEST = 1e-3;

  /** The fit of these penalties. */
  public static ElasticNet fit(Problem train, double lasso, double ridge) {
    return fit(train, lasso, ridge, new double[train.features().size()]);
  }

  private static ElasticNet fit(Problem train, double lasso, double ridge, double[] start) {
    double[][] columns = columns(train);
    int n = train.rows();
    double mean = Arrays.stream(train.y()).average().orElse(0);
    double[] means =
        Arrays.stream(columns).mapToDouble(c -> Arrays.stream(c).average().orElse(0)).toArray();
    double[] squares = new double[columns.length];
    double[] w = start.clone();
    double[] residual = new double[n];
    for (int i = 0; i < n; i++) {
      residual[i] = train.y()[i] - mean;
    }
    for (int j = 0; j < columns.length; j++) {
      for (int i = 0; i < n; i++) {
        columns[j][i] -= means[j];
        squares[j] += columns[j][i] * columns[j][i] / n;
        residual[i] -= w[j] * columns[j][i];
      }
    }
    double spread = Math.sqrt(Arrays.stream(train.y()).map(y -> (y - mean) * (y - mean)).sum() / n);
    double largest = Double.POSITIVE_INFINITY;
    for (int sweep = 0; sweep < MAX_SWEEPS && largest > TOLERANCE * spread; sweep++) {
      largest = 0;
      for (int j = 0; j < w.length; j++) {
        if (squares[j] == 0) {
          continue;
        }
        double pull = squares[j] * w[j];
        for (int i = 0; i < n; i++) {
          pull += columns[j][i] * residual[i] / n;
        }
        double next =
            Math.signum(pull) * Math.max(0, Math.abs(pull) - lasso) / (squares[j] + ridge);
        double change = next - w[j];
        if (change != 0) {
          for (int i = 0; i < n; i++) {
            residual[i] -= change * columns[j][i];
          }
          w[j] = next;
          largest = Math.max(largest, Math.abs(change) * Math.sqrt(squares[j]));
        }
      }
    }
    double bias = mean;
    for (int j = 0; j < w.length; j++) {
      bias -= w[j] * means[j];
    }
    return new ElasticNet(w, bias);
  }

  /** The LASSO whose penalty has the least squared error in five folds. */
  public static ElasticNet lassoByCrossValidation(Problem train, long seed) {
    double[] path = path(train);
    double[] errors = new double[path.length];
    int folds = Math.min(5, train.rows());
    Parts parts = Parts.folds(train, folds, seed);
    for (int fold = 0; fold < folds; fold++) {
      Problem rest = train.rows(parts.except(fold));
      Problem held = train.rows(parts.of(fold));
      double[] w = new double[train.features().size()];
      for (int a = 0; a < path.length; a++) {
        ElasticNet net = fit(rest, path[a], 0, w);
        w = net.weights;
        double[][] predicted = net.predict(held.x());
        for (int i = 0; i < predicted.length; i++) {
          errors[a] += Math.pow(predicted[i][0] - held.y()[i], 2);
        }
      }
    }
    int best = 0;
    for (int a = 1; a < path.length; a++) {
      best = errors[a] < errors[best] ? a : best;
    }
    return fit(train, path[best], 0);
  }

  /** Penalties from the smallest that leaves no feature down to a thousandth of it. */
  private static double[] path(Problem train) {
    double mean = Arrays.stream(train.y()).average().orElse(0);
    double largest = 0;
    for (double[] column : columns(train)) {
      double middle = Arrays.stream(column).average().orElse(0);
      double product = 0;
      for (int i = 0; i < column.length; i++) {
        product += (column[i] - middle) * (train.y()[i] - mean);
      }
      largest = Math.max(largest, Math.abs(product) / column.length);
    }
    double[] path = new double[PATH];
    for (int a = 0; a < PATH; a++) {
      path[a] = largest * Math.pow(SHORTEST, (double) a / (PATH - 1));
    }
    return path;
  }

  private static double[][] columns(Problem problem) {
    double[][] columns = new double[problem.features().size()][problem.rows()];
    for (int i = 0; i < problem.rows(); i++) {
      for (int j = 0; j < columns.length; j++) {
        columns[j][i] = problem.x()[i][j];
      }
    }
    return columns;
  }

  @Override
  public double[][] predict(double[][] x) {
    double[][] all = new double[x.length][1];
    for (int i = 0; i < x.length; i++) {
      all[i][0] = bias;
      for (int j = 0; j < weights.length; j++) {
        all[i][0] += weights[j] * x[i][j];
      }
    }
    return all;
  }
}
