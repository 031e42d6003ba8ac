package org.kat4j.kernel;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/**
 * The form of a bump, z = (x - centre) / width; in the order of their numbers in {@code bumps.cu}.
 */
public enum Bump {
  /** exp(-z^2). */
  GAUSSIAN {
    @Override
    public Tensor of(Tensor z) {
      return z.square().neg().exp();
    }
  },
  /** 1 - tanh(z)^2. */
  SWITCH {
    @Override
    public Tensor of(Tensor z) {
      return z.tanh().square().neg().add(new Scalar(1));
    }
  };

  /** Of every element, composed of libtorch's operations. */
  public abstract Tensor of(Tensor z);
}
