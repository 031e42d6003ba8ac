package org.kat4j.explain.symbolic;

import java.util.OptionalDouble;

/** Constants that were meant: small fractions, multiples of pi, a few well-known numbers. */
final class Rounding {
  private static final int[] DENOMINATORS = {1, 2, 3, 4, 5, 6, 8, 10};
  private static final double[] FACTORS = {
    1,
    Math.PI,
    1 / Math.PI,
    Math.E,
    1 / Math.E,
    Math.sqrt(2),
    1 / Math.sqrt(2 * Math.PI),
    Math.sqrt(3)
  };

  private Rounding() {}

  /**
   * The formula with recognised constants. Terms that become equal are added up, and their factors
   * are constants to recognise again: 0.994 exp(x) + 0.006 exp(x).
   *
   * @param tolerance largest change of a constant, relative for those above 1
   */
  static Expression of(Expression formula, double tolerance) {
    return once(once(formula, tolerance), tolerance);
  }

  private static Expression once(Expression formula, double tolerance) {
    return Leaves.mapConstants(formula, value -> recognised(value, tolerance));
  }

  /** Whether a number is a known one, to the last bits. */
  static boolean known(double value) {
    return nearest(value, 2 * Math.ulp(value)).isPresent();
  }

  /** The simplest known number within the tolerance, else the value itself. */
  static double recognised(double value, double tolerance) {
    return nearest(value, tolerance * Math.max(1, Math.abs(value))).orElse(value);
  }

  private static OptionalDouble nearest(double value, double allowed) {
    for (double factor : FACTORS) {
      for (int denominator : DENOMINATORS) {
        double numerator = Math.rint(value * denominator / factor);
        double candidate = numerator / denominator * factor;
        if (Math.abs(candidate - value) <= allowed && (numerator != 0 || factor == 1)) {
          return OptionalDouble.of(candidate + 0.0); // not -0
        }
      }
    }
    return OptionalDouble.empty();
  }
}
