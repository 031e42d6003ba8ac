package org.kat4j.explain.symbolic;

import java.util.List;
import java.util.Set;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.kat4j.explain.symbolic.Expression.Call;
import org.kat4j.explain.symbolic.Expression.Constant;
import org.kat4j.explain.symbolic.Expression.Power;
import org.kat4j.explain.symbolic.Expression.Product;
import org.kat4j.explain.symbolic.Expression.Sum;
import org.kat4j.explain.symbolic.Expression.Variable;

/** The numbers and variables that a formula is made of. */
public final class Leaves {
  private Leaves() {}

  /** All constants, exponents among them, in the order in which they stand. */
  public static List<Double> constants(Expression e) {
    return switch (e) {
      case Constant(double value) -> List.of(value);
      case Variable _ -> List.of();
      case Sum(var terms) -> terms.stream().flatMap(t -> constants(t).stream()).toList();
      case Product(var factors) -> factors.stream().flatMap(f -> constants(f).stream()).toList();
      case Power(var base, double exponent) ->
          Stream.concat(constants(base).stream(), Stream.of(exponent)).toList();
      case Call(_, var x) -> constants(x);
    };
  }

  /** The columns of the variables in a formula. */
  public static Set<Integer> columns(Expression e) {
    return switch (e) {
      case Constant _ -> Set.of();
      case Variable(_, int column) -> Set.of(column);
      case Sum(var terms) -> columns(terms);
      case Product(var factors) -> columns(factors);
      case Power(var base, _) -> columns(base);
      case Call(_, var x) -> columns(x);
    };
  }

  private static Set<Integer> columns(List<Expression> parts) {
    return parts.stream().flatMap(part -> columns(part).stream()).collect(Collectors.toSet());
  }

  /** The formula with every constant replaced, exponents among them, and simplified again. */
  public static Expression mapConstants(Expression e, DoubleUnaryOperator change) {
    return switch (e) {
      case Constant(double value) -> new Constant(change.applyAsDouble(value));
      case Variable variable -> variable;
      case Sum(var terms) -> Algebra.sum(terms.stream().map(t -> mapConstants(t, change)).toList());
      case Product(var factors) ->
          Algebra.product(factors.stream().map(f -> mapConstants(f, change)).toList());
      case Power(var base, double exponent) ->
          Algebra.power(mapConstants(base, change), change.applyAsDouble(exponent));
      case Call(var function, var x) -> Algebra.call(function, mapConstants(x, change));
    };
  }
}
