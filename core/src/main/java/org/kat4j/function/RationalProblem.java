package org.kat4j.function;

import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;

/**
 * Rational against target on a grid, as residuals for {@link LevenbergMarquardt}.
 *
 * <p>Works in t = x / reach, so that powers stay at most 1. Parameters are a_0 ... a_m, then b_1
 * ... b_n, of which only b_k >= 0 are looked at: their signs make no difference.
 */
final class RationalProblem implements LevenbergMarquardt.Problem {
  private final double[] points;
  private final double[] values;
  private final double reach;
  private final int numeratorDegree;
  private final int denominatorDegree;
  private final double power;
  private final double scale;

  private RationalProblem(
      double[] points,
      double[] values,
      double reach,
      int numeratorDegree,
      int denominatorDegree,
      double power,
      double scale) {
    this.points = points;
    this.values = values;
    this.reach = reach;
    this.numeratorDegree = numeratorDegree;
    this.denominatorDegree = denominatorDegree;
    this.power = power;
    this.scale = scale;
  }

  /** The plain least-squares problem on equidistant points. */
  static RationalProblem of(DoubleUnaryOperator target, RationalFit.Settings settings, int count) {
    double reach = Math.max(Math.abs(settings.low()), Math.abs(settings.high()));
    double[] points = new double[count];
    double[] values = new double[count];
    for (int i = 0; i < count; i++) {
      double x = settings.point(i, count);
      points[i] = x / reach;
      values[i] = target.applyAsDouble(x);
    }
    return new RationalProblem(
        points, values, reach, settings.numeratorDegree(), settings.denominatorDegree(), 2, 1);
  }

  /**
   * The same problem in the {@code power}-norm: each error e becomes |e / scale|^(power / 2), whose
   * squares are summed. The larger the power, the more the largest error alone counts.
   */
  RationalProblem inNorm(double power, double scale) {
    return new RationalProblem(
        points, values, reach, numeratorDegree, denominatorDegree, power, scale);
  }

  @Override
  public boolean bounded(int parameter) {
    return parameter > numeratorDegree;
  }

  @Override
  public LevenbergMarquardt.Point at(double[] parameters) {
    double[] residual = new double[points.length];
    double[][] jacobian = new double[parameters.length][points.length];
    for (int i = 0; i < points.length; i++) {
      double t = points[i];
      double q = denominator(parameters, Math.abs(t));
      double f = numerator(parameters, t) / q;
      double error = (f - values[i]) / scale;
      residual[i] = Math.copySign(Math.pow(Math.abs(error), power / 2), error);
      double slope = power / 2 * Math.pow(Math.abs(error), power / 2 - 1) / scale;
      double term = slope / q;
      for (int k = 0; k <= numeratorDegree; k++, term *= t) {
        jacobian[k][i] = term; // dF/da_k = t^k / Q
      }
      term = -slope * f / q;
      for (int k = numeratorDegree + 1; k < parameters.length; k++) {
        term *= Math.abs(t);
        jacobian[k][i] = term; // dF/db_k = -|t|^k F / Q
      }
    }
    return new LevenbergMarquardt.Point(parameters, residual, jacobian);
  }

  /** Parameters with the given b (missing ones are taken as 0) and the best a for them. */
  double[] start(double[] b) {
    double[] parameters = new double[numeratorDegree + 1 + denominatorDegree];
    for (int k = 1; k <= Math.min(denominatorDegree, b.length); k++) {
      parameters[numeratorDegree + k] = Math.abs(b[k - 1]) * Math.pow(reach, k);
    }
    // With b fixed the problem is linear in a, and its matrix is the Jacobian.
    double[][] powers = Arrays.copyOf(at(parameters).jacobian(), numeratorDegree + 1);
    double[] a = LeastSquares.solve(powers, values.clone());
    System.arraycopy(a, 0, parameters, 0, a.length);
    return parameters;
  }

  /** The coefficients that parameters stand for, in x instead of t. */
  RationalCoefficients coefficients(double[] parameters) {
    double[] a = Arrays.copyOf(parameters, numeratorDegree + 1);
    double[] b = Arrays.copyOfRange(parameters, numeratorDegree + 1, parameters.length);
    for (int k = 0; k < a.length; k++) {
      a[k] /= Math.pow(reach, k);
    }
    for (int k = 0; k < b.length; k++) {
      b[k] /= Math.pow(reach, k + 1);
    }
    return new RationalCoefficients(a, b);
  }

  /** The largest error on the grid. */
  double largestError(double[] parameters) {
    double largest = 0;
    for (int i = 0; i < points.length; i++) {
      double f = numerator(parameters, points[i]) / denominator(parameters, Math.abs(points[i]));
      largest = Math.max(largest, Math.abs(f - values[i]));
    }
    return largest;
  }

  private double numerator(double[] parameters, double t) {
    double p = 0;
    for (int k = numeratorDegree; k >= 0; k--) {
      p = p * t + parameters[k];
    }
    return p;
  }

  private double denominator(double[] parameters, double t) {
    double q = 0;
    for (int k = parameters.length - 1; k > numeratorDegree; k--) {
      q = (q + parameters[k]) * t;
    }
    return 1 + q;
  }
}
