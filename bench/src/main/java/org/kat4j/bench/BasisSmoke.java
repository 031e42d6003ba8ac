package org.kat4j.bench;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.function.Activation;
import org.kat4j.kernel.BasisKernel;
import org.kat4j.kernel.Bump;
import org.kat4j.torch.Backpropagation;
import org.kat4j.torch.DType;
import org.kat4j.torch.Device;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Precision;
import org.kat4j.torch.Scope;

/**
 * Checks the GPU kernels of KAN layers on a real GPU against the composed functions in float64 on
 * the CPU: all dtypes, orders 1 to 5, uneven and repeated knots, inputs on knots, at both ends and
 * outside, many functions; then whole layers with their gradients. Exit code 1 when one is off.
 *
 * <p>Before the calls blocks of the sizes of the results go back to the allocator full of NaN, for
 * the results to get: an element that is never written shows. Each call runs twice and has to give
 * the same bits.
 */
public final class BasisSmoke {
  private BasisSmoke() {}

  /** Arithmetic of a call: x, and the precision that the values are asked for in. */
  private record Types(DType x, Precision precision) {
    DType values() {
      return switch (precision) {
        case BFLOAT16 -> DType.BFLOAT16;
        case FLOAT16 -> DType.FLOAT16;
        case FLOAT64, FLOAT32, TF32 -> x;
      };
    }

    DType real() {
      return x == DType.FLOAT64 ? DType.FLOAT64 : DType.FLOAT32;
    }

    @Override
    public String toString() {
      return "%-8s to %-8s".formatted(x, values()).toLowerCase(Locale.ROOT);
    }
  }

  private static final List<Types> TYPES =
      List.of(
          new Types(DType.FLOAT64, Precision.FLOAT32),
          new Types(DType.FLOAT32, Precision.FLOAT32),
          new Types(DType.BFLOAT16, Precision.FLOAT32),
          new Types(DType.FLOAT16, Precision.FLOAT32),
          new Types(DType.FLOAT32, Precision.BFLOAT16),
          new Types(DType.FLOAT32, Precision.FLOAT16));

  private static final List<BasisFunctions> FUNCTIONS =
      List.of(
          new BasisFunctions.Splines(5, 3, true, 4, 197, 192),
          new BasisFunctions.Splines(5, 3, false, 37, 131),
          new BasisFunctions.Splines(3, 3, true, 1000, 33),
          new BasisFunctions.Splines(1, 1, false, 50, 3),
          new BasisFunctions.Splines(7, 1, true, 3, 5, 35),
          new BasisFunctions.Splines(4, 2, false, 65, 64),
          new BasisFunctions.Splines(6, 4, false, 70, 31),
          new BasisFunctions.Splines(3, 5, true, 70, 96),
          new BasisFunctions.Splines(5, 8, false, 70, 40),
          new BasisFunctions.Splines(50, 3, false, 300, 40),
          new BasisFunctions.Splines(1, 1, true, 1, 1),
          new BasisFunctions.Bumps(8, Bump.GAUSSIAN, 4, 197, 192),
          new BasisFunctions.Bumps(8, Bump.SWITCH, 37, 131),
          new BasisFunctions.Bumps(5, Bump.GAUSSIAN, 70, 33),
          new BasisFunctions.Bumps(12, Bump.SWITCH, 70, 64),
          new BasisFunctions.Bumps(100, Bump.GAUSSIAN, 70, 40),
          new BasisFunctions.Bumps(1, Bump.SWITCH, 1, 2));

  public static void main(String[] arguments) {
    Device gpu = Device.parse("cuda");
    int wrong = 0;
    for (BasisFunctions functions : FUNCTIONS) {
      for (Types types : TYPES) {
        wrong += passes(functions, types, gpu) ? 0 : 1;
      }
    }
    wrong += LayerChecks.failures(gpu);
    System.out.println(wrong == 0 ? "all passed" : wrong + " FAILED");
    System.exit(wrong == 0 ? 0 : 1);
  }

