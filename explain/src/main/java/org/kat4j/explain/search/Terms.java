package org.kat4j.explain.search;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.kat4j.explain.symbolic.Algebra;
import org.kat4j.explain.symbolic.Box;
import org.kat4j.explain.symbolic.Expression;
import org.kat4j.function.kan.SymbolicFunction;

/**
 * What a sum may be made of: functions of one variable, of the sum, difference, product or quotient
 * of two, and products of functions of different variables. Only what exists on the whole box.
 */
final class Terms {
  private static final int MOST_COMBINED = 4; // variables of which pairs are arguments
  private static final int MOST_WIDELY_PAIRED = 2;
  private static final int MOST_PAIRED = 8;
  private static final int MOST_TRIPLED = 5;
  private static final double TOO_LARGE = 1e8;

  private final double[][] places;
  private final Map<String, Expression> found = new LinkedHashMap<>();

  private Terms(Box box) {
    places = box.places();
  }

  static List<Expression> of(List<Expression> variables, Box box) {
    var terms = new Terms(box);
    List<List<Expression>> all = variables.stream().map(v -> terms.existing(wide(v))).toList();
    List<List<Expression>> few = variables.stream().map(v -> terms.existing(narrow(v))).toList();
    int count = variables.size();
    all.forEach(terms::add);
    if (count <= MOST_WIDELY_PAIRED) {
      for (Expression v : variables) {
        for (Expression inner : terms.existing(narrow(v))) {
          terms.add(terms.existing(narrow(inner)));
        }
      }
    }
    if (count == 1) {
      terms.add(products(all.getFirst(), all.getFirst()));
    }
    if (count <= MOST_PAIRED) {
      List<List<Expression>> factors = count <= MOST_WIDELY_PAIRED ? all : few;
      for (int i = 0; i < count; i++) {
        for (int j = i + 1; j < count; j++) {
          terms.add(products(factors.get(i), factors.get(j)));
          if (count <= MOST_TRIPLED) {
            for (int k = j + 1; k < count; k++) {
              terms.add(products(products(few.get(i), few.get(j)), few.get(k)));
            }
          }
        }
      }
    }
    if (count <= MOST_COMBINED) {
      terms.addCombined(variables, few);
    }
    return List.copyOf(terms.found.values());
  }

  private void addCombined(List<Expression> variables, List<List<Expression>> few) {
    int count = variables.size();
    for (int i = 0; i < count; i++) {
      for (int j = i + 1; j < count; j++) {
        for (Expression u : existing(pairs(variables.get(i), variables.get(j)))) {
          add(existing(wide(u)));
          for (int k = 0; k < count; k++) {
            if (k != i && k != j) {
              add(products(existing(narrow(u)), few.get(k).subList(0, 2)));
            }
          }
        }
      }
    }
  }

  private static List<Expression> pairs(Expression x, Expression y) {
    return List.of(
        Algebra.sum(x, y),
        Algebra.sum(x, Algebra.product(Algebra.constant(-1), y)),
        Algebra.product(x, y),
        Algebra.product(x, Algebra.power(y, -1)),
        Algebra.product(y, Algebra.power(x, -1)));
  }

  /** Functions without a constant that is not a small number. */
  private static List<Expression> wide(Expression u) {
    List<Expression> functions = new ArrayList<>(narrow(u));
    for (double exponent : new double[] {3, 4, -2, 1.5, -0.5, -3}) {
      functions.add(Algebra.power(u, exponent));
    }
    functions.add(Algebra.call(SymbolicFunction.ABS, u));
    functions.add(Algebra.call(SymbolicFunction.TANH, u));
    functions.add(Algebra.call(SymbolicFunction.ARCTAN, u));
    functions.add(Algebra.call(SymbolicFunction.EXP, times(-1, u)));
    functions.add(Algebra.call(SymbolicFunction.EXP, times(-1, Algebra.power(u, 2))));
    for (double factor : new double[] {2, Math.PI, 2 * Math.PI}) {
      functions.add(Algebra.call(SymbolicFunction.SIN, times(factor, u)));
      functions.add(Algebra.call(SymbolicFunction.COS, times(factor, u)));
    }
    Expression square = Algebra.power(u, 2);
    List<Expression> beside =
        List.of(plusOne(u), plusOne(times(-1, u)), plusOne(square), plusOne(times(-1, square)));
    for (Expression shifted : beside) {
      functions.add(Algebra.power(shifted, -1));
      functions.add(Algebra.power(shifted, 0.5));
      functions.add(Algebra.power(shifted, -0.5));
      functions.add(Algebra.call(SymbolicFunction.LOG, shifted));
    }
    return functions;
  }

  private static List<Expression> narrow(Expression u) {
    return List.of(
        u,
        Algebra.power(u, 2),
        Algebra.power(u, -1),
        Algebra.power(u, 0.5),
        Algebra.call(SymbolicFunction.LOG, u),
        Algebra.call(SymbolicFunction.EXP, u),
        Algebra.call(SymbolicFunction.SIN, u),
        Algebra.call(SymbolicFunction.COS, u));
  }

  private static Expression times(double factor, Expression u) {
    return Algebra.product(Algebra.constant(factor), u);
  }

  private static Expression plusOne(Expression u) {
    return Algebra.sum(u, Algebra.constant(1));
  }

  private static List<Expression> products(List<Expression> some, List<Expression> others) {
    return some.stream().flatMap(a -> others.stream().map(b -> Algebra.product(a, b))).toList();
  }

  private List<Expression> existing(List<Expression> terms) {
    return terms.stream()
        .filter(term ->
            Arrays.stream(term.at(places)).allMatch(v -> Math.abs(v) < TOO_LARGE) // not NaN
                && Box.unbroken(term, places))
        .toList();
  }

  private void add(List<Expression> terms) {
    terms.forEach(term -> found.putIfAbsent(term.toString(), term));
  }
}
