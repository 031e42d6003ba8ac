package org.kat4j.bench;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.kernel.Baselines;
import org.kat4j.kernel.CudaGraph;
import org.kat4j.kernel.GroupLayout;
import org.kat4j.kernel.Kernels;
import org.kat4j.kernel.RationalKernel;
import org.kat4j.model.ImageModel;
import org.kat4j.torch.DType;
import org.kat4j.torch.Device;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Precision;
import org.kat4j.torch.Scope;
import org.kat4j.train.NoiseSteps;

/**
 * Checks the GPU kernels on a real GPU against the composed function in float64 on the CPU: all
 * dtypes, odd sizes, high degrees, both layouts; layer norms, of residual streams too; losses and
 * texts of language models; then short trainings against the CPU's. Exit code 1 when one is off.
 *
 * <p>With the argument {@code language} only what language models need is checked.
 *
 * <p>Before the calls two blocks of the size of x go back to the allocator full of NaN, for F and
 * dx to get: an element that is never written shows.
 */
public final class GpuSmoke {
  private GpuSmoke() {}

  private record Shape(int groups, int numeratorRows, int m, int n, long... sizes) {
    /** Whether it is so large that a few extreme values do not outweigh all others in sums. */
    boolean takesExtremes() {
      return Arrays.stream(sizes).reduce(1, Math::multiplyExact) > 1 << 20;
    }

    @Override
    public String toString() {
      return "%s, %d groups, %d numerators, degrees %d over %d"
          .formatted(Arrays.toString(sizes), groups, numeratorRows, m, n);
    }
  }

  private static final List<Shape> SHAPES =
      List.of(
          new Shape(8, 8, 5, 4, 3, 197, 768),
          // Large enough for the backward pass's table:
          new Shape(8, 8, 5, 4, 49, 131, 768),
          new Shape(8, 1, 5, 4, 170, 131, 192),
          new Shape(5, 5, 5, 4, 220, 131, 120), // groups in pairs, one is left over
          new Shape(7, 1, 5, 4, 3, 5, 35),
          new Shape(4, 4, 8, 8, 5, 7, 64),
          new Shape(1, 1, 1, 1, 1, 1, 1),
          new Shape(3, 1, 3, 2, 2, 3, 18),
          new Shape(8, 1, 5, 4, 2, 16, 7, 9));

  /** The table of the backward pass takes |x| below it for 0. */
  private static final float SMALLEST = 0x1p-25f;

  /** Zeros, and values beyond the range of the table. */
  private static final double[] EXTREMES = {0, -0.0, 1e-30, 90, -90};

  // Its sheet's table, mean absolute errors against float64.
  private static final double FLASH_KAT_A = 8.42e-4;
  private static final double FLASH_KAT_B = 9.81e-4;

  private static final int STEPS = 30;
  private static final int BATCH = 20;

  /** Rounding differs between the devices, and training makes small differences grow. */
  private static final List<Training> TRAININGS =
      List.of(
          new Training("kat_nano", Precision.FLOAT32, false, 2e-3),
          new Training("vit_nano", Precision.FLOAT32, false, 2e-3),
          new Training("kat_nano", Precision.BFLOAT16, false, 2e-2),
          new Training("kat_nano", Precision.FLOAT16, false, 2e-2),
          new Training("kat_nano", Precision.FLOAT32, true, 2e-3),
          new Training("kat_nano", Precision.BFLOAT16, true, 2e-2));

  /**
   * A short training that has to reach the loss which the CPU reaches in float32.
   *
   * @param recorded whether its step is recorded as a CUDA graph
   */
  private record Training(String model, Precision precision, boolean recorded, double tolerance) {
    double error(Device gpu) {
      double onCpu = meanLoss(Device.CPU, Precision.FLOAT32, false);
      return Math.abs(meanLoss(gpu, precision, recorded) - onCpu) / onCpu;
    }

    private double meanLoss(Device device, Precision arithmetic, boolean asGraph) {
      var config = NoiseSteps.config(ImageModel.Spec.named(model), device, arithmetic, BATCH);
      try (var step = new NoiseSteps(config, /* recorded= */ false)) {
        if (asGraph) {
          try (CudaGraph graph = CudaGraph.record(device, step)) {
            for (int i = CudaGraph.WARM_UPS; i < STEPS; i++) {
              graph.replay();
            }
          }
        } else {
          for (int i = 0; i < STEPS; i++) {
            step.run();
          }
        }
        return step.lossSum() / STEPS;
      }
    }
  }

