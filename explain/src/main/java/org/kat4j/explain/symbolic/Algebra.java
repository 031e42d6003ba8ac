package org.kat4j.explain.symbolic;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.kat4j.explain.symbolic.Expression.Call;
import org.kat4j.explain.symbolic.Expression.Constant;
import org.kat4j.explain.symbolic.Expression.Power;
import org.kat4j.explain.symbolic.Expression.Product;
import org.kat4j.explain.symbolic.Expression.Sum;
import org.kat4j.function.kan.SymbolicFunction;

/**
 * Builds formulas in a simple form: constants folded, like terms collected, factors of sums drawn
 * out of powers, phases and signs drawn out of functions. What is built equals what was asked for
 * wherever that exists.
 */
public final class Algebra {
  private Algebra() {}

  public static Expression constant(double value) {
    return new Constant(value);
  }

  /** The sum; like terms become one, a constant comes last. */
  public static Expression sum(Expression... terms) {
    return sum(List.of(terms));
  }

  /** The sum; like terms become one, a constant comes last. */
  public static Expression sum(List<Expression> terms) {
    Map<Object, Double> factors = new LinkedHashMap<>();
    Map<Object, Expression> found = new LinkedHashMap<>(); // x*y and y*x are one term
    double constant = 0;
    for (Expression term : terms.stream().flatMap(t -> termsOf(t).stream()).toList()) {
      if (term instanceof Constant(double value)) {
        constant += value;
      } else {
        Expression rest = withoutFactor(term);
        Object key =
            rest instanceof Product(var parts)
                ? parts.stream().collect(Collectors.groupingBy(p -> p, Collectors.counting()))
                : rest;
        found.putIfAbsent(key, rest);
        factors.merge(key, factor(term), Double::sum);
      }
    }
    List<Expression> collected = new ArrayList<>();
    found.forEach((key, rest) -> {
      double factor = factors.getOrDefault(key, 0.0);
      if (factor != 0) {
        collected.add(scaled(factor, rest));
      }
    });
    if (constant != 0 || collected.isEmpty()) {
      collected.add(new Constant(constant));
    }
    return collected.size() == 1 ? collected.getFirst() : new Sum(collected);
  }

  /** The product; equal bases become one power, a constant goes into a sum. */
  public static Expression product(Expression... factors) {
    return product(List.of(factors));
  }

  /** The product; equal bases become one power, a constant goes into a sum. */
  public static Expression product(List<Expression> factors) {
    Map<Expression, Double> exponents = new LinkedHashMap<>();
    double constant = 1;
    for (Expression factor : factors.stream().flatMap(f -> factorsOf(f).stream()).toList()) {
      switch (factor) {
        case Constant(double value) -> constant *= value;
        case Power(var base, double exponent) -> exponents.merge(base, exponent, Double::sum);
        default -> exponents.merge(factor, 1.0, Double::sum);
      }
    }
    List<Expression> powers = new ArrayList<>();
    exponents.forEach((base, exponent) -> {
      if (exponent == 1) {
        powers.add(base);
      } else if (exponent != 0) {
        powers.add(new Power(base, exponent));
      }
    });
    if (constant == 0 || powers.isEmpty()) {
      return new Constant(constant);
    }
    return scaled(constant, powers.size() == 1 ? powers.getFirst() : new Product(powers));
  }

  /** The power of a constant exponent. */
  public static Expression power(Expression base, double exponent) {
    if (exponent == 0) {
      return new Constant(1);
    }
    boolean whole = exponent == Math.rint(exponent);
    switch (base) {
      case Constant(double value) -> {
        return new Constant(Math.pow(value, exponent));
      }
      case Power(var inner, double other) when whole -> {
        return power(inner, other * exponent);
      }
      case Power(var inner, double other) when exponent == 0.5 && other % 2 == 0 -> {
        boolean even = other % 4 == 0;
        return power(even ? inner : call(SymbolicFunction.ABS, inner), other / 2); // |x|
      }
      case Call(SymbolicFunction f, var inner)
          when f == SymbolicFunction.ABS && exponent % 2 == 0 -> {
        return power(inner, exponent);
      }
      case Power(var inner, double other) when !whole && other % 2 != 0 -> {
        return power(inner, other * exponent); // both exist where the inner one is positive
      }
      case Product(var factors) when whole -> {
        return product(factors.stream().map(f -> power(f, exponent)).toList());
      }
      default -> {
        double drawn = whole ? leading(base) : Math.abs(leading(base));
        Expression rest = drawn == 1 ? base : product(new Constant(1 / drawn), base);
        Expression power = exponent == 1 ? rest : new Power(rest, exponent);
        return scaled(Math.pow(drawn, exponent), power);
      }
    }
  }

