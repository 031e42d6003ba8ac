package org.kat4j.bench;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.function.Activation;
import org.kat4j.function.kan.BSpline;
import org.kat4j.function.kan.KanLayer;
import org.kat4j.function.kan.PykanSpline;
import org.kat4j.function.kan.RadialBasis;
import org.kat4j.torch.Backpropagation;
import org.kat4j.torch.Context;
import org.kat4j.torch.DType;
import org.kat4j.torch.Device;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Precision;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;

/** KAN layers with their kernels on a GPU against their composed twins in float64 on the CPU. */
final class LayerChecks {
  private LayerChecks() {}

  /** A layer whose outputs and gradients have to be those of its composed twin. */
  private record Layer(KanLayer.Spec spec, int rows, int in, int out) {
    @Override
    public String toString() {
      return "%s, %d x %d -> %d"
          .formatted(spec.getClass().getName().replaceAll(".*[.]|[$].*", ""), rows, in, out);
    }
  }

  private static final List<Layer> LAYERS =
      List.of(
          new Layer(BSpline.Spec.example(), 500, 96, 40),
          new Layer(new BSpline.Spec(4, 2, -2, 2, Activation.GELU, false, 0.02), 77, 35, 19),
          new Layer(PykanSpline.Spec.example(), 500, 96, 40),
          new Layer(RadialBasis.Spec.example(), 500, 96, 40),
          new Layer(RadialBasis.Spec.fasterKan(), 77, 35, 19));

  /** How many are off; prints a line for each check. */
  static int failures(Device gpu) {
    int wrong = 0;
    for (Layer layer : LAYERS) {
      for (Precision precision : List.of(Precision.FLOAT32, Precision.BFLOAT16)) {
        wrong += passes(layer, precision, gpu) ? 0 : 1;
      }
    }
    return wrong;
  }

  private static boolean passes(Layer layer, Precision precision, Device gpu) {
    try (Scope _ = Scope.open()) {
      Context context = Context.cpu(3).withDType(DType.FLOAT64).composed();
      KanLayer twin = layer.spec.build(layer.in, layer.out, context);
      KanLayer fused = layer.spec.build(layer.in, layer.out, Context.cpu(3).withDevice(gpu));
      if (twin instanceof BSpline splines) {
        splines.updateGrid(
            BasisFunctions.normal(5, 200, layer.in), 0.01); // knots that differ from input to input
      }
      Map<String, Tensor> twins = StateDict.of(twin);
      StateDict.of(fused)
          .forEach((name, tensor) ->
              Backpropagation.set(tensor, Objects.requireNonNull(twins.get(name)).detach()));
      // The twin gets the values as the GPU's dtype has them.
      StateDict.of(fused)
          .forEach((name, tensor) ->
              Backpropagation.set(Objects.requireNonNull(twins.get(name)), tensor.detach()));
      Tensor x = Memory.to(BasisFunctions.normal(6, layer.rows, layer.in), DType.FLOAT32);
      Tensor upstream = Memory.to(BasisFunctions.normal(7, layer.rows, layer.out), DType.BFLOAT16);
      Tensor leaf = Backpropagation.leaf(x, DType.FLOAT64);
      Tensor onGpu = Backpropagation.leaf(Memory.to(x, gpu), DType.FLOAT32);
      Tensor y;
      try (var _ = precision.on(gpu)) {
        y = fused.forward(onGpu, Pass.evaluation());
      }
      Tensor expected = twin.forward(leaf, Pass.evaluation());
      Backpropagation.run(y, upstream);
      Backpropagation.run(expected, upstream);
      double worst =
          Math.max(
              RelativeError.of(Memory.doubles(y), Memory.doubles(expected)),
              RelativeError.of(Memory.doubles(onGpu.grad()), Memory.doubles(leaf.grad())));
      for (var entry : StateDict.trained(fused).entrySet()) {
        Tensor other = Objects.requireNonNull(twins.get(entry.getKey()));
        double error =
            RelativeError.of(Memory.doubles(entry.getValue().grad()), Memory.doubles(other.grad()));
        worst = Math.max(worst, error);
      }
      boolean passed = worst <= (precision == Precision.FLOAT32 ? 1e-4 : 3e-2);
      System.out.printf(
          Locale.ROOT,
          "%s  %-8s  %s  largest relative error of output and gradients %.1e%n",
          passed ? "pass" : "FAIL",
          precision.name().toLowerCase(Locale.ROOT),
          layer,
          worst);
      return passed;
    }
  }
}
