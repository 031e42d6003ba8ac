package org.kat4j.function.kan;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * What a spline network made of some inputs, and how much its edges and nodes matter for that.
 *
 * <p>Deviations are those of samples (n - 1): one row gives no number. Source: KAN 2.0, arXiv
 * 2408.10205; KindXiaoming/pykan.
 *
 * @param widths nodes of all layers
 * @param layers what happened in each layer
 * @param output {@code [rows, out]}
 */
public record KanTrace(List<PykanNetwork.Nodes> widths, List<Layer> layers, Tensor output) {

  /**
   * @param input {@code [rows, in]}
   * @param edges values of the edges
   * @param sums of the edges, {@code [rows, subnodes]}, before their affine map
   */
  public record Layer(Tensor input, PykanSpline.Edges edges, Tensor sums) {}

  /**
   * Scores of a network's edges and nodes, carried back from its outputs.
   *
   * @param edges {@code [subnodes, in]} of every layer
   * @param nodes {@code [count]} of every layer of nodes, inputs first
   */
  public record Attribution(List<Tensor> edges, List<Tensor> nodes) {
    /** Of the inputs. */
    public Tensor features() {
      return nodes.getFirst();
    }
  }

  /** Deviation of every edge's values, {@code [subnodes, in]} of every layer. */
  public List<Tensor> edgeDeviations() {
    return layers.stream().map(layer -> deviation(layer.edges.outputs())).toList();
  }

  /**
   * Deviation of an edge's values by that of its input plus 0.1: the default of the regulariser.
   */
  public List<Tensor> edgeGains() {
    return layers.stream()
        .map(layer ->
            deviation(layer.edges.outputs()).div(deviation(layer.input).add(new Scalar(0.1))))
        .toList();
  }

  /** Deviation of the sums of edges, {@code [subnodes]} of every layer. */
  public List<Tensor> subnodeDeviations() {
    return layers.stream().map(layer -> deviation(layer.sums)).toList();
  }

  private static Tensor deviation(Tensor x) {
    return x.std(new long[] {0}, true, false);
  }

  /**
   * Shares every node's score out among its edges by their deviations, from the outputs back, and
   * averages over the outputs.
   */
  public Attribution attribution() {
    List<Tensor> deviations = edgeDeviations();
    List<Tensor> sums = subnodeDeviations();
    int outputs = widths.getLast().count();
    Tensor score = torch.eye(outputs).to(output.device(), output.scalar_type());
    List<Tensor> edges = new ArrayList<>();
    List<Tensor> nodes = new ArrayList<>(List.of(score.mean(0)));
    for (int l = layers.size() - 1; l >= 0; l--) {
      Tensor ofSubnodes = toSubnodes(score, widths.get(l + 1)); // [outputs, subnodes]
      Tensor shares = deviations.get(l).div(sums.get(l).add(new Scalar(1e-4)).unsqueeze(1));
      Tensor ofEdges = ofSubnodes.unsqueeze(2).mul(shares); // [outputs, subnodes, in]
      score = ofEdges.sum(1); // [outputs, in]
      edges.addFirst(ofEdges.mean(0));
      nodes.addFirst(score.mean(0));
    }
    return new Attribution(List.copyOf(edges), List.copyOf(nodes));
  }

  /** A product's factors have its score each. */
  private static Tensor toSubnodes(Tensor score, PykanNetwork.Nodes width) {
    if (width.products() == 0) {
      return score;
    }
    long arity = (width.subnodes() - width.sums()) / width.products();
    Tensor factors =
        score
            .narrow(1, width.sums(), width.products())
            .unsqueeze(2)
            .expand(-1, -1, arity)
            .flatten(1, 2);
    return torch.cat(new TensorVector(score.narrow(1, 0, width.sums()), factors), 1);
  }
}
