package org.kat4j.explain.fit;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.kat4j.error.UserException;

/**
 * Fits a function by networks of several shapes and keeps the one with the least validation error.
 *
 * <pre>{@code
 * var found = ShapeSearch.run(data, settings, ShapeSearch.shapes(2), ShapeSearch.Monitor.SILENT);
 * System.out.println(found.chosen().hidden());
 * }</pre>
 *
 * <p>The paper takes the best of its sweep by test error, which flatters; here the test rows have
 * no say. Every shape starts from the same seed and goes through the same grids.
 */
public final class ShapeSearch {
  private ShapeSearch() {}

  /**
   * A shape that was tried.
   *
   * @param hidden widths of the hidden layers, before pruning
   */
  public record Candidate(List<Integer> hidden, NetworkFit fit) {
    public Candidate {
      hidden = List.copyOf(hidden);
    }

    double validationError() {
      return fit.best().validationError();
    }
  }

  /**
   * What a search has found.
   *
   * @param tried in the order of the shapes; fewer than the shapes after an interrupt
   * @param chosen the one of them with the least validation error
   */
  public record Result(List<Candidate> tried, Candidate chosen) {}

  /** Hears how a search goes on. An interrupt of its thread ends the search with what it has. */
  public interface Monitor {
    /** Says nothing. */
    Monitor SILENT =
        new Monitor() {
          @Override
          public FitMonitor shape(List<Integer> hidden, double share) {
            return FitMonitor.SILENT;
          }

          @Override
          public void done(Candidate candidate) {}
        };

    /**
     * Before a shape is fitted.
     *
     * @param share of the whole work that is done, estimated, 0 to below 1
     * @return what hears of the fit
     */
    FitMonitor shape(List<Integer> hidden, double share);

    /** After a shape was fitted. */
    void done(Candidate candidate);
  }

  /** The usual shapes for so many inputs: wide and shallow, narrow, and deep ones. */
  public static List<List<Integer>> shapes(int inputs) {
    List<Integer> kolmogorov = List.of(2 * inputs + 1); // enough for any function, in theory
    Stream<List<Integer>> small =
        Stream.of(
            List.of(5), kolmogorov, List.of(3, 2), List.of(5, 3), List.of(5, 5), List.of(5, 2, 1));
    Stream<List<Integer>> deep = inputs > 2 ? Stream.of(List.of(5, 5, 5)) : Stream.of();
    return Stream.concat(small, deep).distinct().toList();
  }

  /**
   * Fits every shape.
   *
   * <p>A shape is not given grids with which it has more numbers than there are rows to train on.
   *
   * @param settings of every fit, but for the widths
   * @param shapes widths of the hidden layers; shapes too large for the rows are passed over, and
   *     the smallest is tried if all are
   */
  public static Result run(
      FitData data, FitSettings settings, List<List<Integer>> shapes, Monitor monitor) {
    List<FitSettings> plans = plans(data, settings, shapes);
    double all = plans.stream().mapToDouble(plan -> work(data, plan)).sum();
    double done = 0;
    List<Candidate> tried = new ArrayList<>();
    for (FitSettings plan : plans) {
      NetworkFit fit = NetworkTraining.run(data, plan, monitor.shape(plan.hidden(), done / all));
      tried.add(new Candidate(plan.hidden(), fit));
      monitor.done(tried.getLast());
      done += work(data, plan);
      if (Thread.currentThread().isInterrupted()) {
        break;
      }
    }
    return new Result(List.copyOf(tried), choose(tried));
  }

  /** The rule: the least validation error, and of equal ones the first. */
  static Candidate choose(List<Candidate> tried) {
    return tried.stream()
        .min(Comparator.comparingDouble(Candidate::validationError))
        .orElseThrow(() -> new UserException("a search needs at least one shape"));
  }

  private static List<FitSettings> plans(
      FitData data, FitSettings settings, List<List<Integer>> shapes) {
    List<FitSettings> plans = new ArrayList<>();
    for (List<Integer> shape : shapes) {
      FitSettings plan = settings.withHidden(shape);
      List<Integer> grids =
          plan.grids().stream()
              .filter(grid -> numbers(data, shape, grid) <= data.train().rows())
              .toList();
      if (!grids.isEmpty()) {
        plans.add(plan.withGrids(grids));
      }
    }
    if (plans.isEmpty()) {
      shapes.stream()
          .min(Comparator.comparingInt(shape -> numbers(data, shape, 1)))
          .map(shape -> settings.withHidden(shape))
          .ifPresent(plan -> plans.add(plan.withGrids(plan.grids().subList(0, 1))));
    }
    return plans;
  }

  /** Coefficients and base scales of all edges. */
  private static int numbers(FitData data, List<Integer> hidden, int grid) {
    int edges = 0;
    int before = data.features().size();
    for (int width : hidden) {
      edges += before * width;
      before = width;
    }
    return (edges + before) * (grid + NetworkFit.NUMBERS_BESIDE_GRID);
  }

  /** What the fit of a shape costs, up to a factor: J^T J on every grid. */
  private static double work(FitData data, FitSettings plan) {
    return plan.grids().stream()
        .mapToDouble(grid -> Math.pow(numbers(data, plan.hidden(), grid), 2))
        .sum();
  }
}
