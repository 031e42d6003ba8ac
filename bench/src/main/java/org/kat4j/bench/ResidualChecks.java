package org.kat4j.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.block.Block;
import org.kat4j.block.Residual;
import org.kat4j.block.Sublayers;
import org.kat4j.channel.GroupRationalMlp;
import org.kat4j.function.LayerNorm;
import org.kat4j.function.Norm;
import org.kat4j.kernel.Kernels;
import org.kat4j.token.Attention;
import org.kat4j.torch.Backpropagation;
import org.kat4j.torch.Context;
import org.kat4j.torch.DType;
import org.kat4j.torch.Device;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Part;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Precision;
import org.kat4j.torch.Registry;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;

/**
 * A branch added to a residual stream together with the norm that follows: the kernel on a GPU, and
 * blocks that use it, against the same in float64 on the CPU.
 */
final class ResidualChecks {
  private ResidualChecks() {}

  private static final double EPSILON = 1e-6;

  /** Rows and widths. */
  private static final List<long[]> SHAPES =
      List.of(
          new long[] {37, 35},
          new long[] {3, 5, 24},
          new long[] {8, 197, 192},
          new long[] {41, 197, 384},
          new long[] {9, 197, 768});

  /** What of the two results a loss depends on. */
  private enum Used {
    BOTH,
    NORM,
    SUM
  }

  /** How many are off; prints a line for each check. */
  static int failures(Device gpu) {
    int wrong = 0;
    for (long[] sizes : SHAPES) {
      for (Precision precision : List.of(Precision.BFLOAT16, Precision.FLOAT16)) {
        for (boolean lowered : new boolean[] {true, false}) {
          for (Used used : Used.values()) {
            wrong += passes(sizes, precision, lowered, used, gpu) ? 0 : 1;
          }
        }
      }
    }
    return wrong + (blocksPass(gpu) ? 0 : 1);
  }

  private static boolean passes(
      long[] sizes, Precision precision, boolean lowered, Used used, Device gpu) {
    try (Scope _ = Scope.open()) {
      int width = (int) sizes[sizes.length - 1];
      DType low = precision == Precision.BFLOAT16 ? DType.BFLOAT16 : DType.FLOAT16;
      DType normed = lowered ? low : DType.FLOAT32;
      LayerNorm twin =
          new LayerNorm(width, EPSILON, Context.cpu(3).withDType(DType.FLOAT64).composed());
      LayerNorm norm = new LayerNorm(width, EPSILON, Context.cpu(3).withDevice(gpu));
      Twins.draw(norm, twin, DType.FLOAT32, 5);
      Tensor[] inputs = {
        Memory.to(BasisFunctions.normal(1, sizes), DType.FLOAT32),
        Memory.to(BasisFunctions.normal(2, sizes), low),
        Memory.to(BasisFunctions.normal(3, sizes), DType.FLOAT32), // dL/dsum
        Memory.to(BasisFunctions.normal(4, sizes), normed) // dL/dnormed
      };
      Tensor[] wide = new Tensor[inputs.length];
      Tensor[] onGpu = new Tensor[inputs.length];
      for (int i = 0; i < inputs.length; i++) {
        wide[i] = Memory.to(inputs[i], DType.FLOAT64);
        onGpu[i] = Memory.to(inputs[i], gpu);
      }
      double[][] exact = results(twin, Precision.FLOAT32, lowered, used, wide);
      BasisSmoke.poison(onGpu);
      double[][] found = results(norm, precision, lowered, used, onGpu);
      double[][] again = results(norm, precision, lowered, used, onGpu);
      double real = GpuSmoke.tolerance(DType.FLOAT32);
      double[] tolerances = {
        real, GpuSmoke.tolerance(normed), real, GpuSmoke.tolerance(low), real, real
      };
      double[] errors = new double[exact.length];
      Arrays.setAll(errors, i -> RelativeError.of(found[i], exact[i]));
      boolean passed =
          Arrays.deepEquals(found, again)
              && hasKernel(norm, normed, onGpu)
              && roundedOnce(found[2], found[3], low)
              && Twins.within(errors, tolerances);
      System.out.printf(
          Locale.ROOT,
          "%s  float32 plus %s to %s  residual norm over %s, used: %s"
              + "  relative errors: sum %.1e, y %.1e, dx %.1e, dbranch %.1e, dweight %.1e, dbias %.1e%n",
          passed ? "pass" : "FAIL",
          low.name().toLowerCase(Locale.ROOT),
          normed.name().toLowerCase(Locale.ROOT),
          Arrays.toString(sizes),
          used.name().toLowerCase(Locale.ROOT),
          errors[0],
          errors[1],
          errors[2],
          errors[3],
          errors[4],
          errors[5]);
      return passed;
    }
  }

  private static boolean hasKernel(LayerNorm norm, DType normed, Tensor[] inputs) {
    var parameters = List.copyOf(StateDict.of(norm).values());
    return Kernels.residualNorm(
            inputs[0], inputs[1], normed, parameters.getFirst(), parameters.getLast())
        .isPresent();
  }

