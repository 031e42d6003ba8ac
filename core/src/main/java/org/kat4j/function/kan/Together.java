package org.kat4j.function.kan;

import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * How the outputs y_m of several methods of one layer become one. Source: {@code combined_type} of
 * hoangthangta/All-KAN.
 */
public enum Together {
  /** sum_m y_m. */
  SUM,
  /** prod_m y_m. */
  PRODUCT,
  /** sum_m y_m + prod_m y_m. */
  SUM_PRODUCT,
  /** sum_m y_m + prod_m y_m + sum_m y_m^2. */
  QUADRATIC;

  /** Tensors of one shape to one of that shape; a single one stays as it is. */
  public Tensor of(List<Tensor> outputs) {
    if (outputs.size() == 1) {
      return outputs.getFirst();
    }
    Tensor y = torch.stack(new TensorVector(outputs.toArray(Tensor[]::new))); // [methods, ...]
    return switch (this) {
      case SUM -> y.sum(0);
      case PRODUCT -> y.prod(0);
      case SUM_PRODUCT -> y.sum(0).add(y.prod(0));
      case QUADRATIC -> y.sum(0).add(y.prod(0)).add(y.square().sum(0));
    };
  }
}
