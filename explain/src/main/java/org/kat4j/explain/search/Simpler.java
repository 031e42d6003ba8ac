package org.kat4j.explain.search;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.kat4j.explain.symbolic.Algebra;
import org.kat4j.explain.symbolic.Complexity;
import org.kat4j.explain.symbolic.Expression;
import org.kat4j.explain.symbolic.Expression.Call;
import org.kat4j.explain.symbolic.Expression.Constant;
import org.kat4j.explain.symbolic.Expression.Power;
import org.kat4j.explain.symbolic.Expression.Product;
import org.kat4j.explain.symbolic.Expression.Sum;
import org.kat4j.explain.symbolic.Expression.Variable;
import org.kat4j.explain.symbolic.Formula;
import org.kat4j.explain.symbolic.Leaves;
import org.kat4j.explain.symbolic.Refit;
import org.kat4j.explain.symbolic.Samples;
import org.kat4j.function.LeastSquares;
import org.kat4j.function.kan.SymbolicFunction;

/**
 * Simpler formulas near to one: each function in it is taken out, or replaced by a square or an
 * exponential, as long as all constants fitted anew make up for it. A network's nearly straight
 * edge gets whatever function fits a little better than a straight line; here it becomes one.
 */
public final class Simpler {
  private static final int ROWS = 300;
  private static final int STEPS = 25;
  private static final int MOST_CONSTANTS = 30;

  /** A simpler formula may have this many times the error, or this part of the deviation. */
  private static final double NEARLY = 3;

  private static final double NOTHING = 1e-6;
  private static final SymbolicFunction[] SIMPLE = {
    SymbolicFunction.IDENTITY, SymbolicFunction.SQUARE, SymbolicFunction.EXP
  };

  private Simpler() {}

  /** Each simpler than the one before; none where none is nearly as good. */
  public static List<Expression> than(Expression formula, Task task) {
    Samples samples = task.some(ROWS);
    List<Expression> found = new ArrayList<>();
    double allowed = Math.max(NEARLY * Formula.error(formula, samples), NOTHING * task.deviation());
    Expression current = formula;
    for (boolean better = true; better && !Thread.currentThread().isInterrupted(); ) {
      better = false;
      for (Expression trial : simplified(current, samples)) {
        if (Complexity.of(trial) < Complexity.of(current)
            && Leaves.constants(trial).size() <= MOST_CONSTANTS) {
          Expression fitted = Refit.of(trial, samples, STEPS);
          if (Formula.error(fitted, samples) <= allowed) {
            current = fitted;
            found.add(fitted);
            better = true;
            break;
          }
        }
      }
    }
    return found;
  }

  /** The formula with one function replaced, the outermost first. */
  private static List<Expression> simplified(Expression formula, Samples samples) {
    List<Expression> trials = new ArrayList<>();
    for (Expression part : functions(formula, new ArrayList<>())) {
      Expression x = part instanceof Call(_, var argument) ? argument : ((Power) part).base();
      double[] values = part.at(samples.inputs());
      for (SymbolicFunction simple : SIMPLE) {
        Expression other = Algebra.call(simple, x);
        double[] fitted = line(other.at(samples.inputs()), values);
        if (Arrays.stream(fitted).allMatch(Double::isFinite)) {
          Expression replacement =
              Algebra.sum(
                  Algebra.product(Algebra.constant(fitted[0]), other), Algebra.constant(fitted[1]));
          trials.add(replaced(formula, part, replacement));
        }
      }
    }
    return trials;
  }

  /** Factor and constant of the line through the values. */
  private static double[] line(double[] x, double[] y) {
    double[] ones = new double[x.length];
    Arrays.fill(ones, 1);
    return LeastSquares.solve(new double[][] {x, ones}, y.clone());
  }

  private static List<Expression> functions(Expression e, List<Expression> found) {
    switch (e) {
      case Constant _, Variable _ -> {}
      case Sum(var terms) -> terms.forEach(term -> functions(term, found));
      case Product(var factors) -> factors.forEach(factor -> functions(factor, found));
      case Power(var base, _) -> {
        found.add(e);
        functions(base, found);
      }
      case Call(_, var x) -> {
        found.add(e);
        functions(x, found);
      }
    }
    return found;
  }

  private static Expression replaced(Expression e, Expression part, Expression by) {
    if (e == part) {
      return by;
    }
    return switch (e) {
      case Constant constant -> constant;
      case Variable variable -> variable;
      case Sum(var terms) ->
          Algebra.sum(terms.stream().map(term -> replaced(term, part, by)).toList());
      case Product(var factors) ->
          Algebra.product(factors.stream().map(factor -> replaced(factor, part, by)).toList());
      case Power(var base, double exponent) -> Algebra.power(replaced(base, part, by), exponent);
      case Call(var function, var x) -> Algebra.call(function, replaced(x, part, by));
    };
  }
}
