package org.kat4j.function.kan;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.kat4j.torch.Context;
import org.kat4j.torch.Part;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Registry;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;

/**
 * pykan's network of spline layers, with multiplication nodes and an affine map after every layer
 * that is kept but not trained.
 *
 * <p>Edges can be fixed to named functions one by one; a layer has symbolic tensors from its first
 * fixed edge on. Source: KAN, arXiv 2404.19756, and KAN 2.0, arXiv 2408.10205; names of
 * KindXiaoming/pykan.
 */
public final class PykanNetwork implements Part {
  /** Factors of a multiplication node. */
  private static final int ARITY = 2;

  /**
   * The nodes of one layer.
   *
   * @param sums nodes that take a sum of edges
   * @param products nodes that multiply two sums
   */
  public record Nodes(int sums, int products) {
    /** Sums of edges that the nodes are made of. */
    int subnodes() {
      return sums + ARITY * products;
    }

    int count() {
      return sums + products;
    }
  }

  private final List<Nodes> widths;
  private final List<PykanSpline> layers;
  private final List<SymbolicEdges> symbolic;
  private final List<Affine> subnodes;
  private final List<Affine> nodes;

  /** x scale + bias. */
  private record Affine(Tensor scale, Tensor bias) {
    static Affine identity(int width, Context context) {
      return new Affine(
          context.buffer(new double[] {1}, width), context.buffer(new double[] {0}, width));
    }

    Tensor of(Tensor x) {
      return x.mul(scale).add(bias);
    }

    void copy(Affine other) {
      scale.copy_(other.scale);
      bias.copy_(other.bias);
    }
  }

  /**
   * @param widths nodes of all layers, inputs and outputs included, at least two
   * @param spec of every layer
   */
  public PykanNetwork(List<Nodes> widths, PykanSpline.Spec spec, Context context) {
    this(widths, layers(widths, spec, context), context);
  }

  private PykanNetwork(List<Nodes> widths, List<PykanSpline> layers, Context context) {
    this.widths = List.copyOf(widths);
    this.layers = List.copyOf(layers);
    List<SymbolicEdges> symbolic = new ArrayList<>();
    for (int l = 1; l < widths.size(); l++) {
      symbolic.add(new SymbolicEdges(widths.get(l - 1).count(), widths.get(l).subnodes(), context));
    }
    this.symbolic = List.copyOf(symbolic);
    List<Nodes> after = widths.subList(1, widths.size());
    subnodes = after.stream().map(w -> Affine.identity(w.subnodes(), context)).toList();
    nodes = after.stream().map(w -> Affine.identity(w.count(), context)).toList();
  }

  private static List<PykanSpline> layers(
      List<Nodes> widths, PykanSpline.Spec spec, Context context) {
    List<PykanSpline> layers = new ArrayList<>();
    for (int l = 1; l < widths.size(); l++) {
      layers.add(spec.build(widths.get(l - 1).count(), widths.get(l).subnodes(), context));
    }
    return layers;
  }

  /** Layers of the same specs as others, which may differ from each other. */
  private static List<PykanSpline> layers(
      List<Nodes> widths, List<PykanSpline> like, Context context) {
    List<PykanSpline> layers = new ArrayList<>();
    for (int l = 0; l < like.size(); l++) {
      PykanSpline.Spec spec = like.get(l).spec();
      layers.add(spec.build(widths.get(l).count(), widths.get(l + 1).subnodes(), context));
    }
    return layers;
  }

  /** {@code [rows, in]} to {@code [rows, out]}. */
  public Tensor forward(Tensor x) {
    Tensor y = x;
    for (int l = 0; l < layers.size(); l++) {
      y = toNodes(l, sums(l, y));
    }
    return y;
  }

  /** What the edges of layer {@code l} add up to. */
  private Tensor sums(int l, Tensor x) {
    Tensor splines = layers.get(l).forward(x, Pass.evaluation());
    SymbolicEdges named = symbolic.get(l);
    return named.any() ? splines.add(named.values(x).sum(2)) : splines;
  }

  /** From the sums of edges of layer {@code l} to the inputs of the next. */
  private Tensor toNodes(int l, Tensor sums) {
    Nodes width = widths.get(l + 1);
    Tensor y = subnodes.get(l).of(sums);
    if (width.products > 0) {
      Tensor products =
          y.narrow(1, width.sums, (long) ARITY * width.products)
              .view(-1, width.products, ARITY)
              .prod(2);
      y = torch.cat(new TensorVector(y.narrow(1, 0, width.sums), products), 1);
    }
    return nodes.get(l).of(y);
  }

  /** The layers, first to last. */
  public List<PykanSpline> layers() {
    return layers;
  }

  public List<Nodes> widths() {
    return widths;
  }

  /** The named functions among the edges of every layer. */
  public List<SymbolicEdges> symbolic() {
    return symbolic;
  }

  /** Makes an edge a named function; its spline is masked from now on. */
  public void fix(int layer, int input, int output, SymbolicEdges.Form form) {
    symbolic.get(layer).fix(input, output, form);
    cut(layer, input, output);
  }

  private void cut(int layer, int input, int output) {
    try (Scope _ = Scope.open();
        var _ = Scope.noGradients()) {
      layers.get(layer).mask().select(0, input).select(0, output).fill_(new Scalar(0));
    }
  }

  /** Whether an edge is there at all: a spline or a named function. */
  public boolean connected(int layer, int input, int output) {
    try (Scope _ = Scope.open()) {
      return symbolic.get(layer).fixed(input, output)
          || layers.get(layer).mask().select(0, input).select(0, output).item_double() != 0;
    }
  }

