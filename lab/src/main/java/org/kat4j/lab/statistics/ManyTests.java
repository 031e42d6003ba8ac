package org.kat4j.lab.statistics;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * Several tests at once: their p values, adjusted so that any false alarm stays below the level.
 */
public final class ManyTests {
  private ManyTests() {}

  /** p' = min(1, m p). */
  public static double[] bonferroni(double... p) {
    return Arrays.stream(p).map(each -> Math.min(1, p.length * each)).toArray();
  }

  /** p'_(i) = max over j <= i of (m - j + 1) p_(j), at most 1; never larger than Bonferroni's. */
  public static double[] holm(double... p) {
    int[] ascending =
        IntStream.range(0, p.length)
            .boxed()
            .sorted(Comparator.comparingDouble(i -> p[i]))
            .mapToInt(Integer::intValue)
            .toArray();
    double[] adjusted = new double[p.length];
    double largest = 0;
    for (int j = 0; j < p.length; j++) {
      largest = Math.max(largest, (p.length - j) * p[ascending[j]]);
      adjusted[ascending[j]] = Math.min(1, largest);
    }
    return adjusted;
  }
}
