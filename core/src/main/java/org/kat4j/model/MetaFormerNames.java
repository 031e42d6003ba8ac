package org.kat4j.model;

import java.util.Optional;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The names that the tensors of a {@link MetaFormer} have in published weights. */
public enum MetaFormerNames {
  /** timm's {@code MetaFormer}, all sizes. */
  TIMM("stem.conv.weight", MetaFormerNames::timm),
  /** timm's {@code MlpMixer} with the blocks of ResMLP. */
  TIMM_RESMLP("stem.proj.weight", MetaFormerNames::timmResMlp),
  /** sail-sg/poolformer. */
  POOLFORMER("network.0.0.norm1.weight", MetaFormerNames::poolFormer),
  /** sail-sg/metaformer. */
  BASELINES("downsample_layers.0.conv.weight", MetaFormerNames::baselines),
  /** facebookresearch/deit. */
  RESMLP("blocks.0.gamma_1", MetaFormerNames::resMlp);

  private static final Pattern STAGE = Pattern.compile("stages\\.(\\d+)\\.(downsample|blocks)\\.");

  private final String sign;
  private final UnaryOperator<String> name;

  MetaFormerNames(String sign, UnaryOperator<String> name) {
    this.sign = sign;
    this.name = name;
  }

  /** Whose names these are; empty where they are nobody's. */
  public static Optional<MetaFormerNames> among(Predicate<String> isThere) {
    for (MetaFormerNames names : values()) {
      if (isThere.test(names.sign)) {
        return Optional.of(names);
      }
    }
    return Optional.empty();
  }

  /** The name there of a tensor that is called {@code ours} here. */
  public String of(String ours) {
    return name.apply(ours);
  }

  private static String timm(String ours) {
    if (ours.startsWith("norm.")) {
      return "head." + ours;
    }
    return ours.replace("stages.0.downsample.conv.", "stem.conv.")
        .replace("stages.0.downsample.post_norm.", "stem.norm.")
        .replace("downsample.pre_norm.", "downsample.norm.")
        .replace(".attn.", ".token_mixer.")
        .replaceFirst("\\.ls(\\d)\\.gamma", ".layer_scale$1.scale")
        .replaceFirst("^head\\.", "head.fc.");
  }

  private static String baselines(String ours) {
    return ours.replaceFirst("^stages\\.(\\d+)\\.downsample\\.", "downsample_layers.$1.")
        .replaceFirst("^stages\\.(\\d+)\\.blocks\\.", "stages.$1.")
        .replace(".attn.", ".token_mixer.")
        .replaceFirst("\\.ls(\\d)\\.gamma", ".layer_scale$1.scale");
  }

  private static String poolFormer(String ours) {
    Matcher stage = STAGE.matcher(ours);
    if (!stage.lookingAt()) {
      return ours;
    }
    int i = Integer.parseInt(stage.group(1));
    String rest = ours.substring(stage.end());
    if (stage.group(2).equals("blocks")) {
      return "network.%d.".formatted(2 * i)
          + rest.replaceFirst("ls(\\d)\\.gamma", "layer_scale_$1");
    }
    String before = i == 0 ? "patch_embed." : "network.%d.".formatted(2 * i - 1);
    return before + rest.replace("conv.", "proj.");
  }

  private static String timmResMlp(String ours) {
    return ours.replace("stages.0.downsample.conv.", "stem.proj.")
        .replace("stages.0.blocks.", "blocks.")
        .replace(".token_mixer.", ".linear_tokens.")
        .replace(".mlp.", ".mlp_channels.")
        .replaceFirst("\\.ls(\\d)\\.gamma", ".ls$1");
  }

  private static String resMlp(String ours) {
    return ours.replace("stages.0.downsample.conv.", "patch_embed.proj.")
        .replace("stages.0.blocks.", "blocks.")
        .replace(".token_mixer.", ".attn.")
        .replaceFirst("\\.ls(\\d)\\.gamma", ".gamma_$1");
  }
}
