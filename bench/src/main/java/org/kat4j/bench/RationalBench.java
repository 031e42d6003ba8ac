package org.kat4j.bench;

import java.util.Arrays;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.kernel.Baselines;
import org.kat4j.kernel.GroupLayout;
import org.kat4j.kernel.Kernels;
import org.kat4j.kernel.RationalKernel;
import org.kat4j.torch.DType;
import org.kat4j.torch.Device;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Scope;
import org.kat4j.torch.Turns;

/**
 * The group rational function (degrees 5 over 4) against GELU, against the same function composed
 * of libtorch operations, and against copying memory.
 *
 * <p>All contenders take turns in every round, so that whatever else the machine does hits them
 * alike.
 */
public final class RationalBench {
  private static final int CALLS = 10; // between two looks at the clock on a GPU

  private RationalBench() {}

  /**
   * What one run measured.
   *
   * @param bytes of one tensor
   * @param composedForward as the Python reference composes it: stacked powers, matrix product
   * @param composedBoth its forward and backward through autograd
   * @param hornerBoth forward and backward of our own composed twin: Horner's scheme on tensors
   * @param copy one copy of the tensor into memory that is already there
   */
  public record Result(
      List<Long> shape,
      String dtype,
      int groups,
      String kernel,
      long bytes,
      Timing forward,
      Timing backward,
      Timing geluForward,
      Timing geluBackward,
      Timing composedForward,
      Timing composedBoth,
      Timing hornerBoth,
      Timing copy) {

    /** Bandwidth of copying, read and written bytes, in GB/s. */
    public double copyBandwidth() {
      return bandwidth(2, copy);
    }

    private double bandwidth(int tensors, Timing timing) {
      return tensors * bytes / timing.median() / 1e6;
    }

    private double both() {
      return forward.median() + backward.median();
    }

    /** Both sides of each comparison and their ratio. */
    public String table() {
      return String.join(
          System.lineSeparator(),
          "group rational %s %s, %d groups (%s), ms: median [quartiles]"
              .formatted(shape, dtype, groups, kernel),
          line("forward", forward, "GELU", geluForward),
          line("backward", backward, "GELU", geluBackward),
          line("forward", forward, "composed", composedForward),
          times("composed", composedBoth),
          times("Horner", hornerBoth),
          "  bandwidth GB/s: copy %.1f, forward %.1f (%.0f %%), backward %.1f (%.0f %%)"
              .formatted(
                  copyBandwidth(),
                  bandwidth(2, forward),
                  100 * bandwidth(2, forward) / copyBandwidth(),
                  bandwidth(3, backward),
                  100 * bandwidth(3, backward) / copyBandwidth()));
    }

    private String times(String other, Timing theirs) {
      return "  %-9s %8.3f %17s   against %-8s %8.3f %17s ratio %.3f, %.1f times faster"
          .formatted(
              "both",
              both(),
              "",
              other,
              theirs.median(),
              theirs.spread(),
              both() / theirs.median(),
              theirs.median() / both());
    }

    private static String line(String name, Timing ours, String other, Timing theirs) {
      return "  %-9s %8.3f %17s   against %-8s %8.3f %17s ratio %.3f"
          .formatted(
              name,
              ours.median(),
              ours.spread(),
              other,
              theirs.median(),
              theirs.spread(),
              ours.median() / theirs.median());
    }
  }

  /**
   * Measures on {@code x [..., channels]} filled with standard normal numbers.
   *
   * @param dtype float32, float64 or bfloat16
   * @param rounds how often each contender is measured, at least 1
   */
  public static Result run(Device device, long[] shape, String dtype, int groups, int rounds) {
    try (Scope _ = Scope.open()) {
      Tensor x = Memory.to(Baselines.normal(dtype, shape), device);
      Tensor upstream = Memory.to(Baselines.normal(dtype, shape), device);
      Tensor target = x.clone();
      Tensor numerator = Memory.to(Baselines.normal("float32", 1, 6), device);
      Tensor denominator = Memory.to(Baselines.normal("float32", groups, 4), device);
      Tensor numeratorLikeX = Memory.to(numerator, DType.of(x));
      Tensor denominatorLikeX = Memory.to(denominator, DType.of(x));
      GroupLayout layout = GroupLayout.channelsLast(x, groups);
      RationalKernel kernel = Kernels.rational(x);
      RationalKernel horner = Kernels.composedRational();
      Runnable[] contenders = {
        () -> kernel.forward(x, numerator, denominator, layout).close(),
        () -> Baselines.gelu(x).close(),
        () -> Baselines.copy(target, x),
        () -> close(kernel.backward(upstream, x, numerator, denominator, layout)),
        () -> Baselines.geluBackward(upstream, x).close(),
        () -> Baselines.stackedRationalForward(x, numeratorLikeX, denominatorLikeX, layout),
        () -> Baselines.stackedRationalBoth(upstream, x, numeratorLikeX, denominatorLikeX, layout),
        () -> close(horner.backward(upstream, x, numerator, denominator, layout)),
      };
      List<Timing> t = Timing.ofEach(Turns.measure(device, List.of(contenders), CALLS, rounds));
      long bytes = x.numel() * x.element_size();
      return new Result(
          Arrays.stream(shape).boxed().toList(),
          dtype,
          groups,
          Kernels.describe(device),
          bytes,
          t.get(0),
          t.get(3),
          t.get(1),
          t.get(4),
          t.get(5),
          t.get(6),
          t.get(7),
          t.get(2));
    }
  }

  private static void close(RationalKernel.Gradients gradients) {
    for (Tensor gradient : List.of(gradients.x(), gradients.numerator(), gradients.denominator())) {
      gradient.close();
    }
  }
}
