package org.kat4j.function;

import java.util.Arrays;
import java.util.List;
import org.kat4j.error.UserException;

/**
 * Coefficients of one safe rational function, in the form that the kernels compute.
 *
 * <pre>
 *            a_0 + a_1 x + ... + a_m x^m
 *   F(x) = -------------------------------
 *           1 + |b_1||x| + ... + |b_n||x|^n
 * </pre>
 *
 * <p>The denominator is at least 1, so there is no pole; far out F follows its leading terms and
 * not the function it was fitted to.
 *
 * <p>Source: arXiv 2409.10594 (group-rational KAN), in the form of its published kernels: the sum
 * of absolute values, where the paper prints the absolute value of the sum.
 *
 * @param numerator a_0 ... a_m, with 1 &lt;= m &lt;= 8
 * @param denominator b_1 ... b_n, with 1 &lt;= n &lt;= 8; signs do not matter
 */
@SuppressWarnings("ArrayRecordComponent") // copied in and out, compared by content
public record RationalCoefficients(double[] numerator, double[] denominator) {
  /** The largest degree of numerator and denominator. */
  public static final int MAX_DEGREE = 8;

  /**
   * Copies and checks the coefficients.
   *
   * @throws UserException when a degree is out of range or a coefficient is not finite
   */
  public RationalCoefficients {
    numerator = numerator.clone();
    denominator = denominator.clone();
    checkDegree("numerator", numerator.length - 1);
    checkDegree("denominator", denominator.length);
    checkFinite("numerator", numerator);
    checkFinite("denominator", denominator);
  }

  /**
   * One of the named sets, of degrees (5, 4); see {@link NamedRationals} for where each comes from.
   *
   * @throws UserException when there is no such set; the message names the nearest
   */
  public static RationalCoefficients named(String name) {
    return NamedRationals.get(name);
  }

  /** Names of all sets: the published ones first, then those made for the form used here. */
  public static List<String> names() {
    return NamedRationals.names();
  }

  @Override
  public double[] numerator() {
    return numerator.clone();
  }

  @Override
  public double[] denominator() {
    return denominator.clone();
  }

  /** The degree m of the numerator, which has m + 1 coefficients. */
  public int numeratorDegree() {
    return numerator.length - 1;
  }

  /** The degree n of the denominator, which has n coefficients besides the constant 1. */
  public int denominatorDegree() {
    return denominator.length;
  }

  /** F(x). */
  public double value(double x) {
    double p = 0;
    for (int i = numerator.length - 1; i >= 0; i--) {
      p = p * x + numerator[i];
    }
    double q = 0;
    for (int k = denominator.length - 1; k >= 0; k--) {
      q = (q + Math.abs(denominator[k])) * Math.abs(x);
    }
    return p / (1 + q);
  }

  /**
   * The same function with other degrees, padded with zeros.
   *
   * @throws UserException when a degree is out of range, or too small to hold the function
   */
  public RationalCoefficients withDegrees(int numeratorDegree, int denominatorDegree) {
    checkDegree("numerator", numeratorDegree);
    checkDegree("denominator", denominatorDegree);
    return new RationalCoefficients(
        resized("numerator", numerator, numeratorDegree + 1),
        resized("denominator", denominator, denominatorDegree));
  }

  /** E[F(x)^2] for x ~ N(0, 1). */
  public double secondMoment() {
    return StandardNormal.secondMoment(this::value);
  }

  /** sqrt(1 / E[F(x)^2]) for x ~ N(0, 1): the gain for the weights that follow. */
  public double gain() {
    return StandardNormal.gain(this::value);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof RationalCoefficients that
        && Arrays.equals(numerator, that.numerator)
        && Arrays.equals(denominator, that.denominator);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(numerator) + Arrays.hashCode(denominator);
  }

  @Override
  public String toString() {
    return Arrays.toString(numerator) + " | " + Arrays.toString(denominator);
  }

  static void checkDegree(String of, int degree) {
    if (degree < 1 || degree > MAX_DEGREE) {
      throw new UserException(
          "degree of the rational's %s is %d; allowed is 1 to %d"
              .formatted(of, degree, MAX_DEGREE));
    }
  }

  private static void checkFinite(String of, double[] coefficients) {
    for (double coefficient : coefficients) {
      if (!Double.isFinite(coefficient)) {
        throw new UserException(
            "coefficients of the rational's %s must be finite, got %s"
                .formatted(of, Arrays.toString(coefficients)));
      }
    }
  }

  private static double[] resized(String of, double[] coefficients, int length) {
    for (int i = length; i < coefficients.length; i++) {
      if (coefficients[i] != 0) {
        throw new UserException(
            "the rational's %s %s does not fit into %d coefficients; raise its degree"
                .formatted(of, Arrays.toString(coefficients), length));
      }
    }
    return Arrays.copyOf(coefficients, length);
  }
}
