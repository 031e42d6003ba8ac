package org.kat4j.lab.statistics;

import java.util.Arrays;
import java.util.function.ToDoubleFunction;
import org.apache.commons.statistics.distribution.NormalDistribution;
import org.kat4j.data.RandomStream;

/**
 * The bootstrap: how a statistic would vary with other samples, from the sample at hand.
 *
 * <p>For two models give the differences of pairs, so that pairs are resampled. A fixed seed: same
 * bits every time.
 *
 * @param estimate the statistic of the sample itself
 * @param resampled its values on resamples, ascending; those that are undefined are left out
 * @param bias BCa's z0: how far the estimate is from the median of the resamples
 * @param acceleration BCa's a: how the spread changes with the value
 */
@SuppressWarnings("ArrayRecordComponent") // filled once, read here
public record Bootstrap(double estimate, double[] resampled, double bias, double acceleration) {
  private static final NormalDistribution NORMAL = NormalDistribution.of(0, 1);

  /**
   * @param sample at least two values
   * @param resamples how often, such as 10,000
   */
  public static Bootstrap of(
      double[] sample, ToDoubleFunction<double[]> statistic, int resamples, long seed) {
    RandomStream random = RandomStream.of(seed);
    double estimate = statistic.applyAsDouble(sample);
    double[] values = new double[resamples];
    double[] drawn = new double[sample.length];
    for (int b = 0; b < resamples; b++) {
      for (int i = 0; i < drawn.length; i++) {
        drawn[i] = sample[random.nextInt(sample.length)];
      }
      values[b] = statistic.applyAsDouble(drawn);
    }
    double[] sorted = Arrays.stream(values).filter(v -> !Double.isNaN(v)).sorted().toArray();
    double below = Arrays.stream(sorted).filter(v -> v < estimate).count();
    double equal = Arrays.stream(sorted).filter(v -> v == estimate).count();
    double share = (below + equal / 2) / sorted.length;
    double bias = share <= 0 || share >= 1 ? 0 : NORMAL.inverseCumulativeProbability(share);
    return new Bootstrap(estimate, sorted, bias, acceleration(sample, statistic));
  }

  /** a = sum (m - m_i)^3 / (6 (sum (m - m_i)^2)^1.5) of the values with one element left out. */
  private static double acceleration(double[] sample, ToDoubleFunction<double[]> statistic) {
    double[] without = new double[sample.length];
    for (int left = 0; left < sample.length; left++) {
      double[] rest = new double[sample.length - 1];
      System.arraycopy(sample, 0, rest, 0, left);
      System.arraycopy(sample, left + 1, rest, left, rest.length - left);
      without[left] = statistic.applyAsDouble(rest);
    }
    double mean = Sample.of(without).mean();
    double cubes = Arrays.stream(without).map(m -> Math.pow(mean - m, 3)).sum();
    double squares = Arrays.stream(without).map(m -> (mean - m) * (mean - m)).sum();
    return squares == 0 ? 0 : cubes / (6 * Math.pow(squares, 1.5));
  }

  /** Quantiles (1 -+ confidence) / 2 of the resamples. */
  public Interval percentile(double confidence) {
    return new Interval(quantile((1 - confidence) / 2), quantile((1 + confidence) / 2));
  }

  /**
   * Bias-corrected and accelerated: the quantile q moves to Phi(z0 + (z0 + z_q) / (1 - a (z0 +
   * z_q))). Source: Efron, Better bootstrap confidence intervals, 1987.
   */
  public Interval bca(double confidence) {
    return new Interval(
        quantile(moved((1 - confidence) / 2)), quantile(moved((1 + confidence) / 2)));
  }

  private double moved(double q) {
    double z = bias + NORMAL.inverseCumulativeProbability(q);
    return NORMAL.cumulativeProbability(bias + z / (1 - acceleration * z));
  }

  /** By linear interpolation at (B - 1) q. */
  private double quantile(double q) {
    double at = (resampled.length - 1) * q;
    int below = (int) Math.floor(at);
    int above = Math.min(below + 1, resampled.length - 1);
    return resampled[below] + (at - below) * (resampled[above] - resampled[below]);
  }
}
