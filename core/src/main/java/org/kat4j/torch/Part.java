package org.kat4j.torch;

/** A part of a model that owns named tensors or has children that do. */
public interface Part {
  /** Names tensors and children in the order of the reference's state dict. */
  void register(Registry registry);
}
