package org.kat4j.function.kan;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.kat4j.torch.Scope;

/**
 * How the only output of a network without products follows from its numbers, row by row.
 *
 * <p>Of a layer without splines or without named functions the respective numbers are left out. The
 * factors {@code scale_sp} are left out always: they stretch coefficients that are there anyway.
 */
public final class NetworkJacobian {
  private final PykanNetwork network;
  private final List<Boolean> splines = new ArrayList<>(); // whether layer l has any

  public NetworkJacobian(PykanNetwork network) {
    this.network = network;
    for (PykanSpline layer : network.layers()) {
      try (Scope _ = Scope.open()) {
        splines.add(layer.mask().ne(new Scalar(0)).any().item_bool());
      }
    }
  }

  /** The tensors whose elements the columns belong to, in order. */
  public List<Tensor> parameters() {
    List<Tensor> all = new ArrayList<>();
    for (int l = 0; l < splines.size(); l++) {
      if (splines.get(l)) {
        all.add(network.layers().get(l).coefficients());
        all.add(network.layers().get(l).scaleBase());
      }
      if (network.symbolic().get(l).any()) {
        all.add(network.symbolic().get(l).affine());
      }
    }
    return all;
  }

  /**
   * @param x {@code [rows, in]}
   * @return {@code [rows, numbers]}
   */
  public Tensor at(Tensor x) {
    try (var _ = Scope.noGradients()) {
      List<KanTrace.Layer> trace = network.trace(x).layers();
      List<Tensor> columns = new ArrayList<>();
      int last = trace.size() - 1;
      Tensor byNode = torch.ones_like(trace.get(last).sums()); // [rows, out]
      for (int l = last; l >= 0; l--) {
        Tensor input = trace.get(l).input();
        Tensor bySum = byNode.mul(network.nodeScales(l));
        columns.addAll(0, ofLayer(l, input, bySum));
        if (l > 0) {
          byNode = bySum.unsqueeze(2).mul(slopes(l, input)).sum(1); // [rows, in]
        }
      }
      return torch.cat(new TensorVector(columns.toArray(Tensor[]::new)), 1);
    }
  }

  private List<Tensor> ofLayer(int l, Tensor input, Tensor bySum) {
    List<Tensor> columns = new ArrayList<>();
    if (splines.get(l)) {
      columns.addAll(network.layers().get(l).jacobian(input, bySum));
    }
    SymbolicEdges named = network.symbolic().get(l);
    if (named.any()) {
      Tensor byAffine = named.byAffine(input).mul(bySum.unsqueeze(2).unsqueeze(3));
      columns.add(byAffine.reshape(input.size(0), -1));
    }
    return columns;
  }

  /** {@code [rows, out, in]}. */
  private Tensor slopes(int l, Tensor input) {
    SymbolicEdges named = network.symbolic().get(l);
    if (!named.any()) {
      return network.layers().get(l).slopes(input);
    }
    Tensor ofNamed = named.slopes(input);
    return splines.get(l) ? network.layers().get(l).slopes(input).add(ofNamed) : ofNamed;
  }
}
