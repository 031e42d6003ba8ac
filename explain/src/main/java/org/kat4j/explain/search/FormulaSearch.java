package org.kat4j.explain.search;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.kat4j.explain.symbolic.Algebra;
import org.kat4j.explain.symbolic.Complexity;
import org.kat4j.explain.symbolic.Expression;
import org.kat4j.explain.symbolic.Formula;
import org.kat4j.explain.symbolic.Samples;
import org.kat4j.function.LeastSquares;

/**
 * Looks for simple formulas in samples without a network: sums of few terms, by themselves or
 * inside of one function, with terms from a list ({@link Terms}) or with constants of their own
 * ({@link SumOfForms}).
 */
public final class FormulaSearch {
  private static final int MOST_TERMS = 4;
  private static final int ROWS_A_TERM = 8;
  private static final int ROWS = 150;
  private static final double NEARLY_SUM = 1e-2; // of the deviation, as what is left

  /** A longer proposal has less than this part of the error, or is not worth its length. */
  private static final double BETTER = 0.98;

  private static final double CONSTANT = 1e-9; // relative to the largest value
  private static final int MOST_FINISHED = 10;

  /** Longer formulas than an exact one by so much may turn out shorter when finished. */
  private static final int ALSO_LOOKED_AT = 4;

  private final Task task;
  private final Finishing finishing;
  private final Map<String, Proposal> proposals = new LinkedHashMap<>();

  /** A formula with its error on some training samples. */
  private record Proposal(Expression formula, int complexity, double error) {}

  private FormulaSearch(Task task) {
    this.task = task;
    finishing = new Finishing(task);
  }

  /**
   * Formulas found, in no order; none where none exists on the whole box. What is cheap is tried
   * first, and what comes after an exact formula is left out.
   */
  public static List<Found> of(Task task) {
    return new FormulaSearch(task).run();
  }

  private List<Found> run() {
    List<Runnable> stages =
        List.of(this::termsOfList, () -> ownConstants(Outer.NONE), this::ownConstantsInside);
    for (Runnable stage : stages) {
      proposals.clear();
      stage.run();
      if (finish() || Thread.currentThread().isInterrupted()) {
        break;
      }
    }
    return finishing.found();
  }

  /** Makes formulas of the best proposals; whether one of them is exact. */
  private boolean finish() {
    int enough = Integer.MAX_VALUE;
    for (Proposal proposal : best()) {
      if (proposal.complexity > enough) {
        break;
      }
      if (finishing.offer(proposal.formula, "search") <= task.exact()) {
        enough = Math.min(enough, proposal.complexity + ALSO_LOOKED_AT);
      }
    }
    return enough < Integer.MAX_VALUE;
  }

  private void termsOfList() {
    Samples few = task.some(ROWS);
    List<Expression> terms =
        Terms.of(task.variables(), task.box()).stream()
            .filter(term -> changes(term.at(few.inputs())))
            .toList();
    double[][] columns = terms.stream().map(term -> term.at(few.inputs())).toArray(double[][]::new);
    int most = Math.clamp(few.rows() / ROWS_A_TERM, 1, MOST_TERMS);
    SparseSum sums = SparseSum.of(columns, few.targets());
    for (Outer outer : Outer.values()) {
      outer
          .inner(few.targets())
          .ifPresent(inner -> {
            polynomial(few, inner);
            for (List<Integer> chosen : sums.with(inner.targets()).upTo(most)) {
              List<Integer> inOrder = chosen.stream().sorted().toList();
              propose(inner.around(sum(inOrder, terms, columns, inner.targets())), few);
            }
          });
    }
  }

  private void polynomial(Samples few, Outer.Inner inner) {
    var sums = new Samples(few.inputs(), inner.targets());
    List<Expression> terms = Polynomial.termsOf(task.variables(), sums);
    if (!terms.isEmpty()) {
      double[][] columns =
          terms.stream().map(term -> term.at(few.inputs())).toArray(double[][]::new);
      List<Integer> all = IntStream.range(0, terms.size()).boxed().toList();
      propose(inner.around(sum(all, terms, columns, inner.targets())), few);
    }
  }

