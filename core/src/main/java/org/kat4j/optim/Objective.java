package org.kat4j.optim;

import java.util.Collection;
import java.util.function.Supplier;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.torch.Scope;

/** A number to be made small, and its slope. */
@FunctionalInterface
public interface Objective {
  /**
   * @param point where to look; not to be changed
   * @param gradient receives the derivatives, of the point's length
   * @return the value; not finite where the function does not exist
   */
  double at(double[] point, double[] gradient);

  /**
   * A scalar loss as a function of the tensors it is computed from; one scope an evaluation.
   *
   * @param parameters leaves that require gradients, in the order of {@link FlatTensors}
   * @param loss computes the loss anew from the tensors' present values
   */
  static Objective of(Collection<Tensor> parameters, Supplier<Tensor> loss) {
    return (point, gradient) -> {
      try (Scope _ = Scope.open()) {
        FlatTensors.write(point, parameters);
        FlatTensors.clearGradients(parameters);
        Tensor value = loss.get();
        value.backward();
        FlatTensors.readGradients(parameters, gradient);
        return value.item_double();
      }
    };
  }
}
