package org.kat4j.explain.fit;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.kat4j.explain.search.Choice;
import org.kat4j.explain.search.FormulaSearch;
import org.kat4j.explain.search.Found;
import org.kat4j.explain.search.Task;
import org.kat4j.explain.symbolic.Formula;

/**
 * Fits a function: looks for a simple formula in the samples, trains a spline KAN where none is
 * exact, reads a formula off the network too, and chooses among all by the validation samples.
 *
 * <pre>{@code
 * FitData data = FitData.ofFunction(List.of("x", "y"), "f", ranges, row -> ..., 1000, 0);
 * FitResult result = FunctionFit.run(data, FitSettings.example(), FitMonitor.SILENT);
 * System.out.println(result.formula().get().formula().text());
 * }</pre>
 */
public final class FunctionFit {
  /** A simple formula may have this many times the network's error. */
  private static final double NEARLY = 3;

  /** A formula that leaves more than this part of the deviation says nothing. */
  private static final double WORTH = 0.9;

  private FunctionFit() {}

  /** Fits; ends early, with what it has, when its thread is interrupted. */
  public static FitResult run(FitData data, FitSettings settings, FitMonitor monitor) {
    return run(data, settings, () -> network(data, settings, monitor), monitor);
  }

  /** A network alone. */
  public static NetworkFit network(FitData data, FitSettings settings, FitMonitor monitor) {
    return NetworkTraining.run(data, settings, monitor);
  }

  /**
   * Fits with a network that comes from elsewhere, such as a search among shapes.
   *
   * @param training is called where a network is needed
   */
  public static FitResult run(
      FitData data, FitSettings settings, Supplier<NetworkFit> training, FitMonitor monitor) {
    if (!settings.symbolic()) {
      return new FitResult(
          data, Optional.of(training.get()), List.of(), Optional.empty(), false, List.of());
    }
    var task = new Task(data.symbols().names(), data.box(), data.train(), data.validation());
    List<Found> found = new ArrayList<>(FormulaSearch.of(task));
    Optional<Found> chosen = Choice.of(found, task);
    boolean exact = chosen.filter(f -> f.validationError() <= task.exact()).isPresent();
    if (exact && !settings.network()) {
      return new FitResult(data, Optional.empty(), Choice.front(found), chosen, true, List.of());
    }
    NetworkFit network = training.get();
    NamedNetwork named = NamedNetwork.of(network, task, monitor);
    found.addAll(named.formulas());
    chosen = Choice.of(found, task);
    double enough = Math.max(NEARLY * network.best().validationError(), task.exact());
    double least = WORTH * Formula.deviation(data.validation().targets());
    boolean simple = chosen.filter(f -> f.validationError() <= Math.min(enough, least)).isPresent();
    return new FitResult(
        data, Optional.of(network), Choice.front(found), chosen, simple, named.edges());
  }
}
