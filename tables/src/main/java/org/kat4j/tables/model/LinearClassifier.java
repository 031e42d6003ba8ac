package org.kat4j.tables.model;

import de.bwaldvogel.liblinear.Feature;
import de.bwaldvogel.liblinear.FeatureNode;
import de.bwaldvogel.liblinear.Linear;
import de.bwaldvogel.liblinear.Model;
import de.bwaldvogel.liblinear.Parameter;
import de.bwaldvogel.liblinear.SolverType;
import java.util.Arrays;
import java.util.Random;
import org.kat4j.tables.Problem;
import org.kat4j.tables.Task;

/**
 * Linear models by LIBLINEAR: for every class one against the rest, or one line for a number.
 *
 * <p>Features should be standardised. Same seed, same weights.
 *
 * @param weights {@code [outputs][features]}
 * @param biases {@code [outputs]}
 */
public record LinearClassifier(double[][] weights, double[] biases) implements Predictor {
  /** The loss and penalty. */
  public enum Kind {
    /** Logistic loss, squared weights. */
    LOGISTIC(SolverType.L2R_LR),
    /** Logistic loss, absolute weights: many become 0. */
    SPARSE_LOGISTIC(SolverType.L1R_LR),
    /** Squared hinge loss. */
    SUPPORT_VECTORS(SolverType.L2R_L2LOSS_SVC),
    /** Squared loss beyond 0.1 of a number. */
    SUPPORT_VECTOR_REGRESSION(SolverType.L2R_L2LOSS_SVR);

    private final SolverType solver;

    Kind(SolverType solver) {
      this.solver = solver;
    }
  }

  private static final double TOLERANCE = 1e-4;

  /**
   * @param cost C, weight of the loss against the penalty
   */
  public static LinearClassifier fit(Kind kind, double cost, Problem train, long seed) {
    Linear.disableDebugOutput();
    var data = new de.bwaldvogel.liblinear.Problem();
    data.l = train.rows();
    data.n = train.features().size() + 1;
    data.bias = 1;
    data.x = Arrays.stream(train.x()).map(LinearClassifier::nodes).toArray(Feature[][]::new);
    boolean classes = train.task() == Task.CLASSIFICATION;
    int models = !classes || train.outputs() == 2 ? 1 : train.outputs();
    double[][] weights = new double[models][];
    double[] biases = new double[models];
    for (int m = 0; m < models; m++) {
      int positive = models == 1 ? 1 : m;
      data.y =
          classes
              ? Arrays.stream(train.y()).map(y -> y == positive ? 1 : -1).toArray()
              : train.y().clone();
      Parameter parameter = new Parameter(kind.solver, cost, TOLERANCE);
      parameter.setRandom(new Random(seed));
      Model model = Linear.train(data, parameter);
      double[] all = model.getFeatureWeights();
      // The first label seen is LIBLINEAR's positive side.
      double sign = classes && model.getLabels()[0] == -1 ? -1 : 1;
      weights[m] = Arrays.stream(all, 0, data.n - 1).map(w -> sign * w).toArray();
      biases[m] = sign * all[data.n - 1];
    }
    return new LinearClassifier(weights, biases);
  }

  private static Feature[] nodes(double[] row) {
    Feature[] nodes = new Feature[row.length + 1];
    for (int j = 0; j < row.length; j++) {
      nodes[j] = new FeatureNode(j + 1, row[j]);
    }
    nodes[row.length] = new FeatureNode(row.length + 1, 1);
    return nodes;
  }

  /** Probabilities: the logistic function of the one line, or of all lines, brought to sum 1. */
  @Override
  public double[][] predict(double[][] x) {
    double[][] all = new double[x.length][];
    for (int i = 0; i < x.length; i++) {
      double[] p = new double[weights.length];
      for (int m = 0; m < p.length; m++) {
        double z = biases[m];
        for (int j = 0; j < x[i].length; j++) {
          z += weights[m][j] * x[i][j];
        }
        p[m] = 1 / (1 + Math.exp(-z));
      }
      double sum = Arrays.stream(p).sum();
      all[i] =
          p.length == 1
              ? new double[] {1 - p[0], p[0]}
              : Arrays.stream(p).map(v -> v / sum).toArray();
    }
    return all;
  }

  /** Mean absolute weight of every feature over the outputs. */
  public double[] sizes() {
    double[] sizes = new double[weights[0].length];
    for (double[] row : weights) {
      for (int j = 0; j < sizes.length; j++) {
        sizes[j] += Math.abs(row[j]) / weights.length;
      }
    }
    return sizes;
  }
}
