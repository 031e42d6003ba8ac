package org.kat4j.model;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.OptionalInt;
import java.util.SequencedMap;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.kat4j.channel.ChannelMixer;
import org.kat4j.channel.GatedMlp;
import org.kat4j.channel.Mlp;
import org.kat4j.error.UserException;
import org.kat4j.model.VisionTransformer.Pooling;
import org.kat4j.token.Attention;
import org.kat4j.torch.Place;
import org.kat4j.torch.TensorFile;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Classifiers of images of Hugging Face's transformers, by the architecture that {@code
 * config.json} names.
 *
 * <p>Sources: the configurations and state dicts of transformers; DINOv2, arXiv 2304.07193; its
 * registers, arXiv 2309.16588.
 */
public enum HubImage implements HubArchitecture {
  VIT("ViTForImageClassification", "vit") {
    @Override
    VisionTransformer.Spec spec(HubKeys keys) {
      int width = keys.whole("hidden_size");
      double ratio = ChannelMixer.ratio(keys.whole("intermediate_size", 4 * width), width);
      return transformer(
          keys,
          new Mlp.Spec(ratio, keys.activation("hidden_act"), 0),
          0,
          Pooling.TOKEN,
          0,
          keys.number("layer_norm_eps", 1e-12));
    }
  },
  DINOV2("Dinov2ForImageClassification", "dinov2") {
    @Override
    VisionTransformer.Spec spec(HubKeys keys) {
      return dino(keys, 0);
    }
  },
  DINOV2_WITH_REGISTERS("Dinov2WithRegistersForImageClassification", "dinov2_with_registers") {
    @Override
    VisionTransformer.Spec spec(HubKeys keys) {
      return dino(keys, keys.whole("num_register_tokens"));
    }
  };

  /** Classes of a configuration that names none, which transformers leaves out. */
  private static final int USUAL_CLASSES = 2;

  private static final int MOST_CLASSES = 1_000_000;
  private static final String POSITIONS = "pos_embed";

  private final String architecture;
  private final String body;

  HubImage(String architecture, String body) {
    this.architecture = architecture;
    this.body = body;
  }

  abstract VisionTransformer.Spec spec(HubKeys keys);

  @Override
  public String architecture() {
    return architecture;
  }

  /** {@code model_type}, which all names of the body begin with. */
  String body() {
    return body;
  }

  @Override
  public VisionTransformer.Spec spec(ObjectNode config) {
    try {
      return spec(new HubKeys(config));
    } catch (IllegalArgumentException unfit) {
      throw new UserException(String.valueOf(unfit.getMessage()), unfit);
    }
  }

  private static VisionTransformer.Spec dino(HubKeys keys, int registers) {
    int width = keys.whole("hidden_size");
    double ratio = keys.number("mlp_ratio", 4);
    boolean gated = keys.config().path("use_swiglu_ffn").asBoolean(false);
    double scale = keys.number("layerscale_value", 1);
    return transformer(
        keys,
        gated
            ? new GatedMlp.Spec(
                ChannelMixer.ratio(gatedWidth(ratio, width), width), Mlp.Activation.SILU, true, 0)
            : new Mlp.Spec(ratio, keys.activation("hidden_act"), 0),
        registers,
        Pooling.TOKEN_AND_AVERAGE,
        scale > 0 ? scale : 1,
        keys.number("layer_norm_eps", 1e-6));
  }

  /** Two thirds of an MLP's hidden width, in eights. */
  private static int gatedWidth(double ratio, int width) {
    int hidden = ChannelMixer.hiddenWidth(ratio, width);
    return (int) (hidden * 2L / 3 + 7) / 8 * 8;
  }

