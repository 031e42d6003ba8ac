package org.kat4j.torch;

import org.bytedeco.pytorch.Tensor;

/** Receives the names of a part's tensors and children; see {@link Part#register}. */
public interface Registry {
  /**
   * A tensor under its state-dict name; it is trained if it requires a gradient, else only saved
   * (grids, running statistics).
   */
  void tensor(String name, Tensor tensor);

  /** A tensor of {@link #tensor} that is trained without weight decay, whatever its shape. */
  default void undecayed(String name, Tensor tensor) {
    tensor(name, tensor);
  }

  /**
   * A tensor that is neither trained nor saved, since it follows from what the part is made of; it
   * is freed with the part.
   */
  default void derived(Tensor tensor) {}

  /** A child whose names get {@code name + "."} in front. */
  void part(String name, Part child);
}
