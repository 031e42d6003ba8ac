package org.kat4j.model;

import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.kat4j.channel.ChannelMixer;
import org.kat4j.channel.GroupRationalMlp;
import org.kat4j.channel.Mlp;
import org.kat4j.function.GroupRational;
import org.kat4j.model.VisionTransformer.Pooling;
import org.kat4j.token.Attention;
import tools.jackson.databind.node.ObjectNode;

/**
 * The model that tensors with timm's names belong to.
 *
 * <p>Names and shapes say nearly all of it: width, depth, channels, classes, tokens in front and
 * their positions, norms, biases, layer scale, the layout of rational coefficients. Arguments of a
 * name or {@code config.json} say the rest (heads, activations), and decide only where the tensors
 * leave a choice. Source: timm, vision_transformer.py; Adamdad/kat, katransformer.py.
 */
public final class TimmTensors {
  private static final String PATCHES = "patch_embed.proj.weight"; // [width, channels, p, p]
  private static final String POSITIONS = "pos_embed"; // [1, tokens, width]
  private static final String BLOCK = "blocks.0.";
  private static final String ACT1 = BLOCK + "mlp.act1.";
  private static final double USUAL_LAYER_SCALE = 1e-5;

  /** Tensors of models that look like these but are others, and what they are. */
  private static final Map<String, String> OTHERS =
      Map.of(
          "decoder_embed.weight",
          "the pretraining of a masked autoencoder, which has no classifier: take fine-tuned weights",
          "mask_token",
          "pretraining with masks, which has no classifier: take fine-tuned weights",
          "attn_pool.latent",
          "a transformer with attention pooling, which is not built",
          BLOCK + "mlp.w12.weight",
          "a transformer with SwiGLU, which is not built",
          BLOCK + "mlp.fc1_g.weight",
          "a transformer with SwiGLU, which is not built",
          BLOCK + "gamma_1",
          "DeiT III under its first names, of which timm's ('ls1.gamma') are read",
          "layers.0.blocks.0.norm1.weight",
          "a Swin transformer, which is not built");

  private final ObjectNode c;
  private final Function<String, Optional<long[]>> shapes;

  private TimmTensors(ObjectNode arguments, Function<String, Optional<long[]>> shapes) {
    this.c = arguments;
    this.shapes = shapes;
  }

  /** Whether tensors look like those of a vision transformer at all. */
  static boolean areThere(Function<String, Optional<long[]>> shapes) {
    return shapes.apply(PATCHES).isPresent() && shapes.apply(POSITIONS).isPresent();
  }

  /** Whether this is a name that {@link #named} knows, whatever the tensors. */
  public static boolean isName(String name) {
    return transformer(name).isPresent();
  }

  /** Models of stages have names of timm's too. */
  private static Optional<TimmArchitecture> transformer(String name) {
    return TimmArchitecture.of(name)
        .filter(architecture -> MetaFormerPublished.in(architecture.arguments()).isEmpty());
  }

  /**
   * The model that timm builds by this name; empty where it is none of these.
   *
   * @param further arguments beside the name
   */
  public static Optional<VisionTransformer.Spec> named(
      String name, ObjectNode further, Function<String, Optional<long[]>> shapes) {
    return transformer(name)
        .map(architecture -> {
          ObjectNode arguments = architecture.arguments();
          arguments.setAll(further);
          return spec(arguments, shapes);
        });
  }

  /**
   * The model of these tensors.
   *
   * @param arguments constructor arguments by their Python names; what is absent has timm's default
   * @param shapes shape of a tensor by its state-dict name, empty where there is none
   * @throws IllegalArgumentException where an argument or shape does not fit
   */
  public static VisionTransformer.Spec spec(
      ObjectNode arguments, Function<String, Optional<long[]>> shapes) {
    return new TimmTensors(arguments, shapes).spec();
  }

  private VisionTransformer.Spec spec() {
    for (Map.Entry<String, String> other : OTHERS.entrySet()) {
      if (has(other.getKey())) {
        throw new IllegalArgumentException(
            "tensor %s belongs to %s".formatted(other.getKey(), other.getValue()));
      }
    }
    long[] patches = shape(PATCHES, 4);
    long[] head = shape("head.weight", 2);
    int width = Math.toIntExact(patches[0]);
    int patch = Math.toIntExact(patches[2]);
    if (patches[2] != patches[3]) {
      throw new IllegalArgumentException(
          "patches of %d x %d pixels: squares are built".formatted(patches[2], patches[3]));
    }
    boolean classToken = has("cls_token");
    int registers = has("reg_token") ? Math.toIntExact(shape("reg_token", 3)[1]) : 0;
    boolean distilled = has("dist_token");
    int prefix = registers + (classToken ? 1 : 0) + (distilled ? 1 : 0);
    long positions = shape(POSITIONS, 3)[1];
    boolean positionOfPrefix = positionOfPrefix(positions, prefix, patch);
    var spec =
        new VisionTransformer.Spec(
            patch * side(positions - (positionOfPrefix ? prefix : 0)),
            patch,
            Math.toIntExact(patches[1]),
            Math.toIntExact(head[0]),
            width,
            depth(),
            attention(width),
            channelMixer(width),
            classToken,
            distilled,
            registers,
            positionOfPrefix,
            true,
            has("norm_pre.weight"),
            pooling(classToken),
            has(BLOCK + "ls1.gamma") ? layerScale() : 0,
            c.path("drop_path_rate").asDouble(0),
            0,
            c.path("norm_eps").asDouble(usualEpsilon(has("norm_pre.weight"))),
            WeightInit.TIMM);
    if (c.path("embed_dim").asInt(width) != width) {
      throw new IllegalArgumentException(
          "these weights have the width %d, a model of this name has %d: name the one they belong to"
              .formatted(width, c.path("embed_dim").asInt(width)));
    }
    return spec;
  }

