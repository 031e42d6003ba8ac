package org.kat4j.tables.model;

import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.function.Activation;
import org.kat4j.function.Linear;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Registry;

/** Linear layers with an activation between them. */
record MlpNetwork(List<Linear> layers, Activation activation) implements Network {
  MlpNetwork {
    layers = List.copyOf(layers);
  }

  @Override
  public Tensor forward(Tensor x, Pass pass) {
    Tensor y = layers.getFirst().forward(x);
    for (Linear layer : layers.subList(1, layers.size())) {
      y = layer.forward(activation.apply(y));
    }
    return y;
  }

  @Override
  public void register(Registry registry) {
    for (int l = 0; l < layers.size(); l++) {
      registry.part("layers." + l, layers.get(l));
    }
  }
}
