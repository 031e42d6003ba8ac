package org.kat4j.explain.symbolic;

import org.kat4j.explain.symbolic.Expression.Call;
import org.kat4j.explain.symbolic.Expression.Constant;
import org.kat4j.explain.symbolic.Expression.Power;
import org.kat4j.explain.symbolic.Expression.Product;
import org.kat4j.explain.symbolic.Expression.Sum;
import org.kat4j.explain.symbolic.Expression.Variable;

/**
 * How long a formula is: its variables, constants and operations, as symbolic regression counts.
 */
public final class Complexity {
  /** A constant that nobody would write down by heart counts twice. */
  private static final int LONG_CONSTANT = 2;

  private static final double NEARLY = 1e-3;
  private static final double ABOUT = 1e-2; // of the targets' deviation

  private Complexity() {}

  public static int of(Expression e) {
    return switch (e) {
      case Constant(double value) -> constant(value);
      case Variable _ -> 1;
      case Sum(var terms) -> terms.size() - 1 + terms.stream().mapToInt(Complexity::of).sum();
      case Product(var factors) ->
          factors.size() - 1 + factors.stream().mapToInt(Complexity::of).sum();
      case Power(var base, double exponent) ->
          of(base) + (exponent == 2 || exponent == -1 || exponent == 0.5 ? 1 : 2);
      case Call(_, var x) -> 1 + of(x);
    };
  }

  /**
   * Of a formula whose constants are only nearly what they are meant to be: with constants as
   * recognised, where the formula stays about the same.
   */
  public static int ofRounded(Expression e, Samples samples) {
    Expression rounded = Rounding.of(e, NEARLY);
    double allowed = ABOUT * Formula.deviation(samples.targets());
    return Formula.error(rounded, samples) <= Formula.error(e, samples) + allowed
        ? of(rounded)
        : of(e);
  }

  /** What the constants of a formula count, exponents among them. */
  public static int ofConstants(Expression e) {
    return Leaves.constants(e).stream().mapToInt(Complexity::constant).sum();
  }

  private static int constant(double value) {
    if (Math.abs(value) == 1) {
      return 0; // a sign, or a one beside others
    }
    return Rounding.known(value) ? 1 : LONG_CONSTANT;
  }
}
