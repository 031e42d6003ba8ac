package org.kat4j.lab.statistics;

import java.util.Arrays;
import org.apache.commons.statistics.inference.WilcoxonSignedRankTest;

/**
 * Wilcoxon's signed-rank test, which asks nothing of the differences but symmetry.
 *
 * <p>With five differences its smallest two-sided p is 0.0625: it cannot reach 0.05 below six.
 */
public final class SignedRank {
  private SignedRank() {}

  /**
   * Two-sided p of differences around 0: exact without ties, by the normal approximation with them;
   * zeros are left out, and p = 1 of nothing else.
   */
  public static double p(double... differences) {
    double[] moved = Arrays.stream(differences).filter(d -> d != 0).toArray();
    return moved.length == 0 ? 1 : WilcoxonSignedRankTest.withDefaults().test(moved).getPValue();
  }
}
