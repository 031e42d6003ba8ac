package org.kat4j.model;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.kat4j.channel.ChannelMixer;
import org.kat4j.channel.GatedMlp;
import org.kat4j.channel.Mlp;
import org.kat4j.error.UserException;
import org.kat4j.token.Attention;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * The {@code config.json} of a classifier of images in transformers' words. What was written is
 * read again: only where that gives the same model does the architecture know it.
 */
final class HubImageConfig {
  private HubImageConfig() {}

  /** An architecture of transformers and its {@code config.json}. */
  record Written(HubImage architecture, ObjectNode config) {}

  /** The first architecture that such a model is; empty where none is. */
  static Optional<Written> of(VisionTransformer.Spec spec, List<String> labels) {
    return Stream.of(HubImage.values())
        .flatMap(architecture -> of(architecture, spec, labels).stream())
        .findFirst();
  }

  /** The configuration of an architecture; empty where it is no such model. */
  static Optional<Written> of(
      HubImage architecture, VisionTransformer.Spec spec, List<String> labels) {
    if (!(spec.tokenMixer() instanceof Attention.Spec attention)
        || !TimmArguments.isOfTimm(attention)) {
      return Optional.empty();
    }
    ObjectNode c = JsonNodeFactory.instance.objectNode();
    c.putArray("architectures").add(architecture.architecture());
    c.put("model_type", architecture.body());
    c.put("image_size", spec.imageSize());
    c.put("patch_size", spec.patchSize());
    c.put("num_channels", spec.channels());
    c.put("hidden_size", spec.width());
    c.put("num_hidden_layers", spec.depth());
    c.put("num_attention_heads", attention.heads());
    c.put("qkv_bias", attention.qkvBias());
    c.put("layer_norm_eps", spec.normEpsilon());
    boolean known =
        switch (spec.channelMixer()) {
          case Mlp.Spec mlp when architecture == HubImage.VIT -> {
            c.put("intermediate_size", ChannelMixer.hiddenWidth(mlp.ratio(), spec.width()));
            c.put("hidden_act", HubKeys.name(mlp.activation()));
            yield true;
          }
          case Mlp.Spec mlp -> {
            c.put("mlp_ratio", mlp.ratio());
            c.put("hidden_act", HubKeys.name(mlp.activation()));
            yield true;
          }
          case GatedMlp.Spec mlp -> {
            int hidden = ChannelMixer.hiddenWidth(mlp.ratio(), spec.width());
            c.put("mlp_ratio", 1.5 * hidden / spec.width());
            c.put("use_swiglu_ffn", true);
            yield true;
          }
          default -> false;
        };
    if (architecture != HubImage.VIT) {
      c.put("layerscale_value", spec.layerScale());
    }
    if (architecture == HubImage.DINOV2_WITH_REGISTERS) {
      c.put("num_register_tokens", spec.registers());
    }
    ObjectNode names = c.putObject("id2label");
    ObjectNode numbers = c.putObject("label2id");
    for (int i = 0; i < spec.classes(); i++) {
      String label = labels.size() == spec.classes() ? labels.get(i) : "LABEL_" + i;
      names.put(Integer.toString(i), label);
      numbers.put(label, i);
    }
    return known && reads(architecture, c, spec)
        ? Optional.of(new Written(architecture, c))
        : Optional.empty();
  }

  private static boolean reads(
      HubImage architecture, ObjectNode config, VisionTransformer.Spec spec) {
    try {
      return essence(architecture.spec(config)).equals(essence(spec));
    } catch (UserException other) {
      return false;
    }
  }

  /** What decides the output: without rates of training and initial values. */
  private static VisionTransformer.Spec essence(VisionTransformer.Spec s) {
    Attention.Spec a = (Attention.Spec) s.tokenMixer();
    ChannelMixer.Spec mixer =
        switch (s.channelMixer()) {
          case Mlp.Spec mlp -> new Mlp.Spec(hidden(mlp.ratio(), s), mlp.activation(), 0);
          case GatedMlp.Spec mlp ->
              new GatedMlp.Spec(hidden(mlp.ratio(), s), mlp.activation(), mlp.bias(), 0);
          default -> s.channelMixer();
        };
    return new VisionTransformer.Spec(
        s.imageSize(),
        s.patchSize(),
        s.channels(),
        s.classes(),
        s.width(),
        s.depth(),
        Attention.Spec.timm(a.heads(), a.qkvBias(), a.qkNorm(), a.outBias(), 0),
        mixer,
        s.classToken(),
        s.distillationToken(),
        s.registers(),
        s.positionOfPrefix(),
        s.positionOfRegisters() || s.registers() == 0,
        s.normFirst(),
        s.pooling(),
        s.layerScale() > 0 ? 1 : 0,
        0,
        0,
        s.normEpsilon(),
        WeightInit.TIMM);
  }

  /** Ratios that give one hidden width are one. */
  private static double hidden(double ratio, VisionTransformer.Spec spec) {
    return ChannelMixer.hiddenWidth(ratio, spec.width());
  }
}