  private static VisionTransformer.Spec transformer(
      HubKeys keys,
      ChannelMixer.Spec mixer,
      int registers,
      Pooling pooling,
      double layerScale,
      double epsilon) {
    return new VisionTransformer.Spec(
        keys.whole("image_size"),
        keys.whole("patch_size"),
        keys.whole("num_channels", 3),
        labels(keys.config()).size(),
        keys.whole("hidden_size"),
        keys.whole("num_hidden_layers"),
        Attention.Spec.timm(
            keys.whole("num_attention_heads"),
            keys.config().path("qkv_bias").asBoolean(true),
            false,
            true,
            0),
        mixer,
        true,
        false,
        registers,
        true,
        registers == 0,
        false,
        pooling,
        layerScale,
        0,
        0,
        epsilon,
        WeightInit.TIMM);
  }

  /** Names of the classes by {@code id2label}. */
  static List<String> labels(ObjectNode config) {
    JsonNode given = config.path("id2label");
    int count = given.isObject() ? given.size() : config.path("num_labels").asInt(USUAL_CLASSES);
    if (count < 1 || count > MOST_CLASSES) {
      throw new IllegalArgumentException(
          "id2label: %d classes, 1 to %d are possible".formatted(count, MOST_CLASSES));
    }
    List<String> labels = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      String number = Integer.toString(i);
      if (given.isObject() && !given.has(number)) {
        throw new IllegalArgumentException(
            "id2label: %d classes, but none of the number %d".formatted(count, i));
      }
      labels.add(given.path(number).asString("LABEL_" + number));
    }
    return labels;
  }

  @Override
  public SequencedMap<String, Place> places(Model.Spec spec) {
    SequencedMap<String, Place> places = new LinkedHashMap<>();
    boolean gated = ((VisionTransformer.Spec) spec).channelMixer() instanceof GatedMlp.Spec;
    HubNames.ours(spec).forEach(ours -> places.put(ours, HubImageNames.place(this, ours, gated)));
    return places;
  }

  @Override
  public String canonical(String stored) {
    return HubImageNames.today(stored);
  }

  @Override
  public boolean isLeftOut(String stored, Model.Spec spec) {
    return stored.endsWith(".embeddings.mask_token") || stored.contains("pooler.");
  }

  /** DINOv2 has a token for masked patches, used in its own training only. */
  @Override
  public void addUnused(SequencedMap<String, Tensor> theirs, Model.Spec spec) {
    if (this != VIT) {
      theirs.put(
          body + ".embeddings.mask_token", torch.zeros(1, ((VisionTransformer.Spec) spec).width()));
    }
  }

  /**
   * The model for images of this side, which DINOv2 is often given smaller than it was trained on.
   */
  public VisionTransformer.Spec fitted(VisionTransformer.Spec spec, OptionalInt side) {
    return this != VIT && side.isPresent() && side.getAsInt() % spec.patchSize() == 0
        ? spec.withImageSize(side.getAsInt())
        : spec;
  }

  /**
   * Positions of another image size are fitted to the model's as transformers does it: of DINOv2
   * only, and with antialiasing only where there are registers.
   */
  @Override
  public SequencedMap<String, Place> placesIn(TensorFile file, Model.Spec spec) {
    SequencedMap<String, Place> places = HubArchitecture.super.placesIn(file, spec);
    VisionTransformer.Spec vit = (VisionTransformer.Spec) spec;
    long[] to = {1, vit.patches() + vit.placedPrefixTokens(), vit.width()};
    if (this != VIT && places.get(POSITIONS) instanceof Place.Whole(String name, _)) {
      long[] stored = file.shape(name);
      if (stored.length == 3 && stored[0] == 1 && stored[1] != to[1] && stored[2] == to[2]) {
        places.put(POSITIONS, new Place.Computed(name, to, table -> resampled(table, vit)));
      }
    }
    return places;
  }

  private Tensor resampled(Tensor table, VisionTransformer.Spec vit) {
    return PositionEmbedding.resample(
        table,
        vit.placedPrefixTokens(),
        vit.imageSize() / vit.patchSize(),
        this == DINOV2_WITH_REGISTERS);
  }
}