  /** x/|x| is a constant where x has one sign. */
  private static boolean changes(double[] values) {
    double largest = Arrays.stream(values).map(Math::abs).max().orElse(0);
    return Formula.deviation(values) > CONSTANT * largest;
  }

  private void ownConstants(Outer outer) {
    Samples curves = task.some(ROWS);
    outer
        .inner(curves.targets())
        .ifPresent(inner ->
            new SumOfForms(task, curves, inner, formula -> propose(formula, curves)).run());
  }

  /** Inside of those functions that leave nearly a sum of functions of one variable. */
  private void ownConstantsInside() {
    Samples few = task.some(ROWS);
    for (Outer outer : Outer.values()) {
      boolean promising =
          outer != Outer.NONE
              && outer.inner(few.targets()).filter(inner -> isNearlySum(few, inner)).isPresent();
      if (promising && !Thread.currentThread().isInterrupted()) {
        ownConstants(outer);
      }
    }
  }

  private boolean isNearlySum(Samples samples, Outer.Inner inner) {
    double[] rest = inner.targets().clone();
    double mean = Arrays.stream(rest).average().orElse(0);
    for (double[] curve : AdditiveCurves.of(samples.inputs(), rest.clone(), task.box())) {
      for (int i = 0; i < rest.length; i++) {
        rest[i] -= curve[i];
      }
    }
    for (int i = 0; i < rest.length; i++) {
      rest[i] -= mean;
    }
    return Formula.deviation(rest) <= NEARLY_SUM * Formula.deviation(inner.targets());
  }

  private void propose(Expression formula, Samples samples) {
    double error = Formula.error(formula, samples);
    if (Double.isFinite(error)) {
      proposals.putIfAbsent(
          formula.toString(), new Proposal(formula, Complexity.ofRounded(formula, samples), error));
    }
  }

  /** The sum of some terms and a constant by least squares. */
  private static Expression sum(
      List<Integer> chosen, List<Expression> terms, double[][] columns, double[] target) {
    double[][] matrix = new double[chosen.size() + 1][target.length];
    for (int k = 0; k < chosen.size(); k++) {
      matrix[k] = columns[chosen.get(k)].clone();
    }
    Arrays.fill(matrix[chosen.size()], 1);
    double[] factors = LeastSquares.solve(matrix, target.clone());
    List<Expression> parts = new ArrayList<>();
    int added = 0; // terms that are added come before those that are taken away
    for (int k = 0; k < chosen.size(); k++) {
      Expression part = Algebra.product(Algebra.constant(factors[k]), terms.get(chosen.get(k)));
      parts.add(factors[k] > 0 ? added++ : parts.size(), part);
    }
    parts.add(Algebra.constant(factors[chosen.size()]));
    return Algebra.sum(parts);
  }

  /**
   * Proposals worth the time to finish, short ones first: those of which none that is as short is
   * much better.
   */
  private List<Proposal> best() {
    List<Proposal> byLength =
        proposals.values().stream()
            .sorted(
                Comparator.comparingInt(Proposal::complexity).thenComparingDouble(Proposal::error))
            .toList();
    List<Proposal> chosen = new ArrayList<>();
    double least = Double.POSITIVE_INFINITY;
    for (Proposal proposal : byLength) {
      if (proposal.error < BETTER * least) {
        chosen.add(proposal);
        least = proposal.error;
      }
    }
    while (chosen.size() > MOST_FINISHED) {
      chosen.remove(leastGain(chosen));
    }
    return chosen;
  }

  /** The one that is least better than the one before it. */
  private static int leastGain(List<Proposal> front) {
    return IntStream.range(1, front.size())
        .boxed()
        .max(Comparator.comparingDouble(i -> front.get(i).error / front.get(i - 1).error))
        .orElseThrow();
  }
}
