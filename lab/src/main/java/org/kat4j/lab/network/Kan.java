package org.kat4j.lab.network;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.function.LayerNorm;
import org.kat4j.function.kan.KanLayer;
import org.kat4j.torch.Context;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Registry;

/** KAN layers of one kind, one after the other. */
public final class Kan implements Network {
  private static final double NORM_EPSILON = 1e-5;

  /**
   * @param hidden widths of the hidden layers
   * @param function of every layer
   * @param layerNorm whether a layer norm stands before every layer
   */
  public record Spec(List<Integer> hidden, KanLayer.Spec function, boolean layerNorm)
      implements Network.Spec {
    public Spec {
      hidden = List.copyOf(hidden);
    }

    /** One hidden layer. */
    public static Spec of(int hidden, KanLayer.Spec function) {
      return new Spec(List.of(hidden), function, false);
    }

    @Override
    public Kan build(int in, int out, Context context) {
      return new Kan(this, in, out, context);
    }

    @Override
    public double flops(int in, int out) {
      int[] widths = Widths.of(in, hidden, out);
      double sum = 0;
      for (int l = 1; l < widths.length; l++) {
        sum += 2.0 * function.macs(widths[l - 1], widths[l]);
        sum += layerNorm ? 4.0 * widths[l - 1] : 0;
      }
      return sum;
    }
  }

  private final List<KanLayer> layers = new ArrayList<>();
  private final List<LayerNorm> norms = new ArrayList<>();

  private Kan(Spec spec, int in, int out, Context context) {
    int[] widths = Widths.of(in, spec.hidden, out);
    for (int l = 1; l < widths.length; l++) {
      if (spec.layerNorm) {
        norms.add(new LayerNorm(widths[l - 1], NORM_EPSILON, context));
      }
      layers.add(spec.function.build(widths[l - 1], widths[l], context));
    }
  }

  @Override
  public Tensor forward(Tensor x, Pass pass) {
    Tensor y = x;
    for (int l = 0; l < layers.size(); l++) {
      Tensor input = norms.isEmpty() ? y : norms.get(l).forward(y);
      y = layers.get(l).forward(input, pass.at("layers." + l));
    }
    return y;
  }

  @Override
  public void register(Registry registry) {
    for (int l = 0; l < layers.size(); l++) {
      if (!norms.isEmpty()) {
        registry.part("norms." + l, norms.get(l));
      }
      registry.part("layers." + l, layers.get(l));
    }
  }
}