  /** f of an expression; powers among the functions become powers. */
  public static Expression call(SymbolicFunction function, Expression x) {
    if (x instanceof Constant(double value)) {
      return new Constant(function.at(value));
    }
    return switch (function) {
      case ZERO -> new Constant(0);
      case IDENTITY -> x;
      case SQUARE,
          CUBE,
          FOURTH,
          FIFTH,
          INVERSE,
          INVERSE_SQUARE,
          INVERSE_CUBE,
          ROOT,
          INVERSE_ROOT,
          POWER_3_2 ->
          power(x, exponent(function));
      case EXP -> exponential(x);
      case LOG -> {
        if (x instanceof Call(SymbolicFunction inner, Expression u)
            && inner == SymbolicFunction.EXP) {
          yield u;
        }
        double drawn = Math.abs(leading(x));
        Expression rest = drawn == 1 ? x : product(new Constant(1 / drawn), x);
        yield sum(new Call(function, rest), new Constant(Math.log(drawn)));
      }
      case ABS -> {
        double drawn = leading(x);
        Expression rest = drawn == 1 ? x : product(new Constant(1 / drawn), x);
        yield scaled(Math.abs(drawn), new Call(function, rest));
      }
      case GAUSSIAN -> new Call(function, leading(x) < 0 ? negative(x) : x);
      case SIN -> wave(x, 0);
      case COS -> wave(x, Math.PI / 2);
      case TAN, TANH, ARCSIN, ARCTAN, ARCTANH ->
          leading(x) < 0 ? scaled(-1, new Call(function, negative(x))) : new Call(function, x);
      case ARCCOS -> new Call(function, x);
    };
  }

  /** The exponent of a function that is a power; NaN of one that is not. */
  static double exponent(SymbolicFunction function) {
    return switch (function) {
      case SQUARE -> 2;
      case CUBE -> 3;
      case FOURTH -> 4;
      case FIFTH -> 5;
      case INVERSE -> -1;
      case INVERSE_SQUARE -> -2;
      case INVERSE_CUBE -> -3;
      case ROOT -> 0.5;
      case INVERSE_ROOT -> -0.5;
      case POWER_3_2 -> 1.5;
      default -> Double.NaN;
    };
  }

  /** exp(k log(u) + x + c) as e^c u^k exp(x). */
  private static Expression exponential(Expression x) {
    List<Expression> factors = new ArrayList<>();
    List<Expression> rest = new ArrayList<>();
    for (Expression term : termsOf(x)) {
      if (term instanceof Constant(double value)) {
        factors.add(new Constant(Math.exp(value)));
      } else if (withoutFactor(term) instanceof Call(SymbolicFunction f, Expression u)
          && f == SymbolicFunction.LOG) {
        factors.add(power(u, factor(term)));
      } else {
        rest.add(term);
      }
    }
    if (!rest.isEmpty()) {
      factors.add(new Call(SymbolicFunction.EXP, sum(rest)));
    }
    return product(factors);
  }

  /** sin(x + shift) as sine or cosine of least phase and positive direction. */
  private static Expression wave(Expression x, double shift) {
    if (leading(x) < 0) { // sin(-x + s) = -sin(x - s)
      return scaled(-1, wave(negative(x), -shift));
    }
    double constant = constantOf(x);
    double phase = Math.IEEEremainder(constant + shift, 2 * Math.PI);
    double quarter = Math.rint(phase / (Math.PI / 2)); // -2 to 2
    double rest = phase - quarter * Math.PI / 2;
    Expression argument = sum(x, new Constant(-constant), new Constant(rest));
    double sign = quarter == 2 || quarter == -2 || quarter == -1 ? -1 : 1;
    boolean cosine = Math.abs(quarter) == 1;
    return scaled(sign, new Call(cosine ? SymbolicFunction.COS : SymbolicFunction.SIN, argument));
  }

  private static Expression negative(Expression x) {
    return product(new Constant(-1), x);
  }

  /** A constant times something without a factor of its own; it goes into sums. */
  private static Expression scaled(double factor, Expression x) {
    if (factor == 1) {
      return x;
    }
    return switch (x) {
      case Constant(double value) -> new Constant(factor * value);
      case Sum(var terms) ->
          sum(terms.stream().map(t -> product(new Constant(factor), t)).toList());
      case Product(var factors) -> {
        List<Expression> all = new ArrayList<>();
        all.add(new Constant(factor * factor(x)));
        all.addAll(
            factors.getFirst() instanceof Constant ? factors.subList(1, factors.size()) : factors);
        if (all.getFirst().equals(new Constant(1))) {
          all.removeFirst();
        }
        yield all.size() == 1 ? all.getFirst() : new Product(all);
      }
      default -> new Product(List.of(new Constant(factor), x));
    };
  }

  /** The factor of the first term that is not constant. */
  private static double leading(Expression x) {
    return x instanceof Sum(var terms) ? factor(terms.getFirst()) : factor(x);
  }

  private static double factor(Expression x) {
    return x instanceof Product(var factors) && factors.getFirst() instanceof Constant(double value)
        ? value
        : 1;
  }

  private static Expression withoutFactor(Expression x) {
    if (x instanceof Product(var factors) && factors.getFirst() instanceof Constant) {
      List<Expression> rest = factors.subList(1, factors.size());
      return rest.size() == 1 ? rest.getFirst() : new Product(rest);
    }
    return x;
  }

  private static double constantOf(Expression x) {
    return x instanceof Sum(var terms) && terms.getLast() instanceof Constant(double value)
        ? value
        : 0;
  }

  private static List<Expression> termsOf(Expression x) {
    return x instanceof Sum(var terms) ? terms : List.of(x);
  }

  private static List<Expression> factorsOf(Expression x) {
    return x instanceof Product(var factors) ? factors : List.of(x);
  }
}
