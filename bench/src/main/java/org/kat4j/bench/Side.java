package org.kat4j.bench;

import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.kernel.Baselines;
import org.kat4j.torch.DType;
import org.kat4j.torch.Device;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Part;
import org.kat4j.torch.Precision;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;

/** One of the parts that are compared, and what it computes. */
record Side(Part part, UnaryOperator<Tensor> function) {
  /** A forward without gradients, and a forward with a backward. */
  List<Runnable> both(Precision precision, Tensor x) {
    Device device = Device.of(x);
    Map<String, Tensor> parameters = StateDict.trained(part);
    // In the dtype of the output, so that nothing is converted while the clock runs.
    long[] shape;
    DType dtype;
    try (Scope _ = Scope.open();
        var _ = precision.on(device);
        var _ = Scope.noGradients()) {
      Tensor y = function.apply(x);
      shape = y.shape();
      dtype = DType.of(y);
    }
    Tensor upstream = Memory.to(Memory.to(Baselines.normal("float32", shape), device), dtype);
    return List.of(
        () -> {
          try (Scope _ = Scope.open();
              var _ = Scope.noGradients();
              var _ = precision.on(device)) {
            var _ = function.apply(x);
          }
        },
        () -> {
          try (Scope _ = Scope.open()) {
            Tensor leaf = x.detach().set_requires_grad(true);
            Tensor y;
            try (var _ = precision.on(device)) {
              y = function.apply(leaf);
            }
            precision.backward(y, upstream);
            StateDict.clearGradients(parameters);
          }
        });
  }
}
