package org.kat4j.explain.symbolic;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * A formula found from samples.
 *
 * @param expression with constants as recognised
 * @param unrounded with constants as fitted
 * @param shown with constants as short as a reader wants them: the same function for the eye
 */
public record Formula(Expression expression, Expression unrounded, Expression shown) {
  private static final double[] TOLERANCES = {1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8};

  /** What an exact formula may lose by rounding, relative to the targets' deviation. */
  private static final double EXACT = 1e-10;

  /** What an inexact one may have, relative to its error. */
  private static final double TOLERATED = 1.5;

  private static final int LEAST_DIGITS = 5;
  private static final int ALL_DIGITS = 17;

  /** What cutting digits for the screen may cost, relative to the targets' deviation. */
  private static final double UNSEEN = 1e-4;

  private static final double HARDLY_SEEN = 1e-2; // relative to the error

  /**
   * Recognises constants, boldly and less so: each formula keeps the error within a half more, or
   * within 1e-10 of the targets' deviation. Which one is meant, other samples have to say.
   *
   * @return boldest first, the one with constants as fitted last; none that does not exist on the
   *     whole box and at all samples
   */
  public static List<Formula> of(Expression fitted, Samples samples, Box box) {
    double allowed =
        Math.max(EXACT * deviation(samples.targets()), TOLERATED * error(fitted, samples));
    Set<Expression> forms = new LinkedHashSet<>();
    for (double tolerance : TOLERANCES) {
      Expression rounded = Rounding.of(fitted, tolerance);
      if (error(rounded, samples) <= allowed) {
        forms.add(rounded);
      }
    }
    forms.add(fitted);
    return forms.stream()
        .filter(form -> box.holds(form, samples.inputs()))
        .map(form -> new Formula(form, fitted, cut(form, samples, box)))
        .toList();
  }

  /** As few digits from five as change the error by what nobody sees. */
  private static Expression cut(Expression e, Samples samples, Box box) {
    double error = error(e, samples);
    double allowed =
        Math.max((1 + HARDLY_SEEN) * error, error + UNSEEN * deviation(samples.targets()));
    for (int digits = LEAST_DIGITS; digits < ALL_DIGITS; digits++) {
      var context = new MathContext(digits);
      Expression shorter = Leaves.mapConstants(e, value -> shortened(value, context));
      if (error(shorter, samples) <= allowed && box.holds(shorter, samples.inputs())) {
        return shorter;
      }
    }
    return e;
  }

  /** Multiples of pi stay what they are. */
  private static double shortened(double value, MathContext context) {
    if (!Double.isFinite(value)
        || Notation.TEXT.of(new Expression.Constant(value)).contains("pi")) {
      return value;
    }
    return new BigDecimal(value).round(context).doubleValue();
  }

  /** {@code exp(sin(pi*x) + y^2)}, with all digits. */
  public String text() {
    return Notation.TEXT.of(expression);
  }

  /** With as many digits as a reader wants. */
  public String shortText() {
    return Notation.TEXT.of(shown);
  }

  /** With as many digits as a reader wants. */
  public String latex() {
    return Notation.LATEX.of(shown);
  }

  /** Root of the mean squared error; NaN where the formula does not exist for a row. */
  public static double error(Expression formula, Samples samples) {
    double[] values = formula.at(samples.inputs());
    double squares =
        IntStream.range(0, values.length)
            .mapToDouble(i -> values[i] - samples.targets()[i])
            .map(difference -> difference * difference)
            .sum();
    return Math.sqrt(squares / values.length);
  }

  /** Root of the mean squared distance from the mean. */
  public static double deviation(double[] y) {
    double mean = Arrays.stream(y).average().orElse(0);
    return Math.sqrt(Arrays.stream(y).map(v -> (v - mean) * (v - mean)).average().orElse(0));
  }
}