  /** {@link NetworkPruning#pruned}: without what has low scores. */
  PykanNetwork between(List<long[]> kept, Context context) {
    List<Nodes> narrower = kept.stream().map(ids -> new Nodes(ids.length, 0)).toList();
    List<PykanSpline> parts = new ArrayList<>();
    for (int l = 0; l < layers.size(); l++) {
      parts.add(layers.get(l).between(kept.get(l), kept.get(l + 1), context));
    }
    return new PykanNetwork(narrower, parts, context);
  }

  /** A copy that is trained on its own. */
  public PykanNetwork copy(Context context) {
    PykanNetwork copy = new PykanNetwork(widths, layers(widths, layers, context), context);
    for (int l = 0; l < layers.size(); l++) {
      for (int o = 0; o < widths.get(l + 1).subnodes(); o++) {
        for (int i = 0; i < widths.get(l).count(); i++) {
          if (symbolic.get(l).fixed(i, o)) {
            copy.fix(l, i, o, symbolic.get(l).form(i, o));
          }
        }
      }
    }
    StateDict.copy(StateDict.of(this), StateDict.of(copy));
    return copy;
  }

  /** What the network makes of some inputs {@code [rows, in]}; at least two rows. */
  public KanTrace trace(Tensor x) {
    List<KanTrace.Layer> found = new ArrayList<>();
    Tensor y = x;
    for (int l = 0; l < layers.size(); l++) {
      PykanSpline.Edges edges = layers.get(l).edges(y);
      if (symbolic.get(l).any()) {
        Tensor named = symbolic.get(l).values(y);
        edges = new PykanSpline.Edges(edges.outputs().add(named), edges.splines());
      }
      Tensor sums = edges.outputs().sum(2); // [rows, subnodes]
      found.add(new KanTrace.Layer(y, edges, sums));
      y = toNodes(l, sums);
    }
    return new KanTrace(widths, found, y);
  }

  /**
   * Derivatives by node values, per row: the affine maps' scales of layer {@code l}, {@code [out]}.
   */
  Tensor nodeScales(int l) {
    return subnodes.get(l).scale.mul(nodes.get(l).scale);
  }

  /** Moves the knots of every layer to its inputs' quantiles, first layer first. */
  public void updateGrid(Tensor x, PykanSpline.FitAt fitAt) {
    try (Scope _ = Scope.open();
        var _ = Scope.noGradients()) {
      Tensor y = x;
      for (int l = 0; l < layers.size(); l++) {
        layers.get(l).updateGrid(y, fitAt);
        y = toNodes(l, sums(l, y));
      }
    }
  }

  /**
   * The network with grids of another size.
   *
   * @param x inputs {@code [rows, in]} that the splines are fitted at
   */
  public PykanNetwork refined(int gridSize, Tensor x, Context context) {
    List<PykanSpline> finer = new ArrayList<>();
    try (var _ = Scope.noGradients()) {
      Tensor y = x;
      for (int l = 0; l < layers.size(); l++) {
        finer.add(layers.get(l).refined(gridSize, y, context));
        y = toNodes(l, layers.get(l).forward(y, Pass.evaluation()));
      }
      PykanNetwork network = new PykanNetwork(widths, finer, context);
      for (int l = 0; l < layers.size(); l++) {
        network.subnodes.get(l).copy(subnodes.get(l));
        network.nodes.get(l).copy(nodes.get(l));
      }
      return network;
    }
  }

  /**
   * L1 norm and entropy of scores of the edges, and the size of the coefficients.
   *
   * @param scores {@code [out, in]} of every layer, not negative: see {@link KanTrace}
   * @param l1 weight of the sum of scores
   * @param entropy weight of the entropies of rows and columns, base 2
   * @param size weight of the coefficients' mean absolute values
   * @param roughness weight of the mean absolute differences of neighbouring coefficients
   */
  public Tensor regularisation(
      List<Tensor> scores, double l1, double entropy, double size, double roughness) {
    Tensor sum = torch.zeros_like(scores.getFirst().sum());
    for (Tensor score : scores) {
      sum = sum.add(score.sum(), new Scalar(l1));
      sum = sum.add(entropy(score, 1).add(entropy(score, 0)), new Scalar(entropy));
    }
    for (PykanSpline layer : layers) {
      Tensor c = layer.coefficients(); // [in, out, basis]
      sum = sum.add(c.abs().mean(1).sum(), new Scalar(size));
      sum = sum.add(c.diff().abs().mean(1).sum(), new Scalar(roughness));
    }
    return sum;
  }

  /**
   * The mean entropy of scores shared out along an axis; 1 in the sum lets small rows count less.
   */
  private static Tensor entropy(Tensor scores, long axis) {
    Tensor sums = scores.sum(new long[] {axis}, true, new ScalarTypeOptional());
    Tensor share = scores.div(sums.add(new Scalar(1)));
    return share.mul(share.add(new Scalar(1e-4)).log2()).sum(axis).mean().neg();
  }

  @Override
  public void register(Registry registry) {
    for (int l = 0; l < layers.size(); l++) {
      registry.tensor("node_bias_" + l, nodes.get(l).bias);
      registry.tensor("node_scale_" + l, nodes.get(l).scale);
      registry.tensor("subnode_bias_" + l, subnodes.get(l).bias);
      registry.tensor("subnode_scale_" + l, subnodes.get(l).scale);
    }
    for (int l = 0; l < layers.size(); l++) {
      registry.part("act_fun." + l, layers.get(l));
    }
    for (int l = 0; l < layers.size(); l++) {
      if (symbolic.get(l).any()) {
        registry.part("symbolic_fun." + l, symbolic.get(l));
      }
    }
  }
}
