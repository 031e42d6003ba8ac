package org.kat4j.explain.search;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.kat4j.explain.symbolic.Algebra;
import org.kat4j.explain.symbolic.Expression;
import org.kat4j.explain.symbolic.Formula;
import org.kat4j.explain.symbolic.Samples;
import org.kat4j.function.LeastSquares;

/** The monomials that a polynomial of low degree needs to be a target exactly. */
final class Polynomial {
  private static final int MOST_TERMS = 10;

  /** A monomial that moves the polynomial by less than this part of the deviation is not in it. */
  private static final double NOTHING = 1e-6;

  private static final int[] DEGREES = {6, 4, 3, 2, 2, 2}; // of one variable, of two, ...

  private Polynomial() {}

  /** Monomials; none where there are too many variables or too many monomials are needed. */
  static List<Expression> termsOf(List<Expression> variables, Samples samples) {
    if (variables.size() > DEGREES.length) {
      return List.of();
    }
    List<Expression> monomials =
        monomials(variables, 0, DEGREES[variables.size() - 1]).stream()
            .filter(m -> !(m instanceof Expression.Constant))
            .toList();
    if (monomials.size() >= samples.rows() / 2) {
      return List.of();
    }
    double[][] columns =
        monomials.stream().map(m -> m.at(samples.inputs())).toArray(double[][]::new);
    double[][] matrix = new double[columns.length + 1][];
    for (int k = 0; k < columns.length; k++) {
      matrix[k] = columns[k].clone();
    }
    matrix[columns.length] = new double[samples.rows()];
    Arrays.fill(matrix[columns.length], 1);
    double[] factors = LeastSquares.solve(matrix, samples.targets().clone());
    double least = NOTHING * Formula.deviation(samples.targets());
    List<Expression> needed =
        IntStream.range(0, columns.length)
            .filter(k -> Math.abs(factors[k]) * Formula.deviation(columns[k]) > least)
            .mapToObj(monomials::get)
            .toList();
    return needed.size() <= MOST_TERMS ? needed : List.of();
  }

  /** All of at most this degree in the variables from a place on, the constant one among them. */
  private static List<Expression> monomials(List<Expression> variables, int from, int degree) {
    if (from == variables.size()) {
      return List.of(Algebra.constant(1));
    }
    List<Expression> all = new ArrayList<>();
    for (int power = degree; power >= 0; power--) {
      Expression factor = Algebra.power(variables.get(from), power);
      for (Expression rest : monomials(variables, from + 1, degree - power)) {
        all.add(Algebra.product(factor, rest));
      }
    }
    return all;
  }
}
