package org.kat4j.function.kan;

import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.AutoGradMode;
import org.bytedeco.pytorch.Tensor;

/** Derivatives of functions that act on every element alone. */
final class Slope {
  private Slope() {}

  /** f'(x) of every element, whether or not gradients are being recorded. */
  static Tensor of(UnaryOperator<Tensor> function, Tensor x) {
    Tensor leaf = x.detach().clone().set_requires_grad(true);
    try (var _ = new AutoGradMode(true)) {
      function.apply(leaf).sum().backward();
    }
    return leaf.grad();
  }
}
