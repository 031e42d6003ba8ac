package org.kat4j.function;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.function.DoubleUnaryOperator;
import org.kat4j.error.UserException;
import org.kat4j.function.LevenbergMarquardt.Point;

/**
 * A rational function fitted to a scalar function, and how well it follows it.
 *
 * <p>The fit is of the form that the kernels compute (see {@link RationalCoefficients}), by
 * Levenberg-Marquardt on equidistant points from several starts: the denominators of published sets
 * and random ones.
 *
 * <p>Source: arXiv 2409.10594, whose own fit is of another form from a single start.
 *
 * @param coefficients the fitted function
 * @param maxError largest |F(x) - f(x)| on the interval
 * @param rootMeanSquareError sqrt of the mean of (F(x) - f(x))^2 over the interval
 * @param secondMoment E[F(x)^2] for x ~ N(0, 1)
 * @param atMinus10 F(-10): how far it strays outside a usual interval
 * @param at10 F(10)
 */
public record RationalFit(
    RationalCoefficients coefficients,
    double maxError,
    double rootMeanSquareError,
    double secondMoment,
    double atMinus10,
    double at10) {
  // Odd, so that 0, where many activations have a kink, is a point of a symmetric interval.
  private static final int POINTS = 501;
  private static final int CHECK_POINTS = 10_001;
  private static final int RANDOM_STARTS = 8;
  private static final double START_DEVIATION = 0.5;
  private static final int SCOUTING_STEPS = 60;
  private static final int POLISHED_STARTS = 3;
  private static final int POLISHING_STEPS = 500;
  private static final int MOST_POWER = 512;

  /** What a fit makes small. */
  public enum Objective {
    /** The sum of squared errors. */
    LEAST_SQUARES,
    /** The largest error, as the limit of p-norms: from least squares on, p is doubled. */
    MINIMAX
  }

  /**
   * How to fit.
   *
   * @param low lower end of the interval
   * @param high upper end, above {@code low}
   * @param numeratorDegree m, 1 to 8
   * @param denominatorDegree n, 1 to 8
   * @param objective what to make small
   * @param seed of the random starts: same seed, same coefficients
   */
  public record Settings(
      double low,
      double high,
      int numeratorDegree,
      int denominatorDegree,
      Objective objective,
      long seed) {
    /**
     * Checks the settings.
     *
     * @throws UserException naming the field, its value and what is allowed
     */
    public Settings {
      if (!Double.isFinite(low) || !Double.isFinite(high) || !(low < high)) {
        throw new UserException(
            "interval of the fit is [%s, %s]; needed are two finite numbers, low < high"
                .formatted(low, high));
      }
      RationalCoefficients.checkDegree("numerator", numeratorDegree);
      RationalCoefficients.checkDegree("denominator", denominatorDegree);
    }

    /** Least squares of degrees (5, 4), the usual ones. */
    public static Settings on(double low, double high) {
      return new Settings(low, high, 5, 4, Objective.LEAST_SQUARES, 0);
    }

    public Settings withDegrees(int numerator, int denominator) {
      return new Settings(low, high, numerator, denominator, objective, seed);
    }

    public Settings withObjective(Objective other) {
      return new Settings(low, high, numeratorDegree, denominatorDegree, other, seed);
    }

    public Settings withSeed(long other) {
      return new Settings(low, high, numeratorDegree, denominatorDegree, objective, other);
    }

    /** The i-th of {@code count} equidistant points of the interval, ends included. */
    double point(int i, int count) {
      return low + (high - low) * i / (count - 1);
    }
  }

  /**
   * Fits a rational function to {@code target}.
   *
   * @throws UserException when the target is not finite somewhere on the interval
   */
  public static RationalFit fit(DoubleUnaryOperator target, Settings settings) {
    checkFinite(target, settings);
    RationalProblem problem = RationalProblem.of(target, settings, POINTS);
    Point best =
        starts(settings).stream()
            .map(b -> LevenbergMarquardt.minimise(problem, problem.start(b), SCOUTING_STEPS))
            .sorted(Comparator.comparingDouble(Point::cost))
            .limit(POLISHED_STARTS)
            .map(p -> LevenbergMarquardt.minimise(problem, p.parameters(), POLISHING_STEPS))
            .min(Comparator.comparingDouble(Point::cost))
            .orElseThrow();
    double[] parameters =
        switch (settings.objective()) {
          case LEAST_SQUARES -> best.parameters();
          case MINIMAX -> minimax(problem, best.parameters());
        };
    return report(target, problem.coefficients(parameters), settings);
  }

  /** Denominators to start from. */
  private static List<double[]> starts(Settings settings) {
    List<double[]> starts = new ArrayList<>();
    starts.add(RationalCoefficients.named("swish").denominator());
    starts.add(RationalCoefficients.named("gelu_old").denominator());
    Random random = new Random(settings.seed());
    for (int start = 0; start < RANDOM_STARTS; start++) {
      double[] b = new double[settings.denominatorDegree()];
      for (int k = 0; k < b.length; k++) {
        b[k] = START_DEVIATION * random.nextGaussian();
      }
      starts.add(b);
    }
    return starts;
  }

  private static double[] minimax(RationalProblem problem, double[] leastSquares) {
    double[] best = leastSquares;
    double[] parameters = leastSquares;
    for (int power = 4; power <= MOST_POWER; power *= 2) {
      double scale = problem.largestError(parameters);
      if (scale == 0) {
        return parameters;
      }
      parameters =
          LevenbergMarquardt.minimise(problem.inNorm(power, scale), parameters, POLISHING_STEPS)
              .parameters();
      if (problem.largestError(parameters) < problem.largestError(best)) {
        best = parameters;
      }
    }
    return best;
  }

  private static RationalFit report(
      DoubleUnaryOperator target, RationalCoefficients fitted, Settings settings) {
    double largest = 0;
    double squares = 0;
    for (int i = 0; i < CHECK_POINTS; i++) {
      double x = settings.point(i, CHECK_POINTS);
      double error = fitted.value(x) - target.applyAsDouble(x);
      largest = Math.max(largest, Math.abs(error));
      squares += error * error;
    }
    return new RationalFit(
        fitted,
        largest,
        Math.sqrt(squares / CHECK_POINTS),
        fitted.secondMoment(),
        fitted.value(-10),
        fitted.value(10));
  }

  private static void checkFinite(DoubleUnaryOperator target, Settings settings) {
    for (int i = 0; i < CHECK_POINTS; i++) {
      double x = settings.point(i, CHECK_POINTS);
      double y = target.applyAsDouble(x);
      if (!Double.isFinite(y)) {
        throw new UserException(
            "the function to fit is %s at %s; it must be finite on [%s, %s]"
                .formatted(y, x, settings.low(), settings.high()));
      }
    }
  }
}
