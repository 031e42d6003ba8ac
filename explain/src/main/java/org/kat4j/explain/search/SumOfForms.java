package org.kat4j.explain.search;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.kat4j.explain.symbolic.Algebra;
import org.kat4j.explain.symbolic.Expression;
import org.kat4j.explain.symbolic.FormSearch;
import org.kat4j.explain.symbolic.Formula;
import org.kat4j.explain.symbolic.Refit;
import org.kat4j.explain.symbolic.Samples;
import org.kat4j.function.kan.SymbolicEdges.Form;

/**
 * Sums of named functions of one variable each, c f(a x + b), found from what is left: the curve of
 * every variable is named, the constants of all are fitted together, other names are tried, and the
 * rest is looked at again.
 */
final class SumOfForms {
  private static final int ROUNDS = 2;
  private static final int CHOICES = 4;
  private static final int STEPS = 30;

  /** A function with another name is taken if it leaves less than this part of the error. */
  private static final double BETTER = 0.5;

  private static final double NOTHING = 1e-4; // of the target's square, as a curve's part of it
  private static final double EXACT = 1e-9; // relative to the target's deviation

  private final Task task;
  private final Samples sums;
  private final Outer.Inner inner;
  private final Consumer<Expression> proposals;
  private final double deviation;

  /** A function of one variable, and what else its curve may be. */
  private record Part(Expression chosen, List<Expression> others) {}

  /**
   * @param samples of {@code task} that are fitted
   * @param inner their targets, without the function around the sum
   */
  SumOfForms(Task task, Samples samples, Outer.Inner inner, Consumer<Expression> proposals) {
    this.task = task;
    this.inner = inner;
    this.proposals = proposals;
    sums = new Samples(samples.inputs(), inner.targets());
    deviation = Formula.deviation(inner.targets());
  }

  void run() {
    Expression sum = Algebra.constant(Arrays.stream(sums.targets()).average().orElse(0));
    double error = deviation;
    for (int round = 0; round < ROUNDS && error > EXACT * deviation; round++) {
      Expression longer = longer(sum);
      double now = Formula.error(longer, sums);
      if (!(now < error)) {
        return;
      }
      sum = longer;
      error = now;
    }
  }

  /** With a function of every variable that something is left of. */
  private Expression longer(Expression sum) {
    List<Part> parts = named(sum);
    List<Expression> chosen = new ArrayList<>(parts.stream().map(Part::chosen).toList());
    Expression best = fitted(sum, chosen);
    double error = Formula.error(best, sums);
    for (int k = 0; k < chosen.size(); k++) {
      for (Expression other : parts.get(k).others) {
        if (error <= EXACT * deviation) {
          return best;
        }
        Expression before = chosen.set(k, other);
        Expression trial = fitted(sum, chosen);
        double now = Formula.error(trial, sums);
        if (now < BETTER * error) {
          best = trial;
          error = now;
        } else {
          chosen.set(k, before);
        }
      }
    }
    return best;
  }

  private Expression fitted(Expression sum, List<Expression> parts) {
    Expression fitted = Refit.of(Algebra.sum(sum, Algebra.sum(parts)), sums, STEPS);
    proposals.accept(inner.around(fitted));
    return fitted;
  }

  private List<Part> named(Expression sum) {
    double[] rest = sums.targets().clone();
    double[] values = sum.at(sums.inputs());
    for (int i = 0; i < rest.length; i++) {
      rest[i] -= values[i];
    }
    double left = Formula.deviation(rest);
    double[][] curves = curvesOf(rest);
    List<Part> parts = new ArrayList<>();
    for (int j = 0; j < curves.length; j++) {
      double size = Formula.deviation(curves[j]);
      if (size * size > NOTHING * left * left && size > EXACT * deviation) {
        int column = j;
        double[] x = Arrays.stream(sums.inputs()).mapToDouble(row -> row[column]).toArray();
        List<Expression> names =
            FormSearch.all().of(x, curves[j]).stream()
                .limit(CHOICES)
                .map(candidate -> edge(candidate.form(), task.variables().get(column)))
                .toList();
        if (!names.isEmpty()) {
          parts.add(new Part(names.getFirst(), names.subList(1, names.size())));
        }
      }
    }
    return parts;
  }

  /** One variable's curve is what is left itself. */
  private double[][] curvesOf(double[] rest) {
    return task.names().size() == 1
        ? new double[][] {rest}
        : AdditiveCurves.of(sums.inputs(), rest, task.box());
  }

  /** c f(a x + b) + d. */
  private static Expression edge(Form form, Expression x) {
    Expression argument =
        Algebra.sum(Algebra.product(Algebra.constant(form.a()), x), Algebra.constant(form.b()));
    return Algebra.sum(
        Algebra.product(Algebra.constant(form.c()), Algebra.call(form.function(), argument)),
        Algebra.constant(form.d()));
  }
}
