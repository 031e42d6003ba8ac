package org.kat4j.lab.statistics;

import org.apache.commons.statistics.distribution.NormalDistribution;

/**
 * Where a quantity lies, with some confidence.
 *
 * @param low lower end
 * @param high upper end
 */
public record Interval(double low, double high) {
  private static final NormalDistribution NORMAL = NormalDistribution.of(0, 1);

  public boolean contains(double value) {
    return low <= value && value <= high;
  }

  /**
   * Wilson's interval of a proportion: (p + z^2/2n -+ z sqrt(p(1-p)/n + z^2/4n^2)) / (1 + z^2/n).
   *
   * @param share p, in [0, 1]
   * @param n trials
   */
  public static Interval wilson(double share, int n, double confidence) {
    double z = NORMAL.inverseCumulativeProbability((1 + confidence) / 2);
    double shrink = 1 + z * z / n;
    double centre = (share + z * z / (2 * n)) / shrink;
    double half = z * Math.sqrt(share * (1 - share) / n + z * z / (4.0 * n * n)) / shrink;
    return new Interval(centre - half, centre + half);
  }
}
