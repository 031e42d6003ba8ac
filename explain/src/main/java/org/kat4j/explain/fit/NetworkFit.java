package org.kat4j.explain.fit;

import java.util.List;
import org.kat4j.function.kan.PykanNetwork;
import org.kat4j.function.kan.PykanSpline;

/**
 * A network fitted to a function.
 *
 * @param data what it was fitted to
 * @param network the network with the least validation error; it sees inputs scaled to [-1, 1] and
 *     gives targets scaled to mean 0 and deviation 1
 * @param stages how it came about
 * @param best the stage of {@code network}
 * @param edges what its edges look like on the training samples, and how much they matter
 */
public record NetworkFit(
    FitData data, PykanNetwork network, List<Stage> stages, Stage best, List<EdgeCurve> edges) {
  /** An edge has a coefficient more than the grid's intervals for every order, and a base scale. */
  static final int NUMBERS_BESIDE_GRID = PykanSpline.Spec.example().order() + 1;

  public NetworkFit {
    stages = List.copyOf(stages);
    edges = List.copyOf(edges);
  }

  /**
   * What was reached at one point of a fit; errors are roots of mean squared errors on the targets'
   * own scale.
   *
   * @param name of the stage
   * @param parameters trainable numbers of edges that are there
   * @param seconds since the start
   */
  public record Stage(
      String name,
      int parameters,
      double trainError,
      double validationError,
      double testError,
      double seconds) {}

  /** Nodes of every layer. */
  public List<Integer> widths() {
    return network.widths().stream().map(nodes -> nodes.sums()).toList();
  }

  public int gridSize() {
    return network.layers().getFirst().spec().gridSize();
  }

  /** Numbers that the edges which are there have: coefficients and base scale, or a, b, c, d. */
  static int parameters(PykanNetwork network) {
    int count = 0;
    for (int l = 0; l < network.layers().size(); l++) {
      PykanSpline.Spec spec = network.layers().get(l).spec();
      for (int o = 0; o < network.widths().get(l + 1).sums(); o++) {
        for (int i = 0; i < network.widths().get(l).sums(); i++) {
          if (network.connected(l, i, o)) {
            boolean named = network.symbolic().get(l).fixed(i, o);
            count += named ? 4 : spec.gridSize() + NUMBERS_BESIDE_GRID;
          }
        }
      }
    }
    return count;
  }
}
