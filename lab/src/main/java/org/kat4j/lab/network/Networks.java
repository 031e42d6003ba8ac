package org.kat4j.lab.network;

import java.util.ArrayList;
import java.util.List;
import org.kat4j.function.Activation;
import org.kat4j.function.kan.KanLayer;
import org.kat4j.lab.Arm;
import org.kat4j.lab.Width;
import org.kat4j.model.KanNetwork;
import org.kat4j.model.Model;
import org.kat4j.model.Perceptron;
import org.kat4j.model.Registered;

/** The networks on rows that many studies have among their arms. */
public final class Networks {
  private Networks() {}

  /** A KAN of one hidden layer. */
  public static KanNetwork.Spec kan(int in, int hidden, int out, KanLayer.Spec function) {
    return new KanNetwork.Spec(in, out, List.of(hidden), function, /* layerNorm= */ false);
  }

  /** A perceptron of one hidden layer. */
  public static Perceptron.Spec perceptron(int in, int hidden, int out, Activation activation) {
    return new Perceptron.Spec(in, out, List.of(hidden), activation, /* layerNorm= */ false);
  }

  /** A perceptron of one hidden layer, so wide that it has about so many parameters. */
  public static Perceptron.Spec perceptronOfSize(
      double parameters, int in, int out, Activation activation) {
    return perceptron(
        in,
        Width.nearest(parameters, h -> parameters(perceptron(in, h, out, activation))),
        out,
        activation);
  }

  /** A perceptron as an arm that is described by its widths. */
  public static Arm arm(String name, Perceptron.Spec spec) {
    List<Integer> widths = new ArrayList<>(List.of(spec.features()));
    widths.addAll(spec.hidden());
    widths.add(spec.outputs());
    return Arm.of(name, widths.toString(), spec);
  }

  /** Trained numbers. */
  public static long parameters(Model.Spec spec) {
    return Registered.parameterCount(spec);
  }
}
