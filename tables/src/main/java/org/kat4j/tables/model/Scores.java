package org.kat4j.tables.model;

import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.SequencedMap;
import java.util.stream.IntStream;
import org.kat4j.error.DivergedException;
import org.kat4j.tables.Problem;
import org.kat4j.tables.Task;

/**
 * How good predictions are, by name: of a classification {@code accuracy}, {@code balanced}, {@code
 * f1} (macro, over classes of the problem), {@code auc} (macro one against the rest), {@code mcc},
 * {@code logLoss}, {@code brier}, {@code ece} (15 bins); of a regression {@code r2}, {@code rmse},
 * {@code mae}. Definitions: sheet 00, metrics and statistics.
 */
public final class Scores {
  private static final int BINS = 15;

  private Scores() {}

  /**
   * Scores of predictions as {@link Predictor} gives them.
   *
   * @throws DivergedException if a prediction is no number
   */
  public static SequencedMap<String, Double> of(Problem problem, double[][] predictions) {
    for (int row = 0; row < predictions.length; row++) {
      if (!Arrays.stream(predictions[row]).allMatch(Double::isFinite)) {
        throw new DivergedException(
            "the model's prediction for row %d is no number: %s"
                .formatted(row + 1, Arrays.toString(predictions[row])));
      }
    }
    return problem.task() == Task.CLASSIFICATION
        ? classification(problem.y(), predictions)
        : regression(problem.y(), Arrays.stream(predictions).mapToDouble(p -> p[0]).toArray());
  }

  private static SequencedMap<String, Double> classification(double[] y, double[][] p) {
    int classes = p[0].length;
    long[][] confusion = new long[classes][classes]; // [true][predicted]
    double logLoss = 0;
    double brier = 0;
    for (int i = 0; i < y.length; i++) {
      int label = (int) y[i];
      confusion[label][best(p[i])]++;
      logLoss -= Math.log(Math.max(p[i][label], 1e-15));
      for (int k = 0; k < classes; k++) {
        double error = p[i][k] - (k == label ? 1 : 0);
        brier += error * error;
      }
    }
    SequencedMap<String, Double> scores = ofConfusion(confusion);
    double areas = 0;
    int judged = 0;
    for (int k = classes == 2 ? 1 : 0; k < classes; k++) {
      int wanted = k;
      double area =
          auc(
              Arrays.stream(p).mapToDouble(row -> row[wanted]).toArray(),
              Arrays.stream(y).mapToObj(v -> v == wanted).toArray(Boolean[]::new));
      areas += Double.isNaN(area) ? 0 : area;
      judged += Double.isNaN(area) ? 0 : 1;
    }
    scores.put("auc", judged == 0 ? Double.NaN : areas / judged);
    scores.put("logLoss", logLoss / y.length);
    scores.put("brier", brier / y.length / (classes == 2 ? 2 : 1)); // of two classes: one's square
    scores.put("ece", calibrationError(y, p));
    return scores;
  }

  /** Accuracy, balanced accuracy, macro F1 and MCC of counts {@code [true][predicted]}. */
  static SequencedMap<String, Double> ofConfusion(long[][] confusion) {
    int classes = confusion.length;
    long n = 0;
    long right = 0;
    double f1 = 0;
    double recall = 0;
    double rows = 0;
    double columns = 0;
    double both = 0;
    int present = 0;
    for (int k = 0; k < classes; k++) {
      int wanted = k;
      long row = Arrays.stream(confusion[k]).sum();
      long column = Arrays.stream(confusion).mapToLong(r -> r[wanted]).sum();
      n += row;
      right += confusion[k][k];
      f1 += row + column == 0 ? 0 : 2.0 * confusion[k][k] / (row + column);
      recall += row == 0 ? 0 : (double) confusion[k][k] / row;
      present += row == 0 ? 0 : 1;
      rows += (double) row * row;
      columns += (double) column * column;
      both += (double) row * column;
    }
    double below = Math.sqrt((double) n * n - columns) * Math.sqrt((double) n * n - rows);
    SequencedMap<String, Double> scores = new LinkedHashMap<>();
    scores.put("accuracy", (double) right / n);
    scores.put("balanced", recall / present);
    scores.put("f1", f1 / classes);
    scores.put("mcc", below == 0 ? 0 : ((double) right * n - both) / below);
    return scores;
  }

  /**
   * P(positive scored above negative) + P(tie) / 2; NaN if there is one class only or a score is
   * NaN.
   */
  public static double auc(double[] scores, Boolean[] positive) {
    if (Arrays.stream(scores).anyMatch(Double::isNaN)) {
      return Double.NaN;
    }
    Integer[] order = IntStream.range(0, scores.length).boxed().toArray(Integer[]::new);
    Arrays.sort(order, Comparator.comparingDouble(i -> scores[i]));
    double ranks = 0;
    long positives = 0;
    for (int from = 0; from < order.length; ) {
      int to = from;
      while (to < order.length && scores[order[to]] == scores[order[from]]) {
        to++;
      }
      for (int i = from; i < to; i++) {
        if (positive[order[i]]) {
          positives++;
          ranks += (from + 1 + to) / 2.0;
        }
      }
      from = to;
    }
    long negatives = scores.length - positives;
    return positives == 0 || negatives == 0
        ? Double.NaN
        : (ranks - positives * (positives + 1) / 2.0) / positives / negatives;
  }

  private static double calibrationError(double[] y, double[][] p) {
    double[] gap = new double[BINS];
    for (int i = 0; i < y.length; i++) {
      int best = best(p[i]);
      int bin = Math.clamp((long) Math.ceil(p[i][best] * BINS) - 1, 0, BINS - 1);
      gap[bin] += (best == (int) y[i] ? 1 : 0) - p[i][best];
    }
    return Arrays.stream(gap).map(Math::abs).sum() / y.length;
  }

  private static SequencedMap<String, Double> regression(double[] y, double[] predicted) {
    double mean = Arrays.stream(y).average().orElse(0);
    double squares = 0;
    double spread = 0;
    double absolute = 0;
    for (int i = 0; i < y.length; i++) {
      double error = predicted[i] - y[i];
      squares += error * error;
      absolute += Math.abs(error);
      spread += (y[i] - mean) * (y[i] - mean);
    }
    SequencedMap<String, Double> scores = new LinkedHashMap<>();
    // Of equal targets there is nothing to explain: scikit-learn's convention.
    scores.put("r2", spread > 0 ? 1 - squares / spread : squares == 0 ? 1.0 : 0);
    scores.put("rmse", Math.sqrt(squares / y.length));
    scores.put("mae", absolute / y.length);
    return scores;
  }

  /** The class with the largest probability, the first of equals. */
  public static int best(double[] probabilities) {
    int best = 0;
    for (int k = 1; k < probabilities.length; k++) {
      best = probabilities[k] > probabilities[best] ? k : best;
    }
    return best;
  }
}
