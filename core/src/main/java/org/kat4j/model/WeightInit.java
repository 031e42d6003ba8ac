package org.kat4j.model;

import org.bytedeco.pytorch.Tensor;
import org.kat4j.channel.GroupRationalMlp;
import org.kat4j.channel.Mlp;
import org.kat4j.function.Linear;
import org.kat4j.function.RationalCoefficients;
import org.kat4j.token.Attention;
import org.kat4j.torch.Init;
import org.kat4j.torch.Part;
import org.kat4j.torch.RandomStream;
import org.kat4j.torch.StateDict;

/**
 * Initial weights of a {@link VisionTransformer}: the modes of timm and of KAT.
 *
 * <p>Sources: timm's {@code init_weights_vit_*}; KAT, arXiv 2409.10594, variance-preserving
 * initialisation; mimetic attention, arXiv 2305.09828.
 */
public enum WeightInit {
  /** timm's default: every linear layer truncated normal with deviation 0.02, biases 0. */
  TIMM,
  /** Of the original JAX ViT: Glorot uniform, classifier 0. */
  JAX,
  /** As {@link #JAX}, with the classifier's bias at -log(classes). */
  JAX_NLHB,
  /** Of MoCo v3: Glorot uniform; queries, keys and values count as three matrices. */
  MOCO,
  /**
   * The KAT paper's: a layer after a learnable function keeps the variance of the function's input.
   */
  KAN,
  /**
   * What the KAT code does: its variance-preserving weights are overwritten with deviation 0.02.
   */
  KAN_RELEASED,
  /** {@link #TIMM} with mimetic attention. */
  MIMETIC,
  /** {@link #KAN} with mimetic attention: the default of KAT. */
  KAN_MIMETIC,
  /** {@link #KAN_RELEASED} with mimetic attention: what the published weights started from. */
  KAN_MIMETIC_RELEASED,
  /** PyTorch's own starts, as the layers are constructed. */
  SKIP;

  private static final double DEVIATION = 0.02;

  void apply(VisionTransformer model, RandomStream random) {
    Init.truncatedNormal(model.tokens().position(), DEVIATION, random);
    if (this == SKIP) {
      return;
    }
    for (Tensor token : model.tokens().prefix()) {
      Init.normal(token, 1e-6, random);
    }
    if (this == JAX || this == JAX_NLHB) {
      Tensor patches = model.patchEmbed().weight();
      Init.leCunNormal(patches, patches.numel() / patches.size(0), random);
      Init.constant(model.patchEmbed().bias(), 0);
    }
    StateDict.forEachPart(
        model,
        (name, part) -> {
          if (part instanceof Linear linear) {
            linear(name, linear, model.isHead(linear), random);
          }
        });
    StateDict.forEachPart(model, (_, part) -> refine(part, random));
  }

  private void linear(String name, Linear linear, boolean head, RandomStream random) {
    Tensor weight = linear.weight();
    double bias = 0;
    switch (this) {
      case JAX, JAX_NLHB -> {
        if (head) {
          Init.constant(weight, 0);
          bias = this == JAX ? 0 : -Math.log(weight.size(0));
        } else {
          Init.xavierUniform(weight, random);
        }
      }
      case MOCO -> {
        if (isQkv(name)) {
          threeMatrices(weight, random);
        } else {
          Init.xavierUniform(weight, random);
        }
      }
      case KAN, KAN_RELEASED, KAN_MIMETIC, KAN_MIMETIC_RELEASED -> {
        if (isQkv(name)) {
          threeMatrices(weight, random);
        } else {
          Init.truncatedNormal(weight, DEVIATION, random);
        }
      }
      case TIMM, MIMETIC, SKIP -> Init.truncatedNormal(weight, DEVIATION, random);
    }
    if (linear.bias() != null) {
      boolean jaxMlp = (this == JAX || this == JAX_NLHB) && name.contains(".mlp.");
      if (jaxMlp) {
        Init.normal(linear.bias(), 1e-6, random);
      } else {
        Init.constant(linear.bias(), bias);
      }
    }
  }

  private static boolean isQkv(String name) {
    return name.endsWith(".qkv");
  }

  private static void threeMatrices(Tensor weight, RandomStream random) {
    Init.uniform(weight, Math.sqrt(6.0 / (weight.size(0) / 3.0 + weight.size(1))), random);
  }

  private void refine(Part part, RandomStream random) {
    boolean keepsVariance = this == KAN || this == KAN_MIMETIC;
    boolean mimetic = this == MIMETIC || this == KAN_MIMETIC || this == KAN_MIMETIC_RELEASED;
    switch (part) {
      case GroupRationalMlp mixer when keepsVariance -> {
        keepVariance(mixer.fc1(), alpha(mixer.spec().act1()), random);
        keepVariance(mixer.fc2(), alpha(mixer.spec().act2()), random);
      }
      case Mlp mixer when keepsVariance -> {
        keepVariance(mixer.fc1(), 1, random);
        keepVariance(mixer.fc2(), mixer.activation().alpha(), random);
      }
      case Attention attention when mimetic -> MimeticAttention.initialise(attention, random);
      default -> {}
    }
  }

  /** alpha = Var[x] / E[F(x)^2] for x ~ N(0, 1). */
  private static double alpha(String coefficients) {
    return 1 / RationalCoefficients.named(coefficients).secondMoment();
  }

  private static void keepVariance(Linear linear, double alpha, RandomStream random) {
    Init.normal(linear.weight(), Math.sqrt(alpha / linear.weight().size(1)), random);
  }
}
