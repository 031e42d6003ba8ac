package org.kat4j.torch;

import org.bytedeco.pytorch.Tensor;

/** Receives the names of a part's tensors and children; see {@link Part#register}. */
public interface Registry {
  /** A trainable tensor under its state-dict name. */
  void tensor(String name, Tensor tensor);

  /** A child whose names get {@code name + "."} in front. */
  void part(String name, Part child);
}