  /** Whether the branch's gradient is the stream's, rounded. */
  private static boolean roundedOnce(double[] ofX, double[] ofBranch, DType low) {
    Tensor floats = Memory.to(Memory.doubles(ofX, ofX.length), DType.FLOAT32);
    return Arrays.equals(Memory.doubles(Memory.to(floats, low)), ofBranch);
  }

  /** Sum, y, dL/dx, dL/dbranch, dL/dweight, dL/dbias. */
  private static double[][] results(
      LayerNorm norm, Precision precision, boolean lowered, Used used, Tensor[] inputs) {
    Tensor x = Backpropagation.leaf(inputs[0], DType.of(inputs[0]));
    Tensor branch = Backpropagation.leaf(inputs[1], DType.of(inputs[1]));
    Norm.Sum both;
    try (var _ = precision.on(Device.of(x))) {
      both = norm.forwardSum(x, branch, lowered);
    }
    Tensor ofSum = both.sum().mul(inputs[2]).sum();
    Tensor ofNorm = both.normed().mul(inputs[3]).sum();
    Backpropagation.run(
        switch (used) {
          case BOTH -> ofSum.add(ofNorm);
          case NORM -> ofNorm;
          case SUM -> ofSum;
        });
    List<double[]> all = new ArrayList<>();
    for (Tensor value : List.of(both.sum(), both.normed(), x.grad(), branch.grad())) {
      all.add(Memory.doubles(value));
    }
    all.addAll(Twins.takeGradients(norm));
    return all.toArray(double[][]::new);
  }

  /** Two blocks and the norm after them. */
  private record Blocks(Block first, Block second, LayerNorm norm) implements Part {
    private static final int WIDTH = 192;

    static Blocks of(Context context) {
      var spec =
          Sublayers.Spec.timm(Attention.Spec.heads(3), GroupRationalMlp.Spec.example(), 0, EPSILON);
      return new Blocks(
          spec.build(WIDTH, 0, context),
          spec.build(WIDTH, 0, context),
          new LayerNorm(WIDTH, EPSILON, context));
    }

    Tensor forward(Tensor x) {
      Residual stream = first.forward(Residual.of(x), Pass.evaluation());
      return second.forward(stream, Pass.evaluation()).normed(norm, false).value();
    }

    @Override
    public void register(Registry registry) {
      registry.part("first", first);
      registry.part("second", second);
      registry.part("norm", norm);
    }
  }

  /** Result and every gradient, no further from float64's than twice what composed ones are. */
  private static boolean blocksPass(Device gpu) {
    try (Scope _ = Scope.open()) {
      Tensor x = Memory.to(BasisFunctions.normal(1, 5, 197, Blocks.WIDTH), DType.FLOAT32);
      Tensor upstream = Memory.to(BasisFunctions.normal(2, 5, 197, Blocks.WIDTH), DType.FLOAT32);
      double[][] exact =
          results(
              Blocks.of(Context.cpu(3).withDType(DType.FLOAT64).composed()),
              Precision.FLOAT32,
              Memory.to(x, DType.FLOAT64),
              upstream);
      Tensor onGpu = Memory.to(x, gpu);
      Blocks fused = Blocks.of(Context.cpu(3).withDevice(gpu));
      Blocks twin = Blocks.of(Context.cpu(3).withDevice(gpu).composed());
      double[][] found = results(fused, Precision.BFLOAT16, onGpu, upstream);
      double[][] composed = results(twin, Precision.BFLOAT16, onGpu, upstream);
      double worst = 0;
      double largest = 0;
      for (int i = 0; i < exact.length; i++) {
        double error = RelativeError.of(found[i], exact[i]);
        double floor = GpuSmoke.tolerance(DType.BFLOAT16);
        double ratio = error / (RelativeError.of(composed[i], exact[i]) + floor);
        worst = Math.max(worst, ratio); // NaN stays
        largest = Math.max(largest, error);
      }
      boolean evaluated = Arrays.equals(evaluated(fused, onGpu), found[0]);
      boolean passed = worst <= 2 && evaluated;
      System.out.printf(
          Locale.ROOT,
          "%s  two blocks in bfloat16: errors at most %.2f of composed blocks', the largest %.1e; without gradients %s%n",
          passed ? "pass" : "FAIL",
          worst,
          largest,
          evaluated ? "the same bits" : "other bits");
      return passed;
    }
  }

  private static double[] evaluated(Blocks blocks, Tensor x) {
    try (var _ = Scope.noGradients();
        var _ = Precision.BFLOAT16.on(Device.of(x))) {
      return Memory.doubles(blocks.forward(x));
    }
  }

  /** Result, dL/dx, and the gradients of all parameters. */
  private static double[][] results(Blocks blocks, Precision precision, Tensor x, Tensor upstream) {
    Tensor leaf = Backpropagation.leaf(x, DType.of(x));
    Tensor y;
    try (var _ = precision.on(Device.of(x))) {
      y = blocks.forward(leaf);
    }
    Backpropagation.run(y, upstream);
    List<double[]> all = new ArrayList<>();
    all.add(Memory.doubles(y));
    all.add(Memory.doubles(leaf.grad()));
    for (Tensor parameter : StateDict.trained(blocks).values()) {
      all.add(Memory.doubles(parameter.grad()));
    }
    return all.toArray(double[][]::new);
  }
}
