package org.kat4j.augment;

import java.util.random.RandomGenerator;

/** Random numbers of the distributions that augmentation draws from; same bits on every machine. */
final class Draw {
  private Draw() {}

  static double uniform(RandomGenerator random, double low, double high) {
    return low + (high - low) * random.nextDouble();
  }

  /** e^u with u uniform between the logarithms. */
  static double logUniform(RandomGenerator random, double low, double high) {
    return StrictMath.exp(uniform(random, StrictMath.log(low), StrictMath.log(high)));
  }

  /** Standard normal, by the polar method (Marsaglia and Bray 1964). */
  static double normal(RandomGenerator random) {
    while (true) {
      double u = 2 * random.nextDouble() - 1;
      double v = 2 * random.nextDouble() - 1;
      double s = u * u + v * v;
      if (s > 0 && s < 1) {
        return u * Math.sqrt(-2 * StrictMath.log(s) / s);
      }
    }
  }

  /** Beta(a, a): the share of one of two equal Gamma(a) variables in their sum. */
  static double beta(RandomGenerator random, double a) {
    double first = gamma(random, a);
    double second = gamma(random, a);
    // Both vanish for tiny a only, where the mass lies at the ends.
    return first + second > 0 ? first / (first + second) : random.nextBoolean() ? 0 : 1;
  }

  /** Gamma(a, 1). Source: Marsaglia and Tsang, ACM TOMS 26 (2000) 363. */
  private static double gamma(RandomGenerator random, double a) {
    if (a < 1) {
      return gamma(random, a + 1) * StrictMath.pow(1 - random.nextDouble(), 1 / a);
    }
    double d = a - 1.0 / 3;
    double c = 1 / Math.sqrt(9 * d);
    while (true) {
      double x = normal(random);
      double t = 1 + c * x;
      double v = t * t * t;
      double log = StrictMath.log(1 - random.nextDouble());
      if (v > 0 && log < x * x / 2 + d - d * v + d * StrictMath.log(v)) {
        return d * v;
      }
    }
  }
}
