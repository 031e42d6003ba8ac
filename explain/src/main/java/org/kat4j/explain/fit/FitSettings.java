package org.kat4j.explain.fit;

import java.util.List;
import org.kat4j.error.UserException;

/**
 * How a function is fitted.
 *
 * @param hidden widths of the hidden layers; none for a sum of functions of one input each
 * @param grids sizes of the grid, from coarse to fine; the fit stops where the validation error
 *     rises
 * @param optimizer what trains the network on a grid
 * @param steps of the optimizer a grid, at most
 * @param starts random networks tried on the first grid, of which the best goes on
 * @param sparseSteps steps of LBFGS with the regulariser, before pruning; 0 prunes nothing
 * @param lambda weight of the regulariser: L1 norm and twice the entropies of the edges
 * @param symbolic whether to look for a formula
 * @param network whether to train a network even where a formula is found that needs none
 * @param seed of the initial networks
 */
public record FitSettings(
    List<Integer> hidden,
    List<Integer> grids,
    Optimizer optimizer,
    int steps,
    int starts,
    int sparseSteps,
    double lambda,
    boolean symbolic,
    boolean network,
    long seed) {
  private static final int MAX_WIDTH = 1000;
  private static final int MAX_DEPTH = 20;
  private static final int MAX_GRID = 1000;

  /** What trains a network. */
  public enum Optimizer {
    /** Damped Gauss-Newton with the exact Jacobian: fewer, dearer steps to much smaller errors. */
    GAUSS_NEWTON,
    /** The paper's. */
    LBFGS
  }

  public FitSettings {
    hidden = List.copyOf(hidden);
    grids = List.copyOf(grids);
    if (hidden.size() > MAX_DEPTH) {
      throw new UserException(
          "shape: at most " + MAX_DEPTH + " hidden layers, not " + hidden.size());
    }
    check("hidden width", hidden, MAX_WIDTH);
    check("grid", grids, MAX_GRID);
    if (grids.isEmpty() || steps < 1 || starts < 1 || sparseSteps < 0 || !(lambda >= 0)) {
      throw new UserException(
          "a fit needs a grid, at least one step and one start, and no negative number");
    }
  }

  private static void check(String what, List<Integer> sizes, int most) {
    for (int size : sizes) {
      if (size < 1 || size > most) {
        throw new UserException("%s %d: 1 to %,d".formatted(what, size, most));
      }
    }
  }

  /** Five hidden nodes, pruned to what is needed, up to a grid of 20. */
  public static FitSettings example() {
    return new FitSettings(
        List.of(5), List.of(3, 5, 10, 20), Optimizer.GAUSS_NEWTON, 40, 1, 20, 1e-3, true, false, 0);
  }

  public FitSettings withHidden(List<Integer> widths) {
    return new FitSettings(
        widths, grids, optimizer, steps, starts, sparseSteps, lambda, symbolic, network, seed);
  }

  public FitSettings withGrids(List<Integer> sizes) {
    return new FitSettings(
        hidden, sizes, optimizer, steps, starts, sparseSteps, lambda, symbolic, network, seed);
  }

  public FitSettings withOptimizer(Optimizer other, int otherSteps) {
    return new FitSettings(
        hidden, grids, other, otherSteps, starts, sparseSteps, lambda, symbolic, network, seed);
  }

  public FitSettings withStarts(int count) {
    return new FitSettings(
        hidden, grids, optimizer, steps, count, sparseSteps, lambda, symbolic, network, seed);
  }

  /** All edges stay. */
  public FitSettings withoutPruning() {
    return new FitSettings(
        hidden, grids, optimizer, steps, starts, 0, lambda, symbolic, network, seed);
  }

  public FitSettings withSymbolic(boolean wanted) {
    return new FitSettings(
        hidden, grids, optimizer, steps, starts, sparseSteps, lambda, wanted, network, seed);
  }

  /** A network is trained in any case. */
  public FitSettings withNetwork() {
    return new FitSettings(
        hidden, grids, optimizer, steps, starts, sparseSteps, lambda, symbolic, true, seed);
  }

  public FitSettings withSeed(long other) {
    return new FitSettings(
        hidden, grids, optimizer, steps, starts, sparseSteps, lambda, symbolic, network, other);
  }
}
