package org.kat4j.tables.model;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.config.Check;
import org.kat4j.function.Activation;
import org.kat4j.function.Linear;
import org.kat4j.function.kan.KanLayer;
import org.kat4j.function.kan.KanStack;
import org.kat4j.model.kacq.KacqDcnn;
import org.kat4j.torch.Context;
import org.kat4j.torch.Part;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Registry;

/** A network for rows of numbers. */
public interface Network extends Part {
  /** {@code [rows, features]} to {@code [rows, outputs]}: logits of the classes or the number. */
  Tensor forward(Tensor x, Pass pass);

  /** A network as data. */
  sealed interface Spec {
    /** For so many features and outputs. */
    Network build(int features, int outputs, Context context);
  }

  /**
   * KAN layers, nothing between them.
   *
   * @param hidden widths between features and outputs
   * @param layer kind of all layers
   */
  record Kan(List<Integer> hidden, KanLayer.Spec layer) implements Spec {
    public Kan {
      hidden = List.copyOf(hidden);
      hidden.forEach(width -> Check.atLeast("hidden", width, 1));
    }

    @Override
    public KanNetwork build(int features, int outputs, Context context) {
      List<Integer> widths = widths(features, hidden, outputs);
      List<KanLayer> layers = new ArrayList<>();
      for (int l = 0; l + 1 < widths.size(); l++) {
        layers.add(layer.build(widths.get(l), widths.get(l + 1), context));
      }
      return new KanNetwork(new KanStack("layers", layers));
    }
  }

  /**
   * Linear layers with an activation between them; none hidden is linear or logistic regression.
   *
   * @param hidden widths between features and outputs
   */
  record Mlp(List<Integer> hidden, Activation activation) implements Spec {
    public Mlp {
      hidden = List.copyOf(hidden);
      hidden.forEach(width -> Check.atLeast("hidden", width, 1));
    }

    @Override
    public Network build(int features, int outputs, Context context) {
      List<Integer> widths = widths(features, hidden, outputs);
      List<Linear> layers = new ArrayList<>();
      for (int l = 0; l + 1 < widths.size(); l++) {
        layers.add(new Linear(widths.get(l), widths.get(l + 1), true, context));
      }
      return new MlpNetwork(layers, activation);
    }
  }

  /** The network of sheet 14, two classes only; its features and widths must fit the table. */
  record Kacq(KacqDcnn.Spec spec) implements Spec {
    @Override
    public Network build(int features, int outputs, Context context) {
      if (features != spec.features() || outputs != 2) {
        throw new IllegalArgumentException(
            "features = %d, outputs = %d: this network has %d and 2"
                .formatted(features, outputs, spec.features()));
      }
      return new KacqNetwork(spec.build(context));
    }
  }

  /** Of {@link Kan}. */
  record KanNetwork(KanStack stack) implements Network {
    @Override
    public Tensor forward(Tensor x, Pass pass) {
      return stack.forward(x, pass);
    }

    @Override
    public void register(Registry registry) {
      stack.register(registry);
    }
  }

  private static List<Integer> widths(int features, List<Integer> hidden, int outputs) {
    List<Integer> widths = new ArrayList<>();
    widths.add(features);
    widths.addAll(hidden);
    widths.add(outputs);
    return widths;
  }
}
