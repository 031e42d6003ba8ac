package org.kat4j.explain.report;

import java.util.ArrayList;
import java.util.List;

/**
 * How often a model is right when it says it is sure: 15 bins of equal width, closed on the right,
 * over the probability of the most probable class.
 *
 * @param bins those that hold answers
 * @param error expected calibration error: mean distance of accuracy and confidence, by images
 */
record Calibration(List<Bin> bins, double error) {
  static final int BINS = 15;

  /**
   * Answers of about the same confidence.
   *
   * @param confidence their mean
   * @param right how many of them are right
   */
  record Bin(double confidence, Proportion right) {}

  static Calibration of(Answers answers) {
    double[] confidence = new double[BINS];
    long[] right = new long[BINS];
    long[] all = new long[BINS];
    for (Answers.Answer answer : answers.all()) {
      int bin = Math.clamp((int) Math.ceil(answer.confidence() * BINS) - 1, 0, BINS - 1);
      confidence[bin] += answer.confidence();
      right[bin] += answer.right() ? 1 : 0;
      all[bin]++;
    }
    var bins = new ArrayList<Bin>();
    double error = 0;
    for (int b = 0; b < BINS; b++) {
      if (all[b] > 0) {
        bins.add(new Bin(confidence[b] / all[b], new Proportion(right[b], all[b])));
        error += Math.abs(right[b] - confidence[b]) / answers.all().size();
      }
    }
    return new Calibration(bins, error);
  }
}