  public static void main(String[] arguments) {
    Device gpu = Device.parse("cuda");
    CompilerFailures failures = CompilerFailures.listen();
    int wrong = LanguageChecks.failures(gpu);
    if (!List.of(arguments).contains("language")) {
      wrong += others(gpu);
    }
    // Composed operations pass as well.
    wrong += failures.count();
    System.out.println(wrong == 0 ? "all passed" : wrong + " FAILED");
    System.exit(wrong == 0 ? 0 : 1);
  }

  /** How many of the other checks are off. */
  private static int others(Device gpu) {
    int wrong = 0;
    for (Shape shape : SHAPES) {
      for (DType dtype : DType.values()) {
        double[] errors = errors(shape, dtype, gpu);
        boolean passed =
            Arrays.stream(errors).allMatch(error -> error <= tolerance(dtype)); // not with NaN
        wrong += passed ? 0 : 1;
        System.out.printf(
            Locale.ROOT,
            "%s  %-8s %s  relative errors: F %.1e, dx %.1e, da %.1e, db %.1e%n",
            passed ? "pass" : "FAIL",
            dtype.name().toLowerCase(Locale.ROOT),
            shape,
            errors[0],
            errors[1],
            errors[2],
            errors[3]);
      }
    }
    wrong += coefficientGradients(gpu) ? 0 : 1;
    wrong += NormChecks.failures(gpu);
    wrong += ResidualChecks.failures(gpu);
    wrong += LinearChecks.failures(gpu);
    for (Training training : TRAININGS) {
      double error = training.error(gpu);
      boolean passed = error <= training.tolerance;
      wrong += passed ? 0 : 1;
      System.out.printf(
          Locale.ROOT,
          "%s  %d steps of %s, %s%s  difference to the CPU's mean loss %.1e%n",
          passed ? "pass" : "FAIL",
          STEPS,
          training.model,
          training.precision.name().toLowerCase(Locale.ROOT),
          training.recorded ? ", as a CUDA graph" : "",
          error);
    }
    return wrong + (recordingsThatFail(gpu) ? 0 : 1);
  }

  /**
   * Work that waits for the GPU cannot be recorded: it is refused, and other work is not harmed.
   */
  private static boolean recordingsThatFail(Device gpu) {
    boolean refused = false;
    double[] result;
    try (Scope _ = Scope.open()) {
      Tensor x = Memory.to(Tensor.create(1.0, 2.0, 3.0), gpu);
      try (CudaGraph _ = CudaGraph.record(gpu, () -> Memory.doubles(x))) {
        System.out.println("      what waits for the GPU was recorded");
      } catch (RuntimeException expected) {
        refused = true;
      }
      Runnable doubling =
          () -> {
            try (Scope _ = Scope.open()) {
              x.add_(x);
            }
          };
      try (CudaGraph graph = CudaGraph.record(gpu, doubling)) {
        graph.replay();
        result = Memory.doubles(x);
      }
    }
    double factor = 1 << CudaGraph.WARM_UPS + 1;
    boolean passed =
        refused && Arrays.equals(result, new double[] {factor, 2 * factor, 3 * factor});
    System.out.printf(
        "%s  work that waits for the GPU is not recorded, other work is right after it%n",
        passed ? "pass" : "FAIL");
    return passed;
  }

  /** A few units in the last place of the stored type; sums of thousands of terms in float32. */
  static double tolerance(DType dtype) {
    return switch (dtype) {
      case FLOAT64 -> 1e-13;
      case FLOAT32 -> 4e-6;
      case BFLOAT16 -> 0x1p-8;
      case FLOAT16 -> 0x1p-11;
    };
  }

