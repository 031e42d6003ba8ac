package org.kat4j.recurrent;

import org.bytedeco.pytorch.Tensor;

/** What bounds, or does not bound, the values of a cell. */
public enum Nonlinearity {
  TANH,
  RELU;

  Tensor apply(Tensor x) {
    return switch (this) {
      case TANH -> x.tanh();
      case RELU -> x.relu();
    };
  }
}
