package org.kat4j.explain.figure;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A KAN as a drawing: inputs below, the output above, a small curve on every edge, as opaque as the
 * edge matters. Source: KAN, arXiv 2404.19756, whose opacity is tanh(3 score).
 *
 * @param inputs names of the inputs
 * @param output name of the output
 * @param widths nodes of every layer of nodes, inputs and output included
 * @param edges the curves
 */
public record NetworkDrawing(
    String title, List<String> inputs, String output, List<Integer> widths, List<Edge> edges)
    implements Chart {
  private static final double WIDTH = 640;
  private static final double LAYER = 150;
  private static final double MARGIN = 46;
  private static final double LARGEST_BOX = 52;
  private static final double GAP = 4; // from a box to its label
  private static final double LABEL = 8 * Svg.CHARACTER; // "gaussian"
  private static final double FAINTEST = 0.08;
  private static final int PLACES = 60;

  /**
   * An edge.
   *
   * @param layer from 0, at the inputs
   * @param input node below
   * @param output node above
   * @param x inputs of the curve, in any order
   * @param y its values
   * @param score how much it matters, from 0
   * @param label what stands under the pointer, such as a function's name
   * @param named whether it is a named function: drawn in another colour
   */
  @SuppressWarnings("ArrayRecordComponent") // drawn, never compared
  public record Edge(
      int layer,
      int input,
      int output,
      double[] x,
      double[] y,
      double score,
      String label,
      boolean named) {}

  public NetworkDrawing {
    inputs = List.copyOf(inputs);
    widths = List.copyOf(widths);
    edges = List.copyOf(edges);
  }

  @Override
  public Size size() {
    return new Size(WIDTH, 2 * MARGIN + LAYER * (widths.size() - 1));
  }

  @Override
  public void draw(Svg svg) {
    for (int l = 0; l < widths.size() - 1; l++) {
      drawEdges(svg, l);
    }
    for (int l = 0; l < widths.size(); l++) {
      for (int i = 0; i < widths.get(l); i++) {
        svg.dot("dot c7", nodeX(l, i), nodeY(l), 3.5, "node " + (i + 1) + " of layer " + l);
      }
    }
    for (int i = 0; i < inputs.size(); i++) {
      double room = WIDTH / inputs.size();
      svg.text(Svg.Anchor.MIDDLE, "", nodeX(0, i), nodeY(0) + 18, Svg.fitted(inputs.get(i), room));
    }
    svg.text(
        Svg.Anchor.MIDDLE, "", nodeX(widths.size() - 1, 0), nodeY(widths.size() - 1) - 9, output);
  }

  private void drawEdges(Svg svg, int layer) {
    List<Edge> here =
        edges.stream()
            .filter(edge -> edge.layer == layer)
            .sorted(
                Comparator.comparingDouble(
                    (Edge edge) -> nodeX(layer, edge.input) + nodeX(layer + 1, edge.output)))
            .toList();
    double room = WIDTH / Math.max(1, here.size());
    boolean labelled = here.stream().anyMatch(Edge::named);
    double box = Math.min(LARGEST_BOX, (labelled ? 0.5 : 0.82) * room);
    // A label stands beside its box, where no line runs; boxes move left where it needs the room.
    double centred = (room - box) / 2;
    double left = labelled ? Math.min(centred, Math.max(GAP, room - box - GAP - LABEL)) : centred;
    double beside = room - left - box - GAP;
    double middle = (nodeY(layer) + nodeY(layer + 1)) / 2;
    for (int i = 0; i < here.size(); i++) {
      Edge edge = here.get(i);
      double x = room * i + left + box / 2;
      svg.beginFaded(Math.max(FAINTEST, Math.tanh(3 * edge.score)));
      svg.line("axis", nodeX(layer, edge.input), nodeY(layer), x, middle + box / 2);
      svg.line("axis", x, middle - box / 2, nodeX(layer + 1, edge.output), nodeY(layer + 1));
      svg.cell("ground", x - box / 2, middle - box / 2, box, box, 1, edge.label);
      svg.rectangle("frame", x - box / 2, middle - box / 2, box, box);
      svg.polyline(
          edge.named ? "curve c1" : "curve c0",
          places(edge, x - box / 2 + 3, middle - box / 2 + 3, box - 6));
      if (edge.named && beside >= 3 * Svg.CHARACTER) { // shorter says nothing
        String label = Svg.fitted(edge.label, beside);
        svg.text(Svg.Anchor.START, "label", x + box / 2 + GAP, middle + 4, label);
      }
      svg.endGroup();
    }
  }

  private double nodeX(int layer, int node) {
    return WIDTH * (node + 0.5) / widths.get(layer);
  }

  private double nodeY(int layer) {
    return MARGIN + LAYER * (widths.size() - 1 - layer);
  }

  /** The curve within a square. */
  private static List<double[]> places(Edge edge, double left, double top, double size) {
    int[] order =
        IntStream.range(0, edge.x.length)
            .boxed()
            .sorted(Comparator.comparingDouble(i -> edge.x[i]))
            .mapToInt(i -> i)
            .toArray();
    double low = Arrays.stream(edge.y).min().orElse(0);
    double high = Arrays.stream(edge.y).max().orElse(0);
    double first = edge.x[order[0]];
    double width = edge.x[order[order.length - 1]] - first;
    List<double[]> places = new ArrayList<>();
    int count = Math.min(PLACES, order.length);
    for (int k = 0; k < count; k++) {
      int id = order[(int) ((long) k * (order.length - 1) / Math.max(1, count - 1))];
      double right = width > 0 ? (edge.x[id] - first) / width : 0.5;
      double up = high > low ? (edge.y[id] - low) / (high - low) : 0.5;
      places.add(new double[] {left + right * size, top + (1 - up) * size});
    }
    return places;
  }
}
