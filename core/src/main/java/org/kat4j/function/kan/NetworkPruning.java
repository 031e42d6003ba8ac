package org.kat4j.function.kan;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.torch.Context;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Scope;

/**
 * Takes hidden nodes and edges of low score out of a network without products and named functions.
 *
 * <p>Source: KAN 2.0, arXiv 2408.10205; KindXiaoming/pykan.
 *
 * @param nodeThreshold hidden nodes with a score of at most this go
 * @param edgeThreshold edges with a score of at most this go
 */
public record NetworkPruning(double nodeThreshold, double edgeThreshold) {
  /** pykan's. */
  public static NetworkPruning pykan() {
    return new NetworkPruning(1e-2, 3e-2);
  }

  /**
   * A smaller network; of every hidden layer the node with the highest score stays.
   *
   * @param x inputs {@code [rows, in]} that scores are measured at
   */
  public PykanNetwork pruned(PykanNetwork network, Tensor x, Context context) {
    try (var _ = Scope.noGradients()) {
      PykanNetwork narrow = network.between(keptNodes(network, x), context);
      cutEdges(narrow, x);
      return narrow;
    }
  }

  /** The network without one hidden node of a layer of nodes, counted from the inputs' 0. */
  public static PykanNetwork without(PykanNetwork network, int layer, int node, Context context) {
    List<long[]> kept = new ArrayList<>();
    for (int l = 0; l < network.widths().size(); l++) {
      int gone = l == layer ? node : -1;
      kept.add(
          LongStream.range(0, network.widths().get(l).sums()).filter(i -> i != gone).toArray());
    }
    try (var _ = Scope.noGradients()) {
      return network.between(kept, context);
    }
  }

  private List<long[]> keptNodes(PykanNetwork network, Tensor x) {
    try (Scope _ = Scope.open()) {
      List<Tensor> nodes = network.trace(x).attribution().nodes();
      List<long[]> kept = new ArrayList<>();
      for (int l = 0; l < nodes.size(); l++) {
        double[] scores = Memory.doubles(nodes.get(l));
        boolean hidden = l > 0 && l < nodes.size() - 1;
        double best =
            LongStream.range(0, scores.length).mapToDouble(i -> scores[(int) i]).max().orElse(0);
        kept.add(
            LongStream.range(0, scores.length)
                .filter(i -> !hidden || scores[(int) i] > nodeThreshold || scores[(int) i] == best)
                .toArray());
      }
      return kept;
    }
  }

  private void cutEdges(PykanNetwork network, Tensor x) {
    try (Scope _ = Scope.open()) {
      List<Tensor> edges = network.trace(x).attribution().edges(); // [out, in]
      for (int l = 0; l < edges.size(); l++) {
        Tensor mask = network.layers().get(l).mask(); // [in, out]
        Tensor high = edges.get(l).gt(new Scalar(edgeThreshold));
        mask.mul_(high.t().to(mask.scalar_type()));
      }
    }
  }
}
