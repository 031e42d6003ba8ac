package org.kat4j.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.torch.Backpropagation;
import org.kat4j.torch.DType;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Part;
import org.kat4j.torch.StateDict;

/** A part on a GPU and the same composed in float64 on the CPU. */
final class Twins {
  private Twins() {}

  /** Draws the parameters of both from a normal distribution, as values that {@code dtype} has. */
  static void draw(Part part, Part twin, DType dtype, long seed) {
    Map<String, Tensor> twins = StateDict.of(twin);
    for (var parameter : StateDict.of(part).entrySet()) {
      Tensor of = parameter.getValue();
      Tensor values = Memory.to(BasisFunctions.normal(seed++, of.shape()), dtype);
      Backpropagation.set(of, values);
      Backpropagation.set(Objects.requireNonNull(twins.get(parameter.getKey())), values);
    }
  }

  /** The gradients of all parameters, which lose them; zeros where there are none. */
  static List<double[]> takeGradients(Part part) {
    Map<String, Tensor> parameters = StateDict.of(part);
    List<double[]> all = new ArrayList<>();
    for (Tensor parameter : parameters.values()) {
      Tensor gradient = parameter.grad();
      all.add(gradient.defined() ? Memory.doubles(gradient) : new double[(int) parameter.numel()]);
    }
    StateDict.clearGradients(parameters);
    return all;
  }

  /** Whether each error is within its tolerance, and none is NaN. */
  static boolean within(double[] errors, double[] tolerances) {
    for (int i = 0; i < errors.length; i++) {
      if (!(errors[i] <= tolerances[i])) {
        return false;
      }
    }
    return true;
  }
}
