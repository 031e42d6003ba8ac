package org.kat4j.explain.report;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.model.Model;
import org.kat4j.torch.Memory;

/**
 * Which tokens of the input an output follows from, through all layers: the product of the layers'
 * attention, each the mean of its heads and half of it the residual connection.
 *
 * <p>Source: Abnar and Zuidema, Quantifying Attention Flow in Transformers, arXiv 2005.00928.
 */
final class Rollout {
  private Rollout() {}

  /**
   * The weight of every token for each image.
   *
   * @param images that are looked at
   * @param prefix class token and registers in front of the patches
   * @param fromToken whether the class token is what the model decides by, or the mean of the
   *     patches
   * @return {@code [image][token]}, each image's weights summing to 1; empty without attention
   */
  static List<double[]> of(Model model, ImageProbe images, int prefix, boolean fromToken) {
    var layers = new ArrayList<double[][]>(); // [image][tokens * tokens]
    images.pass(
        model,
        (name, value) -> {
          if (name.endsWith(".weights") && value.dim() == 4) {
            layers.add(meanOfHeads(value));
          }
        });
    var weights = new ArrayList<double[]>();
    for (int i = 0; !layers.isEmpty() && i < images.inputs().size(); i++) {
      int image = i;
      weights.add(roll(layers.stream().map(layer -> layer[image]).toList(), prefix, fromToken));
    }
    return weights;
  }

  /** {@code [batch, heads, tokens, tokens]} to {@code [batch][tokens * tokens]}. */
  private static double[][] meanOfHeads(Tensor attention) {
    int heads = (int) attention.size(1);
    int area = (int) (attention.size(2) * attention.size(3));
    double[] all = Memory.doubles(attention);
    double[][] means = new double[(int) attention.size(0)][area];
    for (int i = 0; i < all.length; i++) {
      means[i / area / heads][i % area] += all[i] / heads;
    }
    return means;
  }

  /**
   * One row of the product of all layers, from the last to the first: a row times each matrix.
   *
   * @param layers attention of each layer, first layer first, rows summing to 1
   */
  static double[] roll(List<double[]> layers, int prefix, boolean fromToken) {
    int tokens = (int) Math.sqrt(layers.getFirst().length);
    double[] row = new double[tokens];
    for (int t = fromToken ? 0 : prefix; t < (fromToken ? 1 : tokens); t++) {
      row[t] = fromToken ? 1 : 1.0 / (tokens - prefix);
    }
    for (double[] attention : layers.reversed()) {
      double[] before = new double[tokens];
      for (int to = 0; to < tokens; to++) {
        for (int from = 0; from < tokens; from++) {
          double residual = from == to ? 1 : 0;
          before[from] += row[to] * (attention[to * tokens + from] + residual) / 2;
        }
      }
      row = before;
    }
    return row;
  }
}
