package org.kat4j.model;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.channel.GroupRationalMlp;
import org.kat4j.function.Linear;
import org.kat4j.function.RationalCoefficients;
import org.kat4j.torch.Init;
import org.kat4j.torch.Part;
import org.kat4j.torch.RandomStream;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;

/** Initial weights of the linear layers of a {@link CausalTransformer}. */
final class CausalStart {
  static final double DEVIATION = 0.02;

  private CausalStart() {}

  static void apply(
      CausalTransformer model, CausalTransformer.Start start, int depth, RandomStream random) {
    StateDict.forEachPart(
        model,
        (_, part) -> {
          if (part instanceof Linear linear) {
            Init.normal(linear.weight(), DEVIATION, random);
            if (linear.bias() != null) {
              Init.constant(linear.bias(), 0);
            }
          }
        });
    if (start == CausalTransformer.Start.KAN) {
      StateDict.forEachPart(model, (_, part) -> keepVariance(part, random));
    }
    // Two branches a block: their sum at the end is as wide as one of them.
    double factor = 1 / Math.sqrt(2.0 * depth);
    StateDict.forEachPart(
        model,
        (name, part) -> {
          if (part instanceof Linear linear && endsBranch(name)) {
            scale(linear.weight(), factor);
          }
        });
  }

  /** Whether a linear layer is the last of attention or of a perceptron. */
  private static boolean endsBranch(String name) {
    return name.endsWith(".proj") || name.endsWith(".fc2");
  }

  private static void keepVariance(Part part, RandomStream random) {
    if (part instanceof GroupRationalMlp mixer) {
      keepVariance(mixer.fc1(), mixer.spec().act1(), random);
      keepVariance(mixer.fc2(), mixer.spec().act2(), random);
    }
  }

  private static void keepVariance(Linear linear, String function, RandomStream random) {
    double moment = RationalCoefficients.named(function).secondMoment();
    Init.normal(linear.weight(), 1 / Math.sqrt(moment * linear.weight().size(1)), random);
  }

  private static void scale(Tensor weight, double factor) {
    if (weight.is_meta()) {
      return;
    }
    try (Scope _ = Scope.open();
        var _ = Scope.noGradients()) {
      weight.mul_(new Scalar(factor));
    }
  }
}
