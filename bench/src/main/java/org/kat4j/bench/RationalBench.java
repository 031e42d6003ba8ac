package org.kat4j.bench;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.kernel.Baselines;
import org.kat4j.kernel.GroupLayout;
import org.kat4j.kernel.Kernels;
import org.kat4j.kernel.RationalKernel;

/**
 * The group rational function (degrees 5 over 4) against GELU, against the same function composed
 * of libtorch operations, and against copying memory.
 *
 * <p>All contenders take turns in every round, so that whatever else the machine does hits them
 * alike.
 */
public final class RationalBench {
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
              spread(theirs),
              both() / theirs.median(),
              theirs.median() / both());
    }

    private static String line(String name, Timing ours, String other, Timing theirs) {
      return "  %-9s %8.3f %17s   against %-8s %8.3f %17s ratio %.3f"
          .formatted(
              name,
              ours.median(),
              spread(ours),
              other,
              theirs.median(),
              spread(theirs),
              ours.median() / theirs.median());
    }

    private static String spread(Timing timing) {
      return String.format(Locale.ROOT, "[%.3f, %.3f]", timing.low(), timing.high());
    }
  }

  /**
   * Measures on {@code x [..., channels]} filled with standard normal numbers.
   *
   * @param dtype float32, float64 or bfloat16
   * @param rounds calls of each contender that are measured, at least 1
   */
  public static Result run(long[] shape, String dtype, int groups, int rounds) {
    try (Tensor x = Baselines.normal(dtype, shape);
        Tensor upstream = Baselines.normal(dtype, shape);
        Tensor target = Baselines.normal(dtype, shape);
        Tensor numerator = Baselines.normal("float32", 1, 6);
        Tensor denominator = Baselines.normal("float32", groups, 4);
        Tensor numeratorLikeX = Baselines.normal(dtype, 1, 6);
        Tensor denominatorLikeX = Baselines.normal(dtype, groups, 4)) {
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
      Timing[] t = Timing.inTurns(contenders, rounds);
      long bytes = x.numel() * x.element_size();
      return new Result(
          Arrays.stream(shape).boxed().toList(),
          dtype,
          groups,
          Kernels.describe(),
          bytes,
          t[0],
          t[3],
          t[1],
          t[4],
          t[5],
          t[6],
          t[7],
          t[2]);
    }
  }

  private static void close(RationalKernel.Gradients gradients) {
    for (Tensor gradient : List.of(gradients.x(), gradients.numerator(), gradients.denominator())) {
      gradient.close();
    }
  }
}
