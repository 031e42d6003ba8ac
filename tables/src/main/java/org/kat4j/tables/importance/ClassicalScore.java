package org.kat4j.tables.importance;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.kat4j.data.RandomStream;
import org.kat4j.tables.Problem;
import org.kat4j.tables.Task;
import org.kat4j.tables.model.ElasticNet;
import org.kat4j.tables.model.LinearClassifier;
import org.kat4j.tables.model.LinearClassifier.Kind;
import org.kat4j.tables.model.RandomForest;
import org.kat4j.tables.model.Scores;

/** Scores without a KAN: the baselines of sheet 10, with its settings. */
public enum ClassicalScore implements Selector {
  /** Absolute weights: LASSO by five folds; for classes L1 logistic regression, C = 0.1. */
  LASSO,
  /** What a forest of 200 trees loses on held-out rows when a column is shuffled, five times. */
  RANDOM_FOREST,
  /** Nats, by three neighbours. */
  MUTUAL_INFORMATION,
  /** A linear support vector machine, again and again without its tenth of smallest weights. */
  SVM_RFE;

  private static final int TREES = 200;
  private static final int REPEATS = 5;

  /**
   * Scores of sum 1, or all 0.
   *
   * @param train scaled training rows
   * @param held rows scaled in the same way, for {@link #RANDOM_FOREST}
   */
  public double[] scores(Problem train, Problem held, long seed) {
    boolean classes = train.task() == Task.CLASSIFICATION;
    double[] raw =
        switch (this) {
          case LASSO ->
              classes
                  ? LinearClassifier.fit(Kind.SPARSE_LOGISTIC, 0.1, train, seed).sizes()
                  : absolute(ElasticNet.lassoByCrossValidation(train, seed).weights());
          case RANDOM_FOREST -> permutation(train, held, seed);
          case MUTUAL_INFORMATION -> MutualInformation.of(train);
          case SVM_RFE -> elimination(train, seed);
        };
    return Selector.normalised(raw);
  }

  private static double[] absolute(double[] values) {
    return Arrays.stream(values).map(Math::abs).toArray();
  }

  private static double[] permutation(Problem train, Problem held, long seed) {
    RandomForest forest = RandomForest.fit(train, TREES, seed);
    double whole = quality(forest, held, held.x());
    double[] losses = new double[train.features().size()];
    for (int feature = 0; feature < losses.length; feature++) {
      for (int repeat = 0; repeat < REPEATS; repeat++) {
        int[] order = RandomStream.of(seed, feature, repeat).permutation(held.rows());
        double[][] shuffled = Arrays.stream(held.x()).map(double[]::clone).toArray(double[][]::new);
        for (int i = 0; i < shuffled.length; i++) {
          shuffled[i][feature] = held.x()[order[i]][feature];
        }
        losses[feature] += (whole - quality(forest, held, shuffled)) / REPEATS;
      }
      losses[feature] = Math.max(0, losses[feature]);
    }
    return losses;
  }

  private static double quality(RandomForest forest, Problem problem, double[][] x) {
    String score = problem.task() == Task.CLASSIFICATION ? "accuracy" : "r2";
    return Scores.of(problem, forest.predict(x)).getOrDefault(score, 0.0);
  }

  /** The first to go has 1, the last to stay as much as there are features. */
  private static double[] elimination(Problem train, long seed) {
    int features = train.features().size();
    Kind kind =
        train.task() == Task.CLASSIFICATION ? Kind.SUPPORT_VECTORS : Kind.SUPPORT_VECTOR_REGRESSION;
    int[] left = IntStream.range(0, features).toArray();
    double[] ranks = new double[features];
    int rank = 0;
    while (left.length > 0) {
      double[] sizes = squares(LinearClassifier.fit(kind, 1, train.features(left), seed).weights());
      int[] best = Selector.ranking(sizes);
      int going = left.length == 1 ? 1 : Math.max(1, left.length / 10);
      for (int i = left.length - 1; i >= left.length - going; i--) {
        ranks[left[best[i]]] = ++rank;
      }
      int[] before = left;
      left = Arrays.stream(best, 0, left.length - going).map(i -> before[i]).sorted().toArray();
    }
    return ranks;
  }

  private static double[] squares(double[][] weights) {
    double[] squares = new double[weights[0].length];
    for (double[] row : weights) {
      for (int j = 0; j < squares.length; j++) {
        squares[j] += row[j] * row[j];
      }
    }
    return squares;
  }
}
