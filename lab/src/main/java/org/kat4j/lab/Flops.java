package org.kat4j.lab;

import java.util.ArrayList;
import java.util.List;
import org.kat4j.function.kan.KanCost;
import org.kat4j.model.KanNetwork;
import org.kat4j.model.Model;
import org.kat4j.model.Perceptron;

/**
 * Floating-point operations of one forward of one input; a multiply-add counts two. Of networks on
 * rows, fixed activations and norms are counted as KANbeFair does, a basis once for every input of
 * a layer.
 */
public final class Flops {
  private static final double NORM = 4; // of each number, as a batch norm of KANbeFair

  private Flops() {}

  public static double of(Model.Spec model) {
    return switch (model) {
      case Perceptron.Spec net -> {
        int[] widths = widths(net.features(), net.hidden(), net.outputs());
        var function = KanCost.Function.valueOf(net.activation().name());
        yield KanCost.mlp(widths, function, false).flops() + norms(net.layerNorm(), widths);
      }
      case KanNetwork.Spec net ->
          2.0 * net.macs()
              + norms(net.layerNorm(), widths(net.features(), net.hidden(), net.outputs()));
      default -> 2.0 * model.macs();
    };
  }

  private static double norms(boolean there, int[] widths) {
    double numbers = 0;
    for (int l = 0; there && l < widths.length - 1; l++) {
      numbers += widths[l];
    }
    return NORM * numbers;
  }

  private static int[] widths(int features, List<Integer> hidden, int outputs) {
    List<Integer> all = new ArrayList<>(List.of(features));
    all.addAll(hidden);
    all.add(outputs);
    return all.stream().mapToInt(width -> width).toArray();
  }
}