  private static boolean passes(BasisFunctions functions, Types types, Device gpu) {
    try (Scope _ = Scope.open()) {
      long[] sizes = functions.sizes();
      Tensor x = Memory.to(functions.inputs(), types.x);
      Tensor onGpu = Memory.to(x, gpu);
      Optional<BasisKernel> kernel;
      try (var _ = types.precision.on(gpu)) {
        kernel = functions.kernel(onGpu, gpu, types.real());
      }
      if (kernel.isEmpty()) {
        System.out.println("FAIL  " + types + "  " + functions + "  has no kernel");
        return false;
      }
      boolean silu = kernel.get().silu();
      Tensor leaf = Backpropagation.leaf(x, DType.FLOAT64);
      Tensor basis = functions.composed(leaf, types.real());
      Tensor last = Activation.SILU.apply(leaf);
      long perInput = basis.size(-1) + (silu ? 1 : 0);
      long[] shape = Arrays.copyOf(sizes, sizes.length + 1);
      shape[sizes.length] = perInput;
      Tensor upstream = Memory.to(BasisFunctions.normal(2, shape), types.values());
      Tensor exactly = Memory.to(upstream, DType.FLOAT64);
      Backpropagation.run(basis, exactly.narrow(-1, 0, basis.size(-1)));
      if (silu) {
        Backpropagation.run(last, exactly.select(-1, perInput - 1));
      }

      Tensor u = Memory.to(upstream, gpu);
      poison(u, onGpu);
      Tensor values = kernel.get().forward(onGpu);
      Tensor gradient = kernel.get().backward(u, onGpu);
      double[] v = Memory.doubles(values);
      double[] g = Memory.doubles(gradient);
      double ofBasis = RelativeError.of(v, values(basis, last, silu));
      double ofGradient = RelativeError.of(g, Memory.doubles(leaf.grad()));
      boolean same =
          Arrays.equals(v, Memory.doubles(kernel.get().forward(onGpu)))
              && Arrays.equals(g, Memory.doubles(kernel.get().backward(u, onGpu)));
      boolean passed =
          ofBasis <= tolerance(types.values())
              && ofGradient <= tolerance(types.x)
              && same
              && DType.of(values) == types.values()
              && DType.of(gradient) == types.x;
      System.out.printf(
          Locale.ROOT,
          "%s  %s  %s  largest relative error %.1e, of the gradient %.1e%s%n",
          passed ? "pass" : "FAIL",
          types,
          functions,
          ofBasis,
          ofGradient,
          same ? "" : ", not the same bits again");
      return passed;
    }
  }

  /** Blocks like these, full of NaN, for the results to get. */
  static void poison(Tensor... like) {
    for (Tensor tensor : like) {
      try (Tensor nan = Memory.like(tensor, new float[] {Float.NaN}, 1);
          Tensor full = tensor.mul(nan);
          Tensor again = full.clone()) {
        again.size(0); // nothing to do but give them back
      }
    }
  }

  /** The composed values, silu behind those of each input. */
  private static double[] values(Tensor basis, Tensor last, boolean silu) {
    double[] functions = Memory.doubles(basis);
    if (!silu) {
      return functions;
    }
    double[] each = Memory.doubles(last);
    int n = (int) basis.size(-1);
    double[] all = new double[each.length * (n + 1)];
    for (int e = 0; e < each.length; e++) {
      System.arraycopy(functions, e * n, all, e * (n + 1), n);
      all[e * (n + 1) + n] = each[e];
    }
    return all;
  }

  /** A few units in the last place of the stored type, on differences of neighbouring knots. */
  private static double tolerance(DType dtype) {
    return switch (dtype) {
      case FLOAT64 -> 1e-12;
      case FLOAT32 -> 2e-5;
      case BFLOAT16 -> 0x1p-8;
      case FLOAT16 -> 0x1p-10;
    };
  }
}
