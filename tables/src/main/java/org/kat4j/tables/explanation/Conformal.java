package org.kat4j.tables.explanation;

import java.util.Arrays;

/**
 * Split conformal prediction sets: label y is in the set if 1 - p_y is at most a quantile of the
 * calibration rows' 1 - p of their true labels.
 *
 * <p>The quantile is the ceil((n + 1) (1 - alpha))-th smallest; infinite if there are fewer rows.
 * Coverage is at least 1 - alpha on average over calibration sets if rows are exchangeable, and the
 * calibration rows had no part in training. Source: sheet 00, metrics and statistics, section 6.
 *
 * @param thresholds for each label
 */
public record Conformal(double[] thresholds) {
  /**
   * What sets are worth on rows of known label.
   *
   * @param coverage share of rows whose label is in their set
   * @param meanSize labels in a set
   * @param empty share of empty sets
   * @param coverageOfClass share of covered rows of each label; NaN if it does not occur
   */
  public record Quality(double coverage, double meanSize, double empty, double[] coverageOfClass) {}

  /** One quantile for all labels. */
  public static Conformal marginal(double[][] probabilities, double[] labels, double alpha) {
    double[] thresholds = new double[probabilities[0].length];
    Arrays.fill(thresholds, quantile(scores(probabilities, labels), alpha));
    return new Conformal(thresholds);
  }

  /** A quantile for each label from its own rows (Mondrian): coverage holds in each class. */
  public static Conformal byClass(double[][] probabilities, double[] labels, double alpha) {
    double[] all = scores(probabilities, labels);
    double[] thresholds = new double[probabilities[0].length];
    for (int k = 0; k < thresholds.length; k++) {
      double[] own = new double[all.length];
      int n = 0;
      for (int i = 0; i < all.length; i++) {
        if (labels[i] == k) {
          own[n++] = all[i];
        }
      }
      thresholds[k] = quantile(Arrays.copyOf(own, n), alpha);
    }
    return new Conformal(thresholds);
  }

  private static double[] scores(double[][] probabilities, double[] labels) {
    double[] scores = new double[labels.length];
    Arrays.setAll(scores, i -> 1 - probabilities[i][(int) labels[i]]);
    return scores;
  }

  /** The ceil((n + 1) (1 - alpha))-th smallest; infinite beyond the last. */
  public static double quantile(double[] scores, double alpha) {
    int rank = (int) Math.ceil((scores.length + 1) * (1 - alpha) - 1e-9);
    if (rank > scores.length) {
      return Double.POSITIVE_INFINITY;
    }
    double[] sorted = scores.clone();
    Arrays.sort(sorted);
    return rank < 1 ? Double.NEGATIVE_INFINITY : sorted[rank - 1];
  }

  /** (1 + calibration scores not below the label's) / (n + 1). */
  public static double pValue(double[] calibrationScores, double score) {
    long notBelow = Arrays.stream(calibrationScores).filter(s -> s >= score).count();
    return (1.0 + notBelow) / (calibrationScores.length + 1);
  }

  /** Which labels are in the row's set. */
  public boolean[] set(double[] probabilities) {
    boolean[] set = new boolean[probabilities.length];
    for (int k = 0; k < set.length; k++) {
      set[k] = 1 - probabilities[k] <= thresholds[k];
    }
    return set;
  }

  /** Measured on rows that had no part in training or calibration. */
  public Quality quality(double[][] probabilities, double[] labels) {
    double[] covered = new double[thresholds.length];
    double[] rows = new double[thresholds.length];
    double labelsInSets = 0;
    double empty = 0;
    for (int i = 0; i < labels.length; i++) {
      boolean[] set = set(probabilities[i]);
      int size = 0;
      for (boolean in : set) {
        size += in ? 1 : 0;
      }
      labelsInSets += size;
      empty += size == 0 ? 1 : 0;
      rows[(int) labels[i]]++;
      covered[(int) labels[i]] += set[(int) labels[i]] ? 1 : 0;
    }
    double[] ofClass = new double[rows.length];
    Arrays.setAll(ofClass, k -> covered[k] / rows[k]);
    return new Quality(
        Arrays.stream(covered).sum() / labels.length,
        labelsInSets / labels.length,
        empty / labels.length,
        ofClass);
  }
}
