package org.kat4j.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.function.LayerNorm;
import org.kat4j.kernel.Kernels;
import org.kat4j.torch.Backpropagation;
import org.kat4j.torch.Context;
import org.kat4j.torch.DType;
import org.kat4j.torch.Device;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Precision;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;

/**
 * Layer norms with their kernel on a GPU against libtorch's in float64 on the CPU, results poisoned
 * with NaN before; each runs twice and has to give the same bits.
 */
final class NormChecks {
  private NormChecks() {}

  private static final double EPSILON = 1e-6;
  private static final int LARGEST_ROW = 4096; // bytes that the threads of a warp hold

  /**
   * @param x dtype of the input
   * @param precision of autocast
   * @param lowered whether the result is asked for in the lower type
   */
  private record Types(DType x, Precision precision, boolean lowered) {
    DType y() {
      return switch (precision) {
        case BFLOAT16 -> lowered ? DType.BFLOAT16 : DType.FLOAT32;
        case FLOAT16 -> lowered ? DType.FLOAT16 : DType.FLOAT32;
        case FLOAT64, FLOAT32, TF32 -> x;
      };
    }

    DType real() {
      return x == DType.FLOAT64 ? DType.FLOAT64 : DType.FLOAT32;
    }

    boolean haveKernel(long width) {
      return width * (x == DType.FLOAT64 ? Double.BYTES : Float.BYTES) <= LARGEST_ROW;
    }

    @Override
    public String toString() {
      return "%-8s to %-8s".formatted(x, y()).toLowerCase(Locale.ROOT);
    }
  }

  private static final List<Types> TYPES =
      List.of(
          new Types(DType.FLOAT64, Precision.FLOAT32, false),
          new Types(DType.FLOAT32, Precision.FLOAT32, false),
          new Types(DType.FLOAT32, Precision.BFLOAT16, true),
          new Types(DType.FLOAT32, Precision.FLOAT16, true),
          new Types(DType.BFLOAT16, Precision.BFLOAT16, true),
          new Types(DType.BFLOAT16, Precision.BFLOAT16, false));

  /** Rows and widths. The last one is too wide for the kernel. */
  private static final List<long[]> SHAPES =
      List.of(
          new long[] {1, 7},
          new long[] {1001, 8},
          new long[] {3, 5, 24},
          new long[] {37, 35},
          new long[] {8, 197, 192},
          new long[] {41, 197, 384},
          new long[] {9, 197, 768},
          new long[] {131, 1000},
          new long[] {17, 1030});

  /** How many are off; prints a line for each check. */
  static int failures(Device gpu) {
    int wrong = 0;
    for (long[] sizes : SHAPES) {
      for (Types types : TYPES) {
        wrong += passes(sizes, types, gpu) ? 0 : 1;
      }
    }
    return wrong;
  }

  private static boolean passes(long[] sizes, Types types, Device gpu) {
    try (Scope _ = Scope.open()) {
      int width = (int) sizes[sizes.length - 1];
      Tensor x = Memory.to(BasisFunctions.normal(1, sizes), types.x);
      Tensor upstream = Memory.to(BasisFunctions.normal(2, sizes), types.y());
      Context exactly = Context.cpu(3).withDType(DType.FLOAT64).composed();
      LayerNorm twin = new LayerNorm(width, EPSILON, exactly);
      LayerNorm norm =
          new LayerNorm(width, EPSILON, Context.cpu(3).withDType(types.real()).withDevice(gpu));
      Twins.draw(norm, twin, types.real(), 3);
      double[][] exact =
          results(twin, new Types(DType.FLOAT64, Precision.FLOAT32, false), x, upstream);
      Tensor onGpu = Memory.to(x, gpu);
      Tensor u = Memory.to(upstream, gpu);
      BasisSmoke.poison(onGpu, u);
      double[][] found = results(norm, types, onGpu, u);
      double[][] again = results(norm, types, onGpu, u);
      double[] tolerances = {
        GpuSmoke.tolerance(types.y()),
        GpuSmoke.tolerance(types.x),
        GpuSmoke.tolerance(types.real()),
        GpuSmoke.tolerance(types.real())
      };
      double[] errors = new double[exact.length];
      Arrays.setAll(errors, i -> RelativeError.of(found[i], exact[i]));
      boolean kernel = hasKernel(norm, types, onGpu);
      boolean passed =
          kernel == types.haveKernel(width)
              && (!kernel || Arrays.deepEquals(found, again))
              && Twins.within(errors, tolerances);
      System.out.printf(
          Locale.ROOT,
          "%s  %s  layer norm over %s%s  relative errors: y %.1e, dx %.1e, dweight %.1e, dbias %.1e%n",
          passed ? "pass" : "FAIL",
          types,
          Arrays.toString(sizes),
          kernel ? "" : ", libtorch's",
          errors[0],
          errors[1],
          errors[2],
          errors[3]);
      return passed;
    }
  }

  private static boolean hasKernel(LayerNorm norm, Types types, Tensor x) {
    Map<String, Tensor> parameters = StateDict.of(norm);
    return Kernels.layerNorm(
            x,
            types.y(),
            Objects.requireNonNull(parameters.get("weight")),
            Objects.requireNonNull(parameters.get("bias")))
        .isPresent();
  }

  /** y, dL/dx, dL/dweight, dL/dbias. */
  private static double[][] results(LayerNorm norm, Types types, Tensor x, Tensor upstream) {
    Tensor leaf = Backpropagation.leaf(x, types.x);
    Tensor y;
    try (var _ = types.precision.on(Device.of(x))) {
      y = types.lowered ? norm.forwardLowered(leaf) : norm.forward(leaf);
    }
    Backpropagation.run(y, upstream);
    List<double[]> all = new ArrayList<>(List.of(Memory.doubles(y), Memory.doubles(leaf.grad())));
    all.addAll(Twins.takeGradients(norm));
    return all.toArray(double[][]::new);
  }
}
