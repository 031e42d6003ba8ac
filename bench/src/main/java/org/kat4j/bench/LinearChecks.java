package org.kat4j.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.function.Linear;
import org.kat4j.kernel.Kernels;
import org.kat4j.torch.Backpropagation;
import org.kat4j.torch.Context;
import org.kat4j.torch.DType;
import org.kat4j.torch.Device;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Precision;
import org.kat4j.torch.Scope;

/**
 * Linear layers under autocast on a GPU, with gradients of our own, against libtorch's in float64
 * on the CPU; each runs twice and has to give the same bits.
 */
final class LinearChecks {
  private LinearChecks() {}

  /**
   * @param x dtype of the input
   * @param precision of autocast
   * @param lower dtype of the matrix products
   */
  private record Types(DType x, Precision precision, DType lower) {
    @Override
    public String toString() {
      return "%-8s in %-8s".formatted(x, lower).toLowerCase(Locale.ROOT);
    }
  }

  private static final List<Types> TYPES =
      List.of(
          new Types(DType.FLOAT32, Precision.BFLOAT16, DType.BFLOAT16),
          new Types(DType.BFLOAT16, Precision.BFLOAT16, DType.BFLOAT16),
          new Types(DType.FLOAT16, Precision.FLOAT16, DType.FLOAT16));

  /**
   * @param sizes of x
   */
  private record Shape(int out, long... sizes) {
    int in() {
      return (int) sizes[sizes.length - 1];
    }

    long[] ofResult() {
      long[] result = sizes.clone();
      result[result.length - 1] = out;
      return result;
    }
  }

  private static final List<Shape> SHAPES =
      List.of(
          new Shape(1, 1, 1),
          new Shape(5, 3, 7),
          new Shape(12, 4, 5, 24),
          new Shape(576, 16, 197, 192),
          new Shape(2100, 1001, 40)); // more packs in a row than a block has threads

  /** How many are off; prints a line for each check. */
  static int failures(Device gpu) {
    int wrong = 0;
    for (Shape shape : SHAPES) {
      for (Types types : TYPES) {
        wrong += passes(shape, types, gpu) ? 0 : 1;
      }
      for (DType dtype : DType.values()) {
        wrong += sumsPass(shape, dtype, gpu) ? 0 : 1;
      }
    }
    return wrong;
  }

  /** Sums of the columns alone, in all dtypes. */
  private static boolean sumsPass(Shape shape, DType dtype, Device gpu) {
    try (Scope _ = Scope.open()) {
      Tensor x = Memory.to(BasisFunctions.normal(1, shape.sizes), dtype).reshape(-1, shape.in());
      double[] exact = Memory.doubles(Kernels.columnSums(Memory.to(x, DType.FLOAT64)));
      Tensor onGpu = Memory.to(x, gpu);
      BasisSmoke.poison(onGpu);
      double error = RelativeError.of(Memory.doubles(Kernels.columnSums(onGpu)), exact);
      DType real = dtype == DType.FLOAT64 ? DType.FLOAT64 : DType.FLOAT32;
      boolean passed = error <= GpuSmoke.tolerance(real); // not with NaN
      System.out.printf(
          Locale.ROOT,
          "%s  %-8s  sums of columns, %s  relative error %.1e%n",
          passed ? "pass" : "FAIL",
          dtype.name().toLowerCase(Locale.ROOT),
          Arrays.toString(x.shape()),
          error);
      return passed;
    }
  }

  private static boolean passes(Shape shape, Types types, Device gpu) {
    try (Scope _ = Scope.open()) {
      // Values that the lower type has: what is off then comes from the layer.
      Tensor x = Memory.to(Memory.to(BasisFunctions.normal(1, shape.sizes), types.lower), types.x);
      Tensor upstream = Memory.to(BasisFunctions.normal(2, shape.ofResult()), types.lower);
      Context exactly = Context.cpu(3).withDType(DType.FLOAT64).composed();
      Linear twin = new Linear(shape.in(), shape.out, true, exactly);
      Linear layer = new Linear(shape.in(), shape.out, true, Context.cpu(3).withDevice(gpu));
      Twins.draw(layer, twin, types.lower, 3);
      Types exact = new Types(DType.FLOAT64, Precision.FLOAT32, DType.FLOAT64);
      double[][] expected = results(twin, exact, x, upstream);
      double[][] found = results(layer, types, Memory.to(x, gpu), upstream);
      double[][] again = results(layer, types, Memory.to(x, gpu), upstream);
      double[] tolerances = {
        GpuSmoke.tolerance(types.lower),
        GpuSmoke.tolerance(types.lower),
        GpuSmoke.tolerance(DType.FLOAT32),
        GpuSmoke.tolerance(DType.FLOAT32)
      };
      double[] errors = new double[expected.length];
      Arrays.setAll(errors, i -> RelativeError.of(found[i], expected[i]));
      boolean passed = Arrays.deepEquals(found, again) && Twins.within(errors, tolerances);
      System.out.printf(
          Locale.ROOT,
          "%s  %s  linear, %s to %d  relative errors: y %.1e, dx %.1e, dweight %.1e, dbias %.1e%n",
          passed ? "pass" : "FAIL",
          types,
          Arrays.toString(shape.sizes),
          shape.out,
          errors[0],
          errors[1],
          errors[2],
          errors[3]);
      return passed;
    }
  }

  /** y, dL/dx, dL/dweight, dL/dbias. */
  private static double[][] results(Linear layer, Types types, Tensor x, Tensor upstream) {
    Tensor leaf = Backpropagation.leaf(x, types.x);
    Tensor y;
    try (var _ = types.precision.on(Device.of(x))) {
      y = layer.forward(leaf);
    }
    Backpropagation.run(y, upstream);
    List<double[]> all = new ArrayList<>(List.of(Memory.doubles(y), Memory.doubles(leaf.grad())));
    all.addAll(Twins.takeGradients(layer));
    return all.toArray(double[][]::new);
  }
}
