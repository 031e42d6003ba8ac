package org.kat4j.lab.network;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.function.Activation;
import org.kat4j.function.LayerNorm;
import org.kat4j.function.Linear;
import org.kat4j.function.kan.KanCost;
import org.kat4j.lab.Arm;
import org.kat4j.lab.Width;
import org.kat4j.torch.Context;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Registry;

/** Linear layers with a fixed activation between them: the opponent of every KAN. */
public final class Perceptron implements Network {
  private static final double NORM_EPSILON = 1e-5;

  /**
   * @param hidden widths of the hidden layers
   * @param activation after each of them
   * @param layerNorm whether a layer norm stands before every linear layer
   */
  public record Spec(List<Integer> hidden, Activation activation, boolean layerNorm)
      implements Network.Spec {
    public Spec {
      hidden = List.copyOf(hidden);
    }

    /** One hidden layer. */
    public static Spec of(int hidden, Activation activation) {
      return new Spec(List.of(hidden), activation, false);
    }

    /** One hidden layer, so wide that the network has about so many parameters. */
    public static Spec ofSize(double parameters, Activation activation, int in, int out) {
      return of(Width.nearest(parameters, h -> of(h, activation).parameters(in, out)), activation);
    }

    /** The network as an arm that is described by its widths. */
    public Arm arm(String name, int in, int out) {
      return arm(name, Arrays.toString(Widths.of(in, hidden, out)), in, out);
    }

    @Override
    public Perceptron build(int in, int out, Context context) {
      return new Perceptron(this, in, out, context);
    }

    @Override
    public double flops(int in, int out) {
      int[] widths = Widths.of(in, hidden, out);
      double norms = 0;
      for (int l = 0; layerNorm && l < widths.length - 1; l++) {
        norms += 4.0 * widths[l]; // as a batch norm of KANbeFair
      }
      return KanCost.mlp(widths, KanCost.Function.valueOf(activation.name()), false).flops()
          + norms;
    }
  }

  private final Spec spec;
  private final List<Linear> linears = new ArrayList<>();
  private final List<LayerNorm> norms = new ArrayList<>();

  private Perceptron(Spec spec, int in, int out, Context context) {
    this.spec = spec;
    int[] widths = Widths.of(in, spec.hidden, out);
    for (int l = 1; l < widths.length; l++) {
      if (spec.layerNorm) {
        norms.add(new LayerNorm(widths[l - 1], NORM_EPSILON, context));
      }
      linears.add(new Linear(widths[l - 1], widths[l], true, context));
    }
  }

  @Override
  public Tensor forward(Tensor x, Pass pass) {
    Tensor y = x;
    for (int l = 0; l < linears.size(); l++) {
      Tensor active = l == 0 ? y : spec.activation.apply(y);
      y = linears.get(l).forward(spec.layerNorm ? norms.get(l).forward(active) : active);
    }
    return y;
  }

  @Override
  public void register(Registry registry) {
    for (int l = 0; l < linears.size(); l++) {
      if (spec.layerNorm) {
        registry.part("norms." + l, norms.get(l));
      }
      registry.part("layers." + l, linears.get(l));
    }
  }
}