  /** Of norms. Only CLIP's models have a norm before their blocks, and theirs is another. */
  static double usualEpsilon(boolean normFirst) {
    return normFirst ? 1e-5 : 1e-6;
  }

  private boolean has(String name) {
    return shapes.apply(name).isPresent();
  }

  private long[] shape(String name, int dimensions) {
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

  private int depth() {
    int depth = 0;
    while (has("blocks." + depth + ".norm1.weight")) {
      depth++;
    }
    if (depth == 0) {
      throw new IllegalArgumentException(
          "tensor blocks.0.norm1.weight is missing: this is no vision transformer with plain blocks");
    }
    return depth;
  }

  /**
   * Whether the tokens in front are among the positions: as the image size or the arguments say,
   * where both are possible.
   */
  private boolean positionOfPrefix(long positions, int prefix, int patch) {
    boolean with = isSquare(positions - prefix);
    boolean without = isSquare(positions);
    if (prefix > 0 && with && without) {
      long side = c.path("img_size").asLong(0) / patch;
      return side * side == positions - prefix
          || side * side != positions && !c.path("no_embed_class").asBoolean(false);
    }
    if (!with && !without) {
      throw new IllegalArgumentException(
          "pos_embed has %d positions: with %d tokens in front or without they are no square grid"
              .formatted(positions, prefix));
    }
    return with;
  }

  private static boolean isSquare(long cells) {
    return cells > 0 && side(cells) * (long) side(cells) == cells;
  }

  private static int side(long cells) {
    return Math.toIntExact(Math.round(Math.sqrt(cells)));
  }

  private Attention.Spec attention(int width) {
    boolean normed = has(BLOCK + "attn.q_norm.weight");
    int heads =
        normed // one weight for each channel of a head
            ? Math.toIntExact(width / Math.max(shape(BLOCK + "attn.q_norm.weight", 1)[0], 1))
            : c.path("num_heads").asInt(TimmArchitecture.usualHeads(width));
    if (heads == 0) {
      throw new IllegalArgumentException(
          "its tensors of the width %d do not tell how many heads it has: name the model with --model, or give 'num_heads' in config.json"
              .formatted(width));
    }
    return Attention.Spec.timm(
        heads, has(BLOCK + "attn.qkv.bias"), normed, has(BLOCK + "attn.proj.bias"), 0);
  }

  private Pooling pooling(boolean classToken) {
    String pool = c.path("global_pool").asString(classToken ? "token" : "avg");
    if (!pool.equals("token") && !pool.equals("avg")) {
      throw new IllegalArgumentException(
          "global_pool = " + pool + ": token and avg are what kat4j builds");
    }
    if (has("fc_norm.weight")) {
      return Pooling.AVERAGE;
    }
    return pool.equals("token") && classToken ? Pooling.TOKEN : Pooling.AVERAGE_OF_NORMED;
  }

  private double layerScale() {
    double given = c.path("init_values").asDouble(0);
    return given > 0 ? given : USUAL_LAYER_SCALE;
  }

  /** The hidden width by the width, such that rounding down gives the hidden width again. */
  private double ratio(int width) {
    double ratio = c.path("mlp_ratio").asDouble(4);
    long hidden = has(BLOCK + "mlp.fc1.weight") ? shape(BLOCK + "mlp.fc1.weight", 2)[0] : 0;
    if (hidden == 0 || (long) Math.floor(ratio * width) == hidden) {
      return ratio;
    }
    return ChannelMixer.ratio(Math.toIntExact(hidden), width);
  }

  private ChannelMixer.Spec channelMixer(int width) {
    double ratio = ratio(width);
    for (GroupRational.Naming naming : GroupRational.Naming.values()) {
      if (has(ACT1 + naming.numerator())) {
        long[] numerator = shape(ACT1 + naming.numerator(), 2); // [1 or groups, m + 1]
        long[] denominator = shape(ACT1 + naming.denominator(), 2); // [1 or groups, n]
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
}
