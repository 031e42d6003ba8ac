package org.kat4j.model;

import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import org.kat4j.channel.ChannelMixer;
import org.kat4j.channel.GroupRationalMlp;
import org.kat4j.channel.Mlp;
import org.kat4j.error.UserException;
import org.kat4j.function.GroupRational;
import org.kat4j.model.VisionTransformer.Pooling;
import org.kat4j.token.Attention;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * The constructor arguments of timm's {@code VisionTransformer} and of KAT's, to a spec and back.
 *
 * <p>What shapes say (width, channels, classes, the layout of rational coefficients) is taken from
 * the tensors, so that arguments left to their defaults do no harm. Source: timm,
 * vision_transformer.py; Adamdad/kat, katransformer.py.
 */
public final class TimmArguments {
  private static final String PATCHES =
      "patch_embed.proj.weight"; // [width, channels, patch, patch]
  private static final String ACT1 = "blocks.0.mlp.act1.";

  private TimmArguments() {}

  /**
   * The model of these arguments; what is absent has timm's default.
   *
   * @param c arguments by their Python names
   * @param shapes shape of a tensor by its state-dict name, empty where there is none
   * @throws IllegalArgumentException where an argument or shape does not fit
   */
  public static VisionTransformer.Spec spec(
      ObjectNode c, Function<String, Optional<long[]>> shapes) {
    long[] patches = shape(shapes, PATCHES, 4);
    long[] head = shape(shapes, "head.weight", 2);
    int patch = Math.toIntExact(patches[2]);
    boolean classToken = c.path("class_token").asBoolean(true);
    int registers = c.path("reg_tokens").asInt(0);
    boolean positionOfPrefix = !c.path("no_embed_class").asBoolean(false);
    int prefix = positionOfPrefix ? registers + (classToken ? 1 : 0) : 0;
    var attention =
        new Attention.Spec(
            c.path("num_heads").asInt(12),
            c.path("qkv_bias").asBoolean(true),
            c.path("qk_norm").asBoolean(false),
            c.path("proj_bias").asBoolean(true),
            0,
            false);
    return new VisionTransformer.Spec(
        c.path("img_size").asInt(patch * side(shape(shapes, "pos_embed", 3)[1] - prefix)),
        patch,
        Math.toIntExact(patches[1]),
        Math.toIntExact(head[0]),
        Math.toIntExact(patches[0]),
        c.path("depth").asInt(12),
        attention,
        channelMixer(c, shapes),
        classToken,
        registers,
        positionOfPrefix,
        c.path("pre_norm").asBoolean(false),
        pooling(c),
        c.path("init_values").asDouble(0),
        c.path("drop_path_rate").asDouble(0),
        0,
        c.path("norm_eps").asDouble(1e-6),
        WeightInit.TIMM);
  }

  private static long[] shape(
      Function<String, Optional<long[]>> shapes, String name, int dimensions) {
    long[] shape =
        shapes
            .apply(name)
            .orElseThrow(() ->
                new IllegalArgumentException(
                    "tensor " + name + " is missing: this is no vision transformer with a head"));
    if (shape.length != dimensions) {
      throw new IllegalArgumentException(
          "tensor %s has %d dimensions, %d are expected".formatted(name, shape.length, dimensions));
    }
    return shape;
  }

  private static int side(long cells) {
    long side = Math.round(Math.sqrt(Math.max(cells, 0)));
    if (side < 1 || side * side != cells) {
      throw new IllegalArgumentException(
          "pos_embed has " + cells + " patch positions: not a square grid");
    }
    return Math.toIntExact(side);
  }

  private static Pooling pooling(ObjectNode c) {
    String pool = c.path("global_pool").asString("token");
    return switch (pool) {
      case "token" -> Pooling.TOKEN;
      case "avg" -> c.path("fc_norm").asBoolean(true) ? Pooling.AVERAGE : Pooling.AVERAGE_OF_NORMED;
      default ->
          throw new IllegalArgumentException(
              "global_pool = " + pool + ": token and avg are what kat4j builds");
    };
  }

  private static ChannelMixer.Spec channelMixer(
      ObjectNode c, Function<String, Optional<long[]>> shapes) {
    double ratio = c.path("mlp_ratio").asDouble(4);
    for (GroupRational.Naming naming : GroupRational.Naming.values()) {
      if (shapes.apply(ACT1 + naming.numerator()).isPresent()) {
        long[] numerator = shape(shapes, ACT1 + naming.numerator(), 2); // [1 or groups, m + 1]
        long[] denominator = shape(shapes, ACT1 + naming.denominator(), 2); // [1 or groups, n]
        int m = Math.toIntExact(numerator[1] - 1);
        int n = Math.toIntExact(denominator[1]);
        var rational =
            new GroupRational.Spec(
                Math.toIntExact(numerator[0]), Math.toIntExact(denominator[0]), m, n, naming);
        // FlashKAT's second function starts as swish whatever act_init says.
        boolean kat = naming == GroupRational.Naming.KAT;
        String act2 = kat ? c.path("act_init").asString("swish") : "swish";
        return new GroupRationalMlp.Spec(
            ratio, rational, "identity", m >= 5 && n >= 4 ? act2 : "identity", 0);
      }
    }
    String activation = c.path("act_layer").asString("gelu").toUpperCase(Locale.ROOT);
    return switch (activation) {
      case "GELU", "SILU", "RELU" -> new Mlp.Spec(ratio, Mlp.Activation.valueOf(activation), 0);
      case "SWISH" -> new Mlp.Spec(ratio, Mlp.Activation.SILU, 0);
      default ->
          throw new IllegalArgumentException(
              "act_layer = " + activation + ": gelu, silu and relu are what kat4j builds");
    };
  }

  /** All arguments of a spec by their Python names. */
  static ObjectNode of(VisionTransformer.Spec spec) {
    if (!(spec.tokenMixer() instanceof Attention.Spec attention) || attention.causal()) {
      throw notOfTimm("attention as token mixer, which is not causal");
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
    if (spec.pooling() == Pooling.AVERAGE_OF_NORMED) {
      c.put("fc_norm", false);
    }
    switch (spec.channelMixer()) {
      case Mlp.Spec mlp -> {
        c.put("mlp_ratio", mlp.ratio());
        if (mlp.activation() == Mlp.Activation.SQUARED_RELU) {
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

  private static UserException notOfTimm(String known) {
    return new UserException(
        "a folder in timm's layout knows " + known + " only: write a .safetensors file instead");
  }
}
