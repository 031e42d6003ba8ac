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
  private static final double GPT2 = 0.02;

  private CausalStart() {}

  /** Of embeddings and of most matrices. */
  static double deviation(CausalTransformer.Start start, int width) {
    return switch (start) {
      case GPT2, KAN -> GPT2;
      case SMALL -> Math.sqrt(2.0 / (5 * width));
    };
  }

  static void apply(CausalTransformer model, double deviation, RandomStream random) {
    StateDict.forEachPart(
        model,
        (_, part) -> {
          if (part instanceof Linear linear) {
            Init.normal(linear.weight(), deviation, random);
            if (linear.bias() != null) {
              Init.constant(linear.bias(), 0);
            }
          }
        });
    switch (model.spec().start()) {
      case GPT2 -> divideBranches(model);
      case KAN -> {
        StateDict.forEachPart(model, (_, part) -> keepVariance(part, random));
        divideBranches(model);
      }
      case SMALL -> {}
    }
  }

  /** Two branches a block: their sum at the end is as wide as one of them. */
  private static void divideBranches(CausalTransformer model) {
    double factor = 1 / Math.sqrt(2.0 * model.spec().depth());
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
