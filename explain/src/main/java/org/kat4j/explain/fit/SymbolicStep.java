package org.kat4j.explain.fit;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import org.kat4j.explain.symbolic.FormSearch;
import org.kat4j.explain.symbolic.FormSearch.Candidate;
import org.kat4j.function.kan.PykanNetwork;
import org.kat4j.function.kan.SymbolicEdges.Form;
import org.kat4j.function.kan.SymbolicFunction;
import org.kat4j.optim.GaussNewton;
import org.kat4j.torch.Context;

/**
 * Turns the edges of a network into named functions one by one, the clearest first, and lets all
 * other numbers follow after each.
 */
final class SymbolicStep {
  private static final int CANDIDATES = 3;
  private static final int STEPS_BETWEEN = 8;
  private static final int LAST_STEPS = 200;

  /** A named function may leave this many times the error before it, or the next is tried too. */
  private static final double TOLERATED = 3;

  private final Regression train;
  private final FitMonitor monitor;
  private final FormSearch search = FormSearch.all();

  /** An edge with the functions it may be, best first; never empty. */
  private record Choice(EdgeCurve edge, List<Candidate> candidates) {
    double score() {
      return candidates.getFirst().score();
    }
  }

  SymbolicStep(Regression train, FitMonitor monitor) {
    this.train = train;
    this.monitor = monitor;
  }

  /** The network with named functions only, its numbers fitted to the last digits. */
  PykanNetwork of(PykanNetwork network, Context context) {
    PykanNetwork current = network;
    int all = EdgeCurve.of(network, train.x()).size();
    for (int done = 1; done <= all; done++) {
      Choice clearest =
          EdgeCurve.of(current, train.x()).stream()
              .filter(edge -> edge.form().isEmpty())
              .map(edge -> new Choice(edge, candidates(edge)))
              .min(Comparator.comparingDouble(Choice::score))
              .orElseThrow();
      current = fixed(current, clearest, context);
      monitor.progress("formula", done, all, train.error(current));
    }
    refit(current, LAST_STEPS);
    return current;
  }

  private List<Candidate> candidates(EdgeCurve edge) {
    List<Candidate> found = search.of(edge.x(), edge.y());
    if (found.isEmpty()) { // a constant
      double mean = Arrays.stream(edge.y()).average().orElse(0);
      found = List.of(new Candidate(new Form(SymbolicFunction.IDENTITY, 1, 0, 0, mean), 1, 0));
    }
    return found.subList(0, Math.min(CANDIDATES, found.size()));
  }

  private PykanNetwork fixed(PykanNetwork network, Choice choice, Context context) {
    double before = train.error(network);
    PykanNetwork best = network;
    double least = Double.POSITIVE_INFINITY;
    for (Candidate candidate : choice.candidates) {
      PykanNetwork trial = network.copy(context);
      EdgeCurve edge = choice.edge;
      trial.fix(edge.layer(), edge.input(), edge.output(), candidate.form());
      refit(trial, STEPS_BETWEEN);
      double error = train.error(trial);
      if (best == network || error < least) {
        best = trial;
        least = error;
      }
      if (error <= TOLERATED * before) {
        break;
      }
    }
    return best;
  }

  private void refit(PykanNetwork network, int steps) {
    var search = new GaussNewton(train.problem(network));
    for (int i = 0; i < steps && !Thread.currentThread().isInterrupted(); i++) {
      if (search.step() == 0) {
        return;
      }
    }
  }
}
