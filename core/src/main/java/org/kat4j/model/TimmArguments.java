package org.kat4j.model;

import java.util.Locale;
import org.kat4j.channel.GroupRationalMlp;
import org.kat4j.channel.Mlp;
import org.kat4j.error.UserException;
import org.kat4j.model.VisionTransformer.Pooling;
import org.kat4j.token.Attention;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * A spec as the constructor arguments of timm's {@code VisionTransformer} and of KAT's. Source:
 * timm, vision_transformer.py; Adamdad/kat, katransformer.py.
 */
final class TimmArguments {
  private TimmArguments() {}

  /** Whether timm has such a model. */
  static boolean knows(VisionTransformer.Spec spec) {
    try {
      return !of(spec).isEmpty();
    } catch (UserException other) {
      return false;
    }
  }

  /** All arguments of a spec by their Python names. */
  static ObjectNode of(VisionTransformer.Spec spec) {
    if (!(spec.tokenMixer() instanceof Attention.Spec attention) || !isOfTimm(attention)) {
      throw notOfTimm(
          "attention as token mixer, with one matrix for as many queries, keys and values");
    }
    if (!spec.positionOfRegisters() && spec.registers() > 0 && spec.positionOfPrefix()) {
      throw notOfTimm("positions of registers where the class token has one");
    }
    if (spec.pooling() == Pooling.TOKEN_AND_AVERAGE) {
      throw notOfTimm("the class token or the mean of the patches");
    }
    ObjectNode c = JsonNodeFactory.instance.objectNode();
    c.put("img_size", spec.imageSize());
    c.put("patch_size", spec.patchSize());
    c.put("in_chans", spec.channels());
    c.put("embed_dim", spec.width());
    c.put("depth", spec.depth());
    c.put("num_heads", attention.heads());
    c.put("qkv_bias", attention.qkvBias());
    c.put("class_token", spec.classToken());
    c.put("global_pool", spec.pooling() == Pooling.TOKEN ? "token" : "avg");
    // Unusual ones are written only where they differ from the default: not all versions know them.
    if (attention.qkNorm()) {
      c.put("qk_norm", true);
    }
    if (spec.registers() > 0) {
      c.put("reg_tokens", spec.registers());
    }
    if (!spec.positionOfPrefix()) {
      c.put("no_embed_class", true);
    }
    if (spec.normFirst()) {
      c.put("pre_norm", true);
    }
    if (!attention.outBias()) {
      c.put("proj_bias", false);
    }
    if (spec.layerScale() > 0) {
      c.put("init_values", spec.layerScale());
    }
    if (spec.normEpsilon() != TimmTensors.usualEpsilon(spec.normFirst())) {
      c.put("norm_eps", spec.normEpsilon()); // ours: timm has it in the layer
    }
    if (spec.pooling() == Pooling.AVERAGE_OF_NORMED) {
      c.put("fc_norm", false);
    }
    switch (spec.channelMixer()) {
      case Mlp.Spec mlp -> {
        c.put("mlp_ratio", mlp.ratio());
        if (mlp.activation() == Mlp.Activation.SQUARED_RELU
            || mlp.activation() == Mlp.Activation.GELU_TANH) {
          throw notOfTimm("the activations gelu, silu and relu");
        }
        if (mlp.activation() != Mlp.Activation.GELU) {
          c.put("act_layer", mlp.activation().name().toLowerCase(Locale.ROOT));
        }
      }
      case GroupRationalMlp.Spec kat -> {
        c.put("mlp_ratio", kat.ratio());
        c.put("act_init", kat.act2().startsWith("gelu") ? "gelu" : "swish"); // both names they know
      }
      default -> throw notOfTimm("the channel mixers mlp and gr-kan");
    }
    return c;
  }

  static boolean isOfTimm(Attention.Spec a) {
    return a.equals(
        Attention.Spec.timm(a.heads(), a.qkvBias(), a.qkNorm(), a.outBias(), a.dropout()));
  }

  private static UserException notOfTimm(String known) {
    return new UserException(
        "a folder in timm's layout knows " + known + " only: write a .safetensors file instead");
  }
}
