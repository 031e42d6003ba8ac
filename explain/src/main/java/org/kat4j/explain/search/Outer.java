package org.kat4j.explain.search;

import java.util.Arrays;
import java.util.Optional;
import java.util.function.DoublePredicate;
import java.util.function.DoubleUnaryOperator;
import org.kat4j.explain.symbolic.Algebra;
import org.kat4j.explain.symbolic.Expression;
import org.kat4j.function.kan.SymbolicFunction;

/** The function around a sum, y = f(sum): what is left is linear in the targets' inverse. */
enum Outer {
  NONE(SymbolicFunction.IDENTITY, y -> y, y -> true, false),
  EXP(SymbolicFunction.EXP, Math::log, y -> y > 0, true),
  ROOT(SymbolicFunction.ROOT, y -> y * y, y -> y >= 0, true),
  INVERSE(SymbolicFunction.INVERSE, y -> 1 / y, y -> y > 0, true),
  SQUARE(SymbolicFunction.SQUARE, Math::sqrt, y -> y >= 0, true),
  INVERSE_ROOT(SymbolicFunction.INVERSE_ROOT, y -> 1 / (y * y), y -> y > 0, true),
  LOG(SymbolicFunction.LOG, Math::exp, y -> y < 300, false),
  TANH(SymbolicFunction.TANH, y -> 0.5 * Math.log((1 + y) / (1 - y)), y -> Math.abs(y) < 1, false),
  ARCSIN(SymbolicFunction.ARCSIN, Math::sin, y -> Math.abs(y) <= Math.PI / 2, false),
  ARCTAN(SymbolicFunction.ARCTAN, Math::tan, y -> Math.abs(y) < Math.PI / 2, false);

  private final SymbolicFunction function;
  private final DoubleUnaryOperator inverse;
  private final DoublePredicate takes;
  private final boolean signed;

  /**
   * @param takes targets that the function can give
   * @param signed whether targets that are all negative are taken without their sign
   */
  Outer(
      SymbolicFunction function,
      DoubleUnaryOperator inverse,
      DoublePredicate takes,
      boolean signed) {
    this.function = function;
    this.inverse = inverse;
    this.takes = takes;
    this.signed = signed;
  }

  /**
   * What a sum has to be.
   *
   * @param targets of the sum
   * @param sign of the function around it
   */
  @SuppressWarnings("ArrayRecordComponent") // a view of data, never compared
  record Inner(Outer outer, double[] targets, double sign) {
    /** y of a sum. */
    Expression around(Expression sum) {
      return Algebra.product(Algebra.constant(sign), Algebra.call(outer.function, sum));
    }
  }

  /** Nothing where the function cannot give these targets. */
  Optional<Inner> inner(double[] y) {
    double sign = signed && Arrays.stream(y).allMatch(v -> v <= 0) ? -1 : 1;
    double[] values = Arrays.stream(y).map(v -> sign * v).toArray();
    if (!Arrays.stream(values).allMatch(takes)) {
      return Optional.empty();
    }
    double[] inner = Arrays.stream(values).map(inverse).toArray();
    return Arrays.stream(inner).allMatch(Double::isFinite)
        ? Optional.of(new Inner(this, inner, sign))
        : Optional.empty();
  }
}
