package org.kat4j.lab.p02;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.kernel.Baselines;
import org.kat4j.kernel.GroupLayout;
import org.kat4j.kernel.Kernels;
import org.kat4j.kernel.RationalKernel;
import org.kat4j.lab.Arm;
import org.kat4j.lab.Budget;
import org.kat4j.lab.Claim;
import org.kat4j.lab.Comparison;
import org.kat4j.lab.Experiment;
import org.kat4j.lab.Measured;
import org.kat4j.lab.Study;
import org.kat4j.lab.Trial;
import org.kat4j.lab.Workplace;
import org.kat4j.model.ImageModel;
import org.kat4j.model.Model;
import org.kat4j.task.Measure;
import org.kat4j.torch.Device;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Precision;
import org.kat4j.torch.RandomStream;
import org.kat4j.torch.Scope;
import org.kat4j.torch.Turns;
import org.kat4j.train.NoiseSteps;

/**
 * Sheet 02: time of the fused group-rational function, and of KAT's training step.
 *
 * <p>A trial measures its arm and the study's baseline in turns, round by round; its score is the
 * median over the rounds of arm by baseline. The baseline is an arm too: measured against itself it
 * shows what the clock alone makes of equal things.
 */
public final class FusedKernel implements Claim {
  private static final Measure TIME = new Measure("time", "of the baseline's", false, true);
  private static final List<Double> NOTHING_TUNED = List.of(1.0);
  private static final int GROUPS = 8;
  private static final int TOKENS = 197;
  private static final int WIDTH = 768;
  private static final int CALLS_ON_GPU = 10;
  private static final double PUBLISHED_TIME =
      8954.97 / 6317.90; // ViT-T's images/s by FlashKAT-T's

  private static final String FUNCTION = "function, forward and backward";
  private static final String STEP = "training step";
  private static final String GELU = "GELU";
  private static final String FUSED = "fused";
  private static final String STACKED = "composed, stacked powers";
  private static final String HORNER = "composed, Horner";
  private static final String VIT = "ViT";
  private static final String KAT = "KAT";

  /** What runs on a tensor. */
  private enum Form {
    GELU,
    FUSED,
    STACKED,
    HORNER
  }

  /** An arm of the study of functions. */
  private record Rational(Form form) {}

  /** Two contenders that take turns. */
  @FunctionalInterface
  private interface Pair {
    double[][] milliseconds(Trial trial, int rounds);
  }

  @Override
  public About about() {
    return new About(
        2,
        "FlashKAT (arXiv 2505.13813)",
        "A group-rational kernel that sums its coefficients' gradients in blocks makes KAT train"
            + " nearly as fast as its ViT twin.",
        "Fused forward and backward take less time than composed ones, and KAT's training step takes"
            + " at most 1.42 times ViT's, the published ratio of the smallest size.",
        "KAT's step takes more than 1.42 times ViT's, or the fused kernel gains nothing that matters.",
        "kat4j's kernels, not FlashKAT's, on whatever device runs this; the slow kernel of one atomic"
            + " addition an element is not repeated, libtorch compositions stand in its place. Steps"
            + " are those of small models on one batch of noise; float32 on a CPU, bfloat16 on a GPU."
            + " A seed is a repetition of the measurement. Scores are time ratios; nothing is trained"
            + " to an end, so there is no test set.",
        2);
  }

  @Override
  public List<Study> studies(Budget budget) {
    int rounds = budget.of(7, 21, 51);
    long[] shape = {budget.of(4, 32, 1024), TOKENS, WIDTH};
    int batch = budget.of(32, 64, 256);
    ImageModel.Spec vit = ImageModel.Spec.named("vit_" + size(budget));
    return List.of(
        new Study(
            FUNCTION,
            "%s numbers in %d groups, degrees 5 and 4, float32, in turns with GELU, %d rounds"
                .formatted(Arrays.toString(shape), GROUPS, rounds),
            TIME,
            Study.Match.NOTHING,
            NOTHING_TUNED,
            List.of(
                function(GELU, "libtorch's, against itself", Form.GELU),
                function(FUSED, "one kernel forward, one backward", Form.FUSED),
                function(STACKED, "as the Python reference on a CPU, autograd", Form.STACKED),
                function(HORNER, "Horner's scheme on tensors", Form.HORNER)),
            place ->
                experiment(
                    place,
                    Arrays.toString(shape) + " against GELU",
                    rounds,
                    (trial, count) -> functions(trial, shape, count))),
        new Study(
            STEP,
            "%s size, batches of %d, forward, loss, backward, AdamW, in turns with the ViT twin, %d rounds"
                .formatted(size(budget), batch, rounds),
            TIME,
            Study.Match.NOTHING,
            NOTHING_TUNED,
            List.of(
                Arm.of(VIT, "MLP with GELU, against itself", vit),
                Arm.of(KAT, "GR-KAN", Model.Spec.named("kat_" + size(budget)))),
            place ->
                experiment(
                    place,
                    "batches of %d against %s".formatted(batch, vit),
                    rounds,
                    (trial, count) -> steps(trial, vit, batch, count))));
  }

