package org.kat4j.kernel;

import org.bytedeco.pytorch.Tensor;

/** The squares that {@link PlaneRotations} give, and their gradient. */
public interface RotationKernel {
  /**
   * A fresh contiguous tensor of the caller's scope.
   *
   * @param angles {@code [samples, angles]}
   * @return {@code [samples, tokens, tokens]}
   */
  Tensor forward(Tensor angles);

  /**
   * dL/dangles. Nothing is kept from the forward: it runs again, and the rotations are turned back.
   *
   * @param upstream dL/dP, {@code [samples, tokens, tokens]}
   */
  Tensor backward(Tensor upstream, Tensor angles);
}
