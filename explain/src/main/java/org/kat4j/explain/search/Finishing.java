package org.kat4j.explain.search;

import java.util.ArrayList;
import java.util.List;
import org.kat4j.explain.symbolic.Box;
import org.kat4j.explain.symbolic.Complexity;
import org.kat4j.explain.symbolic.Expression;
import org.kat4j.explain.symbolic.Formula;
import org.kat4j.explain.symbolic.Leaves;
import org.kat4j.explain.symbolic.Refit;
import org.kat4j.explain.symbolic.Samples;

/** Makes formulas of proposals: constants fitted and recognised, and judged as they are printed. */
public final class Finishing {
  private static final int ROWS = 1_000;
  private static final int STEPS = 60;

  /** A network's formula may have more; they were fitted with it. */
  private static final int MOST_CONSTANTS = 40;

  private final Task task;
  private final Samples samples;
  private final List<Found> found = new ArrayList<>();

  public Finishing(Task task) {
    this.task = task;
    samples = task.some(ROWS);
  }

  /**
   * Adds the formulas that a proposal becomes, with constants as fitted and as recognised, where
   * they exist on the whole box.
   *
   * @return the least validation error of them; infinite where there is none
   */
  public double offer(Expression proposal, String origin) {
    boolean few = Leaves.constants(proposal).size() <= MOST_CONSTANTS;
    Expression fitted = few ? Refit.of(proposal, samples, STEPS) : proposal;
    double least = Double.POSITIVE_INFINITY;
    for (Formula formula : Formula.of(fitted, samples, task.box())) {
      if (holds(formula, task.train()) && holds(formula, task.validation())) {
        var one =
            new Found(
                formula,
                Complexity.of(formula.expression()),
                Formula.error(formula.expression(), task.train()),
                Formula.error(formula.expression(), task.validation()),
                origin);
        found.add(one);
        least = Math.min(least, one.validationError());
      }
    }
    return least;
  }

  private static boolean holds(Formula formula, Samples samples) {
    return Box.unbroken(formula.expression(), samples.inputs())
        && Box.unbroken(formula.shown(), samples.inputs());
  }

  /** All that was finished. */
  public List<Found> found() {
    return List.copyOf(found);
  }
}
