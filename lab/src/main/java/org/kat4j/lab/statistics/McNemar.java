package org.kat4j.lab.statistics;

import org.apache.commons.statistics.distribution.BinomialDistribution;
import org.apache.commons.statistics.distribution.ChiSquaredDistribution;

/**
 * McNemar's test: two fitted models on the same test samples. It says nothing about two training
 * procedures; for those, train with several seeds.
 */
public final class McNemar {
  private McNemar() {}

  /**
   * Two-sided exact p = min(1, 2 sum_{i <= min(b, c)} C(b + c, i) / 2^(b + c)).
   *
   * @param onlyFirst b, samples that only the first model gets right
   * @param onlySecond c, samples that only the second gets right
   */
  public static double exact(int onlyFirst, int onlySecond) {
    int n = onlyFirst + onlySecond;
    return n == 0
        ? 1
        : Math.min(
            1,
            2
                * BinomialDistribution.of(n, 0.5)
                    .cumulativeProbability(Math.min(onlyFirst, onlySecond)));
  }

  /** The approximation for b + c of 25 and more: chi^2 = (b - c)^2 / (b + c), one degree. */
  public static double approximate(int onlyFirst, int onlySecond) {
    double difference = (double) onlyFirst - onlySecond;
    int n = onlyFirst + onlySecond;
    return n == 0
        ? 1
        : ChiSquaredDistribution.of(1).survivalProbability(difference * difference / n);
  }
}
