package org.kat4j.explain.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.model.TokenModel;
import org.kat4j.torch.Device;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;

/**
 * What one head of attention looks at.
 *
 * @param title where it stands
 * @param weights {@code [token][token that it looks at]}, rows with the sum 1
 */
@SuppressWarnings("ArrayRecordComponent") // drawn, never compared
record AttentionHead(String title, double[][] weights) {

  /**
   * Of the first, the middle and the last layer with attention, the head that looks at fewest
   * tokens and the one that looks at most.
   */
  static List<AttentionHead> some(TokenModel model, int[] tokens) {
    Map<String, double[][][]> layers = layers(model, tokens);
    List<String> names = List.copyOf(layers.keySet());
    var some = new ArrayList<AttentionHead>();
    if (names.isEmpty()) {
      return some;
    }
    int last = names.size() - 1;
    for (int place : new TreeSet<>(List.of(0, last / 2, last))) {
      double[][][] heads = layers.getOrDefault(names.get(place), new double[0][][]);
      int narrow = 0;
      int wide = 0;
      for (int h = 1; h < heads.length; h++) {
        narrow = entropy(heads[h]) < entropy(heads[narrow]) ? h : narrow;
        wide = entropy(heads[h]) > entropy(heads[wide]) ? h : wide;
      }
      for (int head : new TreeSet<>(List.of(narrow, wide))) {
        some.add(new AttentionHead(title(names.get(place), head), heads[head]));
      }
    }
    return some;
  }

  /** The weights of all layers, {@code [head][token][token]}, by the names of their taps. */
  private static Map<String, double[][][]> layers(TokenModel model, int[] tokens) {
    long[] ids = new long[tokens.length];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = tokens[i];
    }
    Device device = Device.of(StateDict.of(model).firstEntry().getValue());
    var layers = new LinkedHashMap<String, double[][][]>();
    try (Scope _ = Scope.open();
        var _ = Scope.noGradients()) {
      Tensor text = Memory.to(Tensor.create(ids, 1, ids.length), device);
      model.forward(
          text,
          Pass.evaluation((name, value) -> {
            if (name.endsWith(".weights") && value.dim() == 4 && value.size(3) == ids.length) {
              layers.put(name, heads(Memory.doubles(value), ids.length));
            }
          }));
    }
    return layers;
  }

  private static double[][][] heads(double[] all, int tokens) {
    double[][][] heads = new double[all.length / tokens / tokens][tokens][tokens];
    for (int i = 0; i < all.length; i++) {
      heads[i / tokens / tokens][i / tokens % tokens][i % tokens] = all[i];
    }
    return heads;
  }

  private static double entropy(double[][] weights) {
    double sum = 0;
    for (double[] row : weights) {
      for (double weight : row) {
        sum -= weight > 0 ? weight * Math.log(weight) : 0;
      }
    }
    return sum;
  }

  /** {@code blocks.0.attn.weights} is block 0. */
  private static String title(String tap, int head) {
    String where =
        tap.replaceFirst("^blocks\\.", "block ").replaceFirst("(\\.attn)?\\.weights$", "");
    return where + ", head " + head;
  }
}
