package org.kat4j.explain.report;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.function.kan.KanLayer;
import org.kat4j.model.Model;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;

/**
 * An edge of a KAN layer as a curve: one output while one input moves and the others are 0.
 *
 * <p>Outputs are sums of functions of single inputs, so this is the edge's function up to a
 * constant, whatever the layer is made of; curves have mean 0.
 *
 * @param layer name of the layer's part, such as {@code blocks.0.mlp.fc1}
 * @param input which input moves
 * @param output which output is looked at
 * @param x places, over the middle 99 % of what the layer's inputs are
 * @param now the output at these places
 * @param start the same before training
 */
@SuppressWarnings("ArrayRecordComponent") // drawn, never compared
record KanEdge(String layer, int input, int output, double[] x, double[] now, double[] start) {
  /** Inputs of a layer that are tried, spread evenly. */
  static final int INPUTS = 32;

  private static final double TAIL = .005;
  private static final double LEAST_WIDTH = 1e-3;
  private static final int STEPS = 80;

  /** A layer, now and before, and what goes into it. */
  private record Entrance(KanLayer now, KanLayer start, int width, double[] sorted) {}

  /**
   * The edges of each layer whose values spread most, at most one for an input, strongest first.
   *
   * @param probe tells the layers' ranges
   * @param count of each layer
   */
  static List<KanEdge> strongest(Model model, Model initial, Probe probe, int count) {
    Map<String, KanLayer> layers = layers(model);
    Map<String, KanLayer> before = layers(initial);
    if (layers.isEmpty()) {
      return List.of();
    }
    var entrances = new LinkedHashMap<String, Entrance>();
    probe.pass(
        model,
        (name, value) -> {
          String layer = name.replaceFirst("\\.?input$", "");
          KanLayer now = layers.get(layer);
          KanLayer start = before.get(layer);
          if (name.endsWith("input") && now != null && start != null) {
            int width = (int) value.size(value.dim() - 1);
            entrances.put(layer, new Entrance(now, start, width, Activations.sample(value)));
          }
        });
    Tensor any = StateDict.of(model).firstEntry().getValue();
    Tensor other = StateDict.of(initial).firstEntry().getValue();
    var all = new ArrayList<KanEdge>();
    entrances.forEach((name, entrance) -> {
      double[] x = places(entrance.sorted());
      var edges = new ArrayList<KanEdge>();
      int tried = Math.min(INPUTS, entrance.width());
      for (int i = 0; i < tried; i++) {
        int input = (int) ((long) i * entrance.width() / tried);
        double[][] now = curves(entrance.now(), any, entrance.width(), input, x);
        double[][] start = curves(entrance.start(), other, entrance.width(), input, x);
        int output =
            IntStream.range(0, now.length)
                .boxed()
                .max(Comparator.comparingDouble(o -> spread(now[o])))
                .orElseThrow();
        edges.add(new KanEdge(name, input, output, x, now[output], start[output]));
      }
      edges.sort(Comparator.comparingDouble((KanEdge e) -> spread(e.now)).reversed());
      all.addAll(edges.subList(0, Math.min(count, edges.size())));
    });
    return all;
  }

  private static Map<String, KanLayer> layers(Model model) {
    var found = new LinkedHashMap<String, KanLayer>();
    StateDict.forEachPart(
        model,
        (name, part) -> {
          if (part instanceof KanLayer layer) {
            found.put(name, layer);
          }
        });
    return found;
  }

  private static double[] places(double[] sorted) {
    double from = Activations.quantile(sorted, TAIL);
    double to = Math.max(from + LEAST_WIDTH, Activations.quantile(sorted, 1 - TAIL));
    return IntStream.rangeClosed(0, STEPS)
        .mapToDouble(i -> from + i * (to - from) / STEPS)
        .toArray();
  }

  /** All outputs while one input moves, {@code [outputs, places]}, each without its mean. */
  private static double[][] curves(KanLayer layer, Tensor like, int width, int input, double[] x) {
    float[] rows = new float[x.length * width];
    for (int i = 0; i < x.length; i++) {
      rows[i * width + input] = (float) x[i];
    }
    try (Scope _ = Scope.open();
        var _ = Scope.noGradients()) {
      Tensor moved = Memory.like(like, rows, x.length, width);
      Tensor y = layer.forward(moved, Pass.evaluation()); // [places, outputs]
      double[] values = Memory.doubles(y);
      double[][] curves = new double[(int) y.size(1)][x.length];
      for (int o = 0; o < curves.length; o++) {
        for (int i = 0; i < x.length; i++) {
          curves[o][i] = values[i * curves.length + o];
        }
        double mean = DoubleStream.of(curves[o]).average().orElse(0);
        for (int i = 0; i < x.length; i++) {
          curves[o][i] -= mean;
        }
      }
      return curves;
    }
  }

  private static double spread(double[] curve) {
    return DoubleStream.of(curve).max().orElse(0) - DoubleStream.of(curve).min().orElse(0);
  }

  /** A short name: block, layer, input and output. */
  String title() {
    String where = layer.replaceFirst("^blocks\\.", "block ").replaceFirst("\\.(mlp|attn)\\.", " ");
    return where + ": " + input + " → " + output;
  }
}
