package org.kat4j.explain.fit;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.function.kan.KanTrace;
import org.kat4j.function.kan.PykanNetwork;
import org.kat4j.function.kan.SymbolicEdges;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Scope;

/**
 * An edge of a network as a curve.
 *
 * @param layer from 0
 * @param input node that it comes from
 * @param output node that it leads to
 * @param x the edge's inputs on some samples
 * @param y its values
 * @param score how much it matters for the output, by attribution
 * @param form the named function that it is, if it is one
 */
@SuppressWarnings("ArrayRecordComponent") // drawn, never compared
public record EdgeCurve(
    int layer,
    int input,
    int output,
    double[] x,
    double[] y,
    double score,
    Optional<SymbolicEdges.Form> form) {

  /** All edges of a network that are there; at least two rows of scaled inputs. */
  static List<EdgeCurve> of(PykanNetwork network, Tensor x) {
    List<EdgeCurve> curves = new ArrayList<>();
    try (Scope _ = Scope.open();
        var _ = Scope.noGradients()) {
      KanTrace trace = network.trace(x);
      List<Tensor> scores = trace.attribution().edges(); // [out, in]
      for (int l = 0; l < scores.size(); l++) {
        KanTrace.Layer layer = trace.layers().get(l);
        for (int o = 0; o < network.widths().get(l + 1).sums(); o++) {
          for (int i = 0; i < network.widths().get(l).sums(); i++) {
            if (network.connected(l, i, o)) {
              curves.add(
                  new EdgeCurve(
                      l,
                      i,
                      o,
                      Memory.doubles(layer.input().select(1, i)),
                      Memory.doubles(layer.edges().outputs().select(1, o).select(1, i)),
                      Memory.doubles(scores.get(l).select(0, o).select(0, i))[0],
                      network.symbolic().get(l).fixed(i, o)
                          ? Optional.of(network.symbolic().get(l).form(i, o))
                          : Optional.empty()));
            }
          }
        }
      }
    }
    return curves;
  }
}
