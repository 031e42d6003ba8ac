package org.kat4j.lab.statistics;

import org.apache.commons.statistics.distribution.TDistribution;

/**
 * Student's paired t test: are these differences, one for each seed or fold, around some value?
 *
 * <p>t = (mean - hypothesis) / (sd / sqrt(k)) with k - 1 degrees of freedom.
 *
 * @param sample the differences
 * @param standardError of their mean
 * @param t the statistic
 * @param p two-sided probability of a |t| as large if the hypothesis held
 */
public record PairedT(Sample sample, double standardError, double t, double p) {

  /**
   * @param differences a_i - b_i, at least two
   * @param hypothesis mean difference that is tested, usually 0
   */
  public static PairedT of(double[] differences, double hypothesis) {
    Sample sample = Sample.of(differences);
    return of(sample, sample.sd() / Math.sqrt(sample.n()), hypothesis);
  }

  /**
   * The same for the folds of a cross-validation, which share training data: variance (1/k + test /
   * train) sd^2. Source: Nadeau and Bengio, Inference for the generalization error, 2003.
   *
   * @param testByTrain test rows by training rows of a fold
   */
  public static PairedT ofFolds(double[] differences, double hypothesis, double testByTrain) {
    Sample sample = Sample.of(differences);
    double standardError = sample.sd() * Math.sqrt(1.0 / sample.n() + testByTrain);
    return of(sample, standardError, hypothesis);
  }

  private static PairedT of(Sample sample, double standardError, double hypothesis) {
    if (sample.n() < 2) {
      throw new IllegalArgumentException(sample.n() + " differences: at least 2 are needed");
    }
    double distance = sample.mean() - hypothesis;
    double t = distance == 0 ? 0 : distance / standardError; // infinite where all are alike
    double p = Math.min(1, 2 * student(sample).survivalProbability(Math.abs(t)));
    return new PairedT(sample, standardError, t, p);
  }

  private static TDistribution student(Sample sample) {
    return TDistribution.of(sample.n() - 1);
  }

  /** The mean difference lies here with this confidence, such as 0.95. */
  public Interval interval(double confidence) {
    double reach =
        standardError * student(sample).inverseCumulativeProbability((1 + confidence) / 2);
    return new Interval(sample.mean() - reach, sample.mean() + reach);
  }

  /** Probability of a mean as large or larger if the hypothesis held. */
  public double pGreater() {
    return student(sample).survivalProbability(t);
  }

  /** Probability of a mean as small or smaller if the hypothesis held. */
  public double pLess() {
    return student(sample).cumulativeProbability(t);
  }

  /** Cohen's d of paired differences: mean / sd. Says how steady a difference is, not how large. */
  public double effectSize() {
    return sample.mean() == 0 ? 0 : sample.mean() / sample.sd();
  }

  /**
   * Two one-sided tests: p of "the mean lies outside (-margin, margin)". Small means equivalent.
   * Source: Schuirmann, J. Pharmacokinetics and Biopharmaceutics 15, 1987.
   */
  public static double equivalence(double[] differences, double margin) {
    return Math.max(of(differences, -margin).pGreater(), of(differences, margin).pLess());
  }
}