  /** Of F, dx, da, db. */
  private static double[] errors(Shape shape, DType dtype, Device gpu) {
    try (Scope _ = Scope.open()) {
      DType real = dtype == DType.FLOAT64 ? DType.FLOAT64 : DType.FLOAT32;
      Tensor normal = Memory.to(Baselines.normal("float64", shape.sizes), dtype);
      Tensor large = normal.abs().ge(Memory.like(normal, new float[] {SMALLEST}, 1));
      Tensor x = normal.mul(Memory.to(large, dtype));
      if (shape.takesExtremes()) {
        x.view(-1).narrow(0, 0, EXTREMES.length).copy_(Tensor.create(EXTREMES));
      }
      Tensor upstream = Memory.to(Baselines.normal("float64", shape.sizes), dtype);
      Tensor a = Memory.to(Baselines.normal("float64", shape.numeratorRows, shape.m + 1), real);
      Tensor b = Memory.to(Baselines.normal("float64", shape.groups, shape.n), real);
      GroupLayout layout =
          shape.sizes.length == 4
              ? GroupLayout.channelsFirst(x, shape.groups)
              : GroupLayout.channelsLast(x, shape.groups);
      Tensor[] exact = results(Kernels.composedRational(), layout, wide(x, upstream, a, b));
      Tensor[] onGpu = new Tensor[4];
      Tensor[] inputs = {x, upstream, a, b};
      for (int i = 0; i < inputs.length; i++) {
        onGpu[i] = Memory.to(inputs[i], gpu);
      }
      try (Tensor poison = Memory.to(x.mul(nan(x)), gpu);
          Tensor again = poison.clone()) {
        again.size(0); // nothing to do but give both back
      }
      Tensor[] found = results(Kernels.rational(onGpu[0]), layout, onGpu);
      double[] errors = new double[found.length];
      for (int i = 0; i < found.length; i++) {
        errors[i] = RelativeError.of(Memory.doubles(found[i]), Memory.doubles(exact[i]));
      }
      return errors;
    }
  }

  /**
   * Rounding of the coefficients' gradients in float32, measured as FlashKAT measures its own: sums
   * over x, upstream ~ N(0, 1) of [1024, 197, 768], mean absolute error against float64.
   */
  private static boolean coefficientGradients(Device gpu) {
    try (Scope _ = Scope.open()) {
      int groups = 8;
      Tensor x = Memory.to(Baselines.normal("float32", 1024, 197, 768), gpu);
      Tensor upstream = Memory.to(Baselines.normal("float32", 1024, 197, 768), gpu);
      Tensor a = Memory.to(Baselines.normal("float32", groups, 6), gpu);
      Tensor b = Memory.to(Baselines.normal("float32", groups, 4), gpu);
      GroupLayout layout = GroupLayout.channelsLast(x, groups);
      RationalKernel kernel = Kernels.rational(x);
      var found = kernel.backward(upstream, x, a, b, layout);
      Tensor[] exactly = wide(upstream, x, a, b);
      var exact = kernel.backward(exactly[0], exactly[1], exactly[2], exactly[3], layout);
      double errorOfA = meanError(found.numerator(), exact.numerator());
      double errorOfB = meanError(found.denominator(), exact.denominator());
      boolean passed = errorOfA <= FLASH_KAT_A && errorOfB <= FLASH_KAT_B;
      System.out.printf(
          Locale.ROOT,
          "%s  mean absolute error of the coefficients' gradients %.2e (a), %.2e (b); FlashKAT's own %.2e, %.2e%n",
          passed ? "pass" : "FAIL",
          errorOfA,
          errorOfB,
          FLASH_KAT_A,
          FLASH_KAT_B);
      return passed;
    }
  }

  private static double meanError(Tensor found, Tensor exact) {
    double[] f = Memory.doubles(found);
    double[] e = Memory.doubles(exact);
    double sum = 0;
    for (int i = 0; i < e.length; i++) {
      sum += Math.abs(f[i] - e[i]);
    }
    return sum / e.length;
  }

  private static Tensor[] wide(Tensor... tensors) {
    Tensor[] all = new Tensor[tensors.length];
    for (int i = 0; i < all.length; i++) {
      all[i] = Memory.to(tensors[i], DType.FLOAT64);
    }
    return all;
  }

  private static Tensor nan(Tensor like) {
    return Memory.like(like, new float[] {Float.NaN}, 1);
  }

  /** F, dx, da, db of x, upstream, a, b. */
  private static Tensor[] results(RationalKernel kernel, GroupLayout layout, Tensor[] inputs) {
    Tensor y = kernel.forward(inputs[0], inputs[2], inputs[3], layout);
    var gradients = kernel.backward(inputs[1], inputs[0], inputs[2], inputs[3], layout);
    return new Tensor[] {y, gradients.x(), gradients.numerator(), gradients.denominator()};
  }
}
