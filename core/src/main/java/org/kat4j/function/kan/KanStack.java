package org.kat4j.function.kan;

import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.torch.Part;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Registry;

/**
 * KAN layers one after the other, with nothing between them.
 *
 * @param name what the list of layers is called in the state dict, such as {@code layers}
 * @param layers the layers, first to last
 */
public record KanStack(String name, List<KanLayer> layers) implements Part {
  public KanStack {
    layers = List.copyOf(layers);
  }

  /** {@code [..., in]} to {@code [..., out]}. */
  public Tensor forward(Tensor x, Pass pass) {
    Tensor y = x;
    for (int l = 0; l < layers.size(); l++) {
      y = layers.get(l).forward(y, pass.at(name + "." + l));
    }
    return y;
  }

  @Override
  public void register(Registry registry) {
    for (int l = 0; l < layers.size(); l++) {
      registry.part(name + "." + l, layers.get(l));
    }
  }
}
