package org.kat4j.model;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.kat4j.torch.Part;
import org.kat4j.torch.Registry;

/**
 * A learnable vector for each numbered token.
 *
 * @param weight {@code [vocabulary, width]}
 */
record Embedding(Tensor weight) implements Part {
  /** Numbers {@code [...]}, int64, to {@code [..., width]}. */
  Tensor forward(Tensor numbers) {
    return torch.embedding(weight, numbers);
  }

  @Override
  public void register(Registry registry) {
    registry.tensor("weight", weight);
  }
}
