package org.kat4j.model;

import org.kat4j.channel.ChannelMixer;
import org.kat4j.channel.GroupRationalMlp;
import org.kat4j.channel.Mlp;
import org.kat4j.config.Config;
import org.kat4j.error.UserException;
import org.kat4j.function.GroupRational;

/** Specs changed so that weights can follow: KAT for ViT, other names, other classes and sizes. */
public final class Conversion {
  private Conversion() {}

  /**
   * The KAT that computes what a ViT computes, up to the error of the fit: act1 is the identity and
   * act2 the rational function fitted to the activation of the MLP.
   *
   * <p>Source: arXiv 2409.10594, initialisation from a ViT; its scripts start act2 as swish
   * whatever the ViT has, which does not preserve the function.
   */
  public static VisionTransformer.Spec toKat(Model.Spec spec) {
    VisionTransformer.Spec vit = visionTransformer(spec);
    if (!(vit.channelMixer() instanceof Mlp.Spec mlp)) {
      throw new UserException("these weights are no ViT: their channel mixer is no MLP");
    }
    String act2 =
        switch (mlp.activation()) {
          case GELU, GELU_TANH -> "gelu-corrected";
          case SILU -> "swish";
          case RELU -> "relu";
          case SQUARED_RELU ->
              throw new UserException(
                  "no rational function is fitted to squared-relu: gelu, silu and relu are possible");
        };
    var mixer =
        new GroupRationalMlp.Spec(
            mlp.ratio(), GroupRational.Spec.example(), "identity", act2, mlp.dropout());
    return vit.withChannelMixer(mixer);
  }

  /** The same model with the other state-dict names of its learnable functions. */
  public static VisionTransformer.Spec withNaming(Model.Spec spec, GroupRational.Naming naming) {
    VisionTransformer.Spec kat = visionTransformer(spec);
    if (!(kat.channelMixer() instanceof GroupRationalMlp.Spec mixer)) {
      throw new UserException("these weights have no learnable functions to rename");
    }
    GroupRational.Spec r = mixer.rational();
    var renamed =
        new GroupRational.Spec(r.numeratorGroups(), r.denominatorGroups(), r.m(), r.n(), naming);
    ChannelMixer.Spec other =
        new GroupRationalMlp.Spec(
            mixer.ratio(), renamed, mixer.act1(), mixer.act2(), mixer.dropout());
    return kat.withChannelMixer(other);
  }

  /** The same model for another image size and number of classes; the patches stay. */
  public static VisionTransformer.Spec withInput(Model.Spec spec, int imageSize, int classes) {
    VisionTransformer.Spec vit = visionTransformer(spec);
    int patch = vit.patchSize();
    if (imageSize < 1 || imageSize % patch != 0) {
      throw new UserException(
          "image size %d: a multiple of the patch size %d is needed".formatted(imageSize, patch));
    }
    VisionTransformer.Spec other = vit.withInput(imageSize, vit.channels(), classes);
    if (other.patchSize() != patch) {
      throw new UserException(
          "image size %d: at least four patches of %d pixels a side are needed"
              .formatted(imageSize, patch));
    }
    return other;
  }

  private static VisionTransformer.Spec visionTransformer(Model.Spec spec) {
    if (spec instanceof VisionTransformer.Spec vit) {
      return vit;
    }
    throw new UserException(
        "these weights are a %s: only vision transformers are converted"
            .formatted(Config.kindOf((Record) spec)));
  }
}
