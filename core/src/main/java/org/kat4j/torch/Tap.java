package org.kat4j.torch;

import org.bytedeco.pytorch.Tensor;

/**
 * Receives the intermediate results of a forward pass under stable names such as {@code
 * blocks.0.attn}.
 *
 * <p>{@link #NONE} does nothing and allocates nothing. A tap that keeps a tensor beyond the pass
 * must retain it.
 */
@FunctionalInterface
public interface Tap {
  void record(String name, Tensor value);

  /** The same tap for a part called {@code name}: its names get {@code name + "."} in front. */
  default Tap at(String name) {
    return (inner, value) -> record(name + "." + inner, value);
  }

  /** Records nothing. */
  Tap NONE =
      new Tap() {
        @Override
        public void record(String name, Tensor value) {}

        @Override
        public Tap at(String name) {
          return this;
        }
      };
}
