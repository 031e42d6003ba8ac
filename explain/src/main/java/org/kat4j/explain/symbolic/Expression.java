package org.kat4j.explain.symbolic;

import java.util.List;
import org.kat4j.function.kan.SymbolicFunction;

/**
 * A formula of named variables. {@link Algebra} builds simplified ones, {@link FormulaParser} reads
 * them, {@link Notation} prints them.
 */
public sealed interface Expression {
  /** A number. */
  record Constant(double value) implements Expression {}

  /**
   * A variable.
   *
   * @param name as printed
   * @param column where its value stands in a row
   */
  record Variable(String name, int column) implements Expression {}

  /** Terms added up. */
  record Sum(List<Expression> terms) implements Expression {
    public Sum {
      terms = List.copyOf(terms);
    }
  }

  /** Factors multiplied; a constant one comes first. */
  record Product(List<Expression> factors) implements Expression {
    public Product {
      factors = List.copyOf(factors);
    }
  }

  /** A constant power. */
  record Power(Expression base, double exponent) implements Expression {}

  /** A named function that is not a power. */
  record Call(SymbolicFunction function, Expression argument) implements Expression {}

  /** The value for one row of variables; NaN outside of the domain. */
  default double at(double... row) {
    return switch (this) {
      case Constant(double value) -> value;
      case Variable(_, int column) -> row[column];
      case Sum(var terms) -> {
        double sum = 0;
        for (Expression term : terms) {
          sum += term.at(row);
        }
        yield sum;
      }
      case Product(var factors) -> {
        double product = 1;
        for (Expression factor : factors) {
          product *= factor.at(row);
        }
        yield product;
      }
      case Power(var base, double exponent) -> Math.pow(base.at(row), exponent);
      case Call(var function, var argument) -> function.at(argument.at(row));
    };
  }

  /** The values for many rows. */
  default double[] at(double[][] rows) {
    double[] values = new double[rows.length];
    for (int i = 0; i < rows.length; i++) {
      values[i] = at(rows[i]);
    }
    return values;
  }
}