  private static String size(Budget budget) {
    return switch (budget) {
      case QUICK -> "nano";
      case STANDARD -> "micro";
      case PAPER -> "tiny";
    };
  }

  private static Arm function(String name, String what, Form form) {
    return new Arm(name, what, new Rational(form), 0, Double.NaN);
  }

  private static Experiment experiment(Workplace place, String what, int rounds, Pair pair) {
    String determinedBy =
        "%s, %d rounds, %s, %d processors"
            .formatted(
                what,
                rounds,
                Kernels.describe(place.device()),
                Runtime.getRuntime().availableProcessors());
    return new Experiment(determinedBy, trial -> measured(pair.milliseconds(trial, rounds)));
  }

  private static double[][] functions(Trial trial, long[] shape, int rounds) {
    Device device = trial.place().device();
    try (Scope _ = Scope.open()) {
      RandomStream random = new RandomStream(trial.seed());
      Inputs inputs =
          new Inputs(
              normal(random, device, shape),
              normal(random, device, shape),
              normal(random, device, 1, 6),
              normal(random, device, GROUPS, 4));
      Form form = ((Rational) trial.arm().spec()).form();
      return Turns.measure(
          device, List.of(inputs.of(form), inputs.of(Form.GELU)), CALLS_ON_GPU, rounds);
    }
  }

  private static Tensor normal(RandomStream random, Device device, long... shape) {
    return Memory.to(random.normal(Baselines.normal("float32", shape), 0, 1), device);
  }

  /**
   * @param x {@code [batch, tokens, width]}
   * @param upstream gradient of the same shape
   * @param numerator {@code [1, 6]}
   * @param denominator {@code [groups, 4]}
   */
  private record Inputs(Tensor x, Tensor upstream, Tensor numerator, Tensor denominator) {
    /** Forward and backward. */
    Runnable of(Form form) {
      GroupLayout layout = GroupLayout.channelsLast(x, GROUPS);
      return switch (form) {
        case GELU ->
            () -> {
              Baselines.gelu(x).close();
              Baselines.geluBackward(upstream, x).close();
            };
        case FUSED -> both(Kernels.rational(x), layout);
        case HORNER -> both(Kernels.composedRational(), layout);
        case STACKED ->
            () -> Baselines.stackedRationalBoth(upstream, x, numerator, denominator, layout);
      };
    }

    private Runnable both(RationalKernel kernel, GroupLayout layout) {
      return () -> {
        try (Scope _ = Scope.open()) {
          kernel.forward(x, numerator, denominator, layout);
          kernel.backward(upstream, x, numerator, denominator, layout);
        }
      };
    }
  }

  private static double[][] steps(Trial trial, ImageModel.Spec baseline, int batch, int rounds) {
    Device device = trial.place().device();
    Precision precision =
        device.type() == Device.Type.CUDA ? Precision.BFLOAT16 : Precision.FLOAT32;
    ImageModel.Spec spec = (ImageModel.Spec) trial.arm().spec();
    try (var ours = new NoiseSteps(NoiseSteps.config(spec, device, precision, batch), false);
        var theirs = new NoiseSteps(NoiseSteps.config(baseline, device, precision, batch), false)) {
      return Turns.measure(device, List.of(ours, theirs), CALLS_ON_GPU, rounds);
    }
  }

  /** Median of the rounds' ratios; both sides' median milliseconds for the record. */
  private static Measured measured(double[][] milliseconds) {
    double[] ours = milliseconds[0];
    double[] theirs = milliseconds[1];
    double[] ratios = new double[ours.length];
    Arrays.setAll(ratios, round -> ours[round] / theirs[round]);
    double ratio = median(ratios);
    double seconds = Arrays.stream(ours).sum() / 1e3;
    return new Measured(
        ratio,
        ratio,
        ours.length,
        seconds,
        List.of(),
        Map.of("ms", median(ours), "baseline's ms", median(theirs)));
  }

  /** Of an odd number of values. */
  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }

  @Override
  public List<Comparison> comparisons(Budget budget) {
    List<String> function = List.of(FUNCTION);
    List<String> step = List.of(STEP);
    return List.of(
        Comparison.better(
                "the fused kernel is faster than compositions",
                function,
                FUSED,
                STACKED,
                Math.log(1.25))
            .againstBestOf(List.of(STACKED, HORNER)),
        Comparison.notWorse(
            "KAT's training step takes at most 1.42 times ViT's",
            step,
            KAT,
            VIT,
            Math.log(PUBLISHED_TIME)),
        Comparison.notWorse(
                "the fused kernel takes at most twice GELU's time",
                function,
                FUSED,
                GELU,
                Math.log(2))
            .forInformation());
  }

  @Override
  public List<Published> published() {
    return List.of(
        new Published(
            STEP,
            KAT,
            PUBLISHED_TIME,
            "table of images/s, FlashKAT-T and ViT-T at 224 px on one H200"),
        new Published(
            STEP,
            KAT,
            8954.97 / 87.73,
            "the same table, KAT-T with one atomic addition an element"));
  }
}
