package org.kat4j.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.kat4j.channel.GroupRationalMlp;
import org.kat4j.config.Config;
import org.kat4j.error.UserException;
import org.kat4j.function.GroupRational;
import org.kat4j.torch.Context;
import org.kat4j.torch.Safetensors;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;
import tools.jackson.databind.node.ObjectNode;

/** Models by hub folders, names and checkpoints. */
class WeightsFileTest {
  private static final Map<String, String> METADATA =
      Map.of(
          Weights.CLASSES, ClassNames.toText(List.of("a", "b", "c\nc", "d", "e")),
          Weights.MEAN, "0.5",
          Weights.DEVIATION, "0.25",
          Weights.CROP_PCT, "0.875",
          Weights.INTERPOLATION, "bilinear");

  @TempDir Path folder;
  private Scope scope;

  @BeforeEach
  void open() {
    scope = Scope.open();
  }

  @AfterEach
  void close() {
    scope.close();
  }

  /** The weights of a hub folder without what kat4j adds: as others publish them. */
  private static void strip(Path hub, Model model) {
    Path file = hub.resolve("model.safetensors");
    Safetensors.write(file, StateDict.of(model), Map.of("format", "pt"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"kat", "flash", "vit", "pooled"})
  void aHubFolderSaysWithTimmsKeysAloneWhatItIs(String which) {
    VisionTransformer.Spec kat = VisionTransformer.Spec.kat(12, 4, 1, 5, 24, 2, 3);
    VisionTransformer.Spec vit = VisionTransformer.Spec.vit(12, 4, 1, 5, 24, 2, 3);
    Model.Spec spec =
        switch (which) {
          case "kat" -> kat;
          case "flash" -> Conversion.withNaming(kat, GroupRational.Naming.FLASH_KAT);
          case "vit" -> vit;
          default -> // average pooling, registers, layer scale, qk norm: all that is unusual
              Config.fromJson(
                  Config.toJson(vit)
                      .replace("\"registers\":0", "\"registers\":2")
                      .replace("\"pooling\":\"token\"", "\"pooling\":\"average\"")
                      .replace("\"layerScale\":0.0", "\"layerScale\":1e-5")
                      .replace("\"normFirst\":false", "\"normFirst\":true")
                      .replace("\"queryKey\":[]", "\"queryKey\":[{\"kind\":\"head-norm\"}]")
                      .replace("\"positionOfPrefix\":true", "\"positionOfPrefix\":false"),
                  Model.Spec.class,
                  "test");
        };
    Model model = spec.build(Context.cpu(4));
    Path hub = folder.resolve("hub");
    Weights.export(hub, model, METADATA);
    strip(hub, model);
    try (WeightsFile opened = WeightsFile.open(hub)) {
      VisionTransformer.Spec read = (VisionTransformer.Spec) opened.spec();
      assertThat(read).isEqualTo(((VisionTransformer.Spec) spec).withWeightInit(WeightInit.TIMM));
      assertThat(opened.metadata()).isEqualTo(METADATA);
      Model loaded = Weights.load(opened, Context.cpu(0));
      assertThat(Agreement.of(model, loaded, List.of(new float[144])).largestDifference()).isZero();
    }
  }

  @Test
  void theConfigHasTimmsKeys() {
    Path hub = folder.resolve("hub");
    Model model = ImageModel.Spec.named("vit_nano").withInput(32, 3, 10).build(Context.cpu(0));
    Weights.export(hub, model, Map.of(Weights.MEAN, "0.5,0.5,0.5"));
    ObjectNode config = Config.readTree(hub.resolve("config.json"));
    assertThat(config.get("architecture").asString()).startsWith("vit_");
    assertThat(config.get("num_classes").intValue()).isEqualTo(10);
    assertThat(config.get("num_features").intValue()).isEqualTo(64);
    assertThat(config.path("model_args").path("embed_dim").intValue()).isEqualTo(64);
    assertThat(config.path("pretrained_cfg").path("input_size").toString()).isEqualTo("[3,32,32]");
    assertThatThrownBy(() -> Weights.export(hub, model, Map.of()))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("not empty");
  }

  /** Published folders say hardly more than a name. */
  @ParameterizedTest
  @CsvSource({
    "vit_tiny_patch16_224.augreg_in21k_ft_in1k, 192, 3, '0.5,0.5,0.5', 0.9",
    "deit_small_patch16_224, 384, 6, '0.485,0.456,0.406', 0.9",
    "kat_tiny_patch16_224, 192, 3, '0.485,0.456,0.406', 0.875",
  })
  void aPublishedNameIsEnough(String name, int width, int heads, String mean, String crop)
      throws IOException {
    Path hub = Files.createDirectories(folder.resolve("hub"));
    boolean kat = name.startsWith("kat");
    VisionTransformer.Spec spec =
        kat
            ? VisionTransformer.Spec.kat(224, 16, 3, 7, width, 12, heads)
            : VisionTransformer.Spec.vit(224, 16, 3, 7, width, 12, heads);
    strip(hub, spec.build(Context.cpu(0).forOverwriting()));
    Files.writeString(
        hub.resolve("config.json"),
        """
        {"architecture": "%s", "num_classes": 7, "num_features": %d,
         "pretrained_cfg": {"tag": "x", "input_size": [3, 224, 224], "pool_size": null}}
        """
            .formatted(name, width));
    try (WeightsFile opened = WeightsFile.open(hub)) {
      assertThat(opened.spec()).isEqualTo(spec.withWeightInit(WeightInit.TIMM));
      assertThat(opened.metadata())
          .containsEntry(Weights.MEAN, mean)
          .containsEntry(Weights.CROP_PCT, crop)
          .containsEntry(Weights.CLASSES, "[\"0\",\"1\",\"2\",\"3\",\"4\",\"5\",\"6\"]");
    }
  }

  @Test
  void aNameGivenByHandCountsFirstAndShapesDecideTheRest() {
    Path file = folder.resolve("a.safetensors");
    VisionTransformer.Spec spec = VisionTransformer.Spec.kat(24, 4, 3, 6, 64, 4, 4);
    Safetensors.write(file, StateDict.of(spec.build(Context.cpu(0))), Map.of());
    try (WeightsFile opened = WeightsFile.open(file, "kat_nano_gelu", "")) {
      VisionTransformer.Spec read = (VisionTransformer.Spec) opened.spec();
      assertThat(read.imageSize()).isEqualTo(24);
      assertThat(read.classes()).isEqualTo(6);
      assertThat(((GroupRationalMlp.Spec) read.channelMixer()).act2()).isEqualTo("gelu");
    }
    assertRefused(file, null, "--model");
    assertRefused(file, "resnet50", "not one that kat4j builds");
    assertThatThrownBy(
            () -> {
              try (WeightsFile opened = WeightsFile.open(file, "kat_tiny", "")) {
                Weights.load(opened, Context.cpu(0));
              }
            })
        .isInstanceOf(UserException.class)
        .hasMessageContaining(
            file + ": these weights have the width 64, a model of this name has 192");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {}                                                                             | architecture ''
          {"architecture": "resnet50"}                                                   | resnet50
          {"architecture": "vit_tiny_patch16_224", "global_pool": "map"}                 | global_pool = map
          {"architecture": "vit_tiny_patch16_224", "model_args": {"norm_eps": -1}}       | normEpsilon = -1
          {"architecture": "vit_tiny_patch16_224", "model_args": {"act_layer": "elu"}}   | act_layer
          {"architecture": "vit_tiny_patch16_224", "model_args": {"num_heads": 5, "depth": 2}} | heads = 5
          {"architecture": "vit_tiny_patch16_224", "pretrained_cfg": {"crop_mode": "squash"}} | crop_mode = squash
          {"architecture": "vit_tiny_patch16_224"                                        | not valid
          """)
  void aConfigThatDoesNotFitIsRefusedInOneLine(String config, String message) throws IOException {
    Path hub = Files.createDirectories(folder.resolve("hub"));
    strip(hub, VisionTransformer.Spec.vit(12, 4, 1, 5, 24, 2, 3).build(Context.cpu(0)));
    Files.writeString(hub.resolve("config.json"), config);
    assertThatThrownBy(() -> Weights.load(hub, Context.cpu(0)))
        .isInstanceOf(UserException.class)
        .hasMessageContaining(hub.toString())
        .hasMessageContaining(message)
        .message()
        .doesNotContain("\n");
  }

  /** Names and shapes say it; a name or config that says something else is not believed. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"registers\":3",
        "\"positionOfPrefix\":false",
        "\"pooling\":\"average\"",
        "\"classToken\":false,\"pooling\":\"average-of-normed\"",
        "\"layerScale\":1e-5",
        "\"queryKey\":[{\"kind\":\"head-norm\"}]",
        "\"normFirst\":true,\"normEpsilon\":1e-5",
        "\"qkvBias\":false",
        "\"outBias\":false",
        "\"ratio\":2.5",
        "\"depth\":3"
      })
  void whatTensorsShowIsReadOffThem(String unusual) {
    ObjectNode tree =
        Config.parse(Config.toJson(VisionTransformer.Spec.vit(16, 4, 3, 5, 192, 2, 3)), "test");
    ObjectNode changes = Config.parse("{" + unusual + "}", "test");
    ObjectNode attention = (ObjectNode) tree.get("tokenMixer");
    ObjectNode mlp = (ObjectNode) tree.get("channelMixer");
    changes
        .propertyStream()
        .forEach(change -> {
          ObjectNode holder =
              attention.has(change.getKey()) ? attention : mlp.has(change.getKey()) ? mlp : tree;
          holder.set(change.getKey(), change.getValue());
        });
    var spec = (VisionTransformer.Spec) Config.fromJson(tree.toString(), Model.Spec.class, "test");
    Path file = folder.resolve("bare.safetensors");
    Model model = spec.build(Context.cpu(4));
    Safetensors.write(file, StateDict.of(model), Map.of());
    for (String name : List.of("vit_tiny_patch16_224", "deit3_tiny_patch16_384")) {
      try (WeightsFile opened = WeightsFile.open(file, name, "")) {
        assertThat(opened.spec())
            .usingRecursiveComparison()
            .ignoringFields("layerScale") // tensors show that there is one, not how it began
            .isEqualTo(spec.withWeightInit(WeightInit.TIMM));
        Model loaded = Weights.load(opened, Context.cpu(0));
        assertThat(Agreement.of(model, loaded, List.of(new float[768])).largestDifference())
            .isZero();
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "decoder_embed.weight, masked autoencoder",
    "blocks.0.gamma_1, first names",
    "attn_pool.latent, attention pooling",
    "blocks.0.mlp.w12.weight, SwiGLU",
  })
  void modelsThatLookAlikeAreNamed(String tensor, String what) {
    Path file = folder.resolve("other.safetensors");
    var tensors =
        new LinkedHashMap<>(
            StateDict.of(VisionTransformer.Spec.vit(16, 4, 3, 5, 24, 2, 3).build(Context.cpu(0))));
    tensors.put(tensor, torch.zeros(24));
    Safetensors.write(file, tensors, Map.of());
    assertRefused(file, "vit_tiny_patch16_224", what);
  }

  /** Names and shapes are enough where heads have 64 channels, and what is assumed is said. */
  @ParameterizedTest
  @CsvSource({
    "'', 128, 2, 0.5",
    "'\"distillationToken\":true', 128, 2, 0.485",
    "'\"positionOfPrefix\":false,\"layerScale\":1e-5', 128, 2, 0.485",
    "'\"normFirst\":true,\"normEpsilon\":1e-5', 128, 2, 0.48145467",
    "'\"classToken\":false,\"registers\":4,\"pooling\":\"average-of-normed\",\"layerScale\":1e-5,\"positionOfPrefix\":false', 128, 2, 0.5",
    "'', 1280, 16, 0.5",
  })
  void tensorsAloneAreEnough(String unusual, int width, int heads, String mean) {
    ObjectNode tree =
        Config.parse(
            Config.toJson(VisionTransformer.Spec.vit(16, 4, 3, 5, width, 1, heads)), "test");
    tree.setAll(Config.parse("{" + unusual + "}", "test"));
    Model.Spec spec = Config.fromJson(tree.toString(), Model.Spec.class, "test");
    Path file = folder.resolve("bare.safetensors");
    Safetensors.write(file, StateDict.of(spec.build(Context.cpu(0).forOverwriting())), Map.of());
    try (WeightsFile opened = WeightsFile.open(file)) {
      assertThat(opened.spec()).isEqualTo(spec);
      assertThat(opened.metadata().getOrDefault(Weights.MEAN, "")).startsWith(mean);
      assertThat(opened.assumption().orElse(""))
          .startsWith("assumed from the tensors: %d heads, pixels less %s".formatted(heads, mean));
    }
  }

  @Test
  void headsThatNothingTellsAreAskedFor() throws IOException {
    Path file = folder.resolve("model.safetensors");
    VisionTransformer.Spec spec = VisionTransformer.Spec.vit(16, 4, 3, 5, 24, 2, 3);
    Safetensors.write(file, StateDict.of(spec.build(Context.cpu(0))), Map.of());
    assertRefused(file, null, "of the width 24 do not tell how many heads it has: name the model");
    Files.writeString(
        folder.resolve("config.json"),
        "{\"architecture\": \"vit_mine_patch4_16\", \"model_args\": {\"num_heads\": 3}}");
    try (WeightsFile opened = WeightsFile.open(file)) { // by the config beside it
      assertThat(opened.spec()).isEqualTo(spec);
    }
  }

  /** timm's names as far as they say something that tensors do not. */
  @ParameterizedTest
  @CsvSource({
    "vit_huge_patch14_224, vit, 224",
    "vit_so400m_patch14_siglip_gap_378, vit, 378",
    "vit_medium_patch16_reg4_gap_256, vit, 256",
    "vit_small_patch16_36x1_224, vit, 224",
    "vit_base_patch32_plus_256, vit, 256",
    "vit_small_patch14_reg4_dinov2, vit, 0",
    "deit_tiny_distilled_patch16_224, deit, 224",
    "deit3_huge_patch14_224.fb_in1k, deit3, 224",
    "kat_nano, kat, 0",
  })
  void namesOfTimmAreKnownByTheirForm(String name, String family, int image) {
    TimmArchitecture architecture = TimmArchitecture.named(name);
    assertThat(architecture.family()).isEqualTo(family);
    assertThat(architecture.arguments().path("img_size").asInt(0)).isEqualTo(image);
  }

  @Test
  void modelsOfStagesAreNoVisionTransformers() {
    assertThat(TimmTensors.isName("deit_tiny_patch16_224")).isTrue();
    assertThat(TimmTensors.isName("poolformer_s12")).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "vit_relpos_base_patch16_224",
        "vit_base_patch16_rpn_224",
        "vit_small_patch16_18x2_224",
        "vit_base_r50_s16_224",
        "vit_unheard_of",
        "beit_base_patch16_224"
      })
  void otherModelsAreRefusedByName(String name) {
    assertThatThrownBy(() -> TimmArchitecture.named(name))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("is not one that kat4j builds");
  }

  /** timm's table: what images went through belongs to the weights, not to the family. */
  @ParameterizedTest
  @CsvSource({
    "vit_base_patch16_224, 0.5, 0.9",
    "vit_base_patch16_384, 0.5, 1.0",
    "vit_base_patch16_384.augreg_in21k_ft_in1k, 0.5, 1.0",
    "vit_small_patch16_224.dino, 0.485, 0.9",
    "vit_base_patch16_224.mae, 0.485, 0.9",
    "deit_base_patch16_224, 0.485, 0.9",
    "deit_base_patch16_384, 0.485, 1.0",
    "deit3_small_patch16_224.fb_in1k, 0.485, 0.9",
    "deit3_small_patch16_224.fb_in22k_ft_in1k, 0.485, 1.0",
    "deit3_small_patch16_384, 0.485, 1.0",
  })
  void preprocessingIsThatOfTheName(String name, double mean, double crop) {
    TimmArchitecture.Preprocessing preprocessing = TimmArchitecture.named(name).preprocessing();
    assertThat(preprocessing.mean().getFirst()).isEqualTo(mean);
    assertThat(preprocessing.crop()).isEqualTo(crop);
  }

  @Test
  void weightsThatAreNoNumbersAreNamed() {
    for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
      Model model = VisionTransformer.Spec.vit(16, 4, 3, 5, 24, 2, 3).build(Context.cpu(0));
      try (var _ = Scope.noGradients()) {
        Objects.requireNonNull(StateDict.of(model).get("head.weight"))
            .select(0, 1)
            .fill_(new Scalar(bad));
      }
      Path file = folder.resolve("broken.safetensors");
      Weights.save(file, model, Map.of());
      assertThatThrownBy(() -> Weights.load(file, Context.cpu(0)))
          .isInstanceOf(UserException.class)
          .hasMessageContaining(Float.isNaN(bad) ? "hold NaN (head.weight)" : "an infinity (head");
      assertThatThrownBy(
              () -> {
                try (WeightsFile opened = WeightsFile.open(file)) {
                  Transfer.into(opened.spec().build(Context.cpu(1)), opened.tensors());
                }
              })
          .isInstanceOf(UserException.class)
          .hasMessageContaining("(head.weight)");
    }
  }

  @Test
  void wholeNumbersAreNoWeights() {
    Path file = folder.resolve("quantised.safetensors");
    Model model = VisionTransformer.Spec.vit(16, 4, 3, 5, 24, 2, 3).build(Context.cpu(0));
    var tensors = new LinkedHashMap<>(StateDict.of(model));
    tensors.put("head.weight", torch.ones(5, 24).to(ScalarType.Char));
    Safetensors.write(file, tensors, Map.of(Weights.MODEL, Config.toJson((Record) model.spec())));
    assertThatThrownBy(() -> Weights.load(file, Context.cpu(0)))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("'head.weight'")
        .hasMessageContaining("I8");
  }

  @Test
  void anyClassNameSurvives() {
    List<String> names = List.of("a\nb", "", "[\"x\"]", "\"", "ä \u001b[0m");
    assertThat(ClassNames.fromText(ClassNames.toText(names))).isEqualTo(names);
    assertThat(ClassNames.toText(names)).doesNotContain("\n");
    assertThat(ClassNames.fromText("cat\ndog")).containsExactly("cat", "dog"); // older files
    assertThat(ClassNames.fromText("[cat\ndog")).containsExactly("[cat", "dog");
  }

  @Test
  void foldersWithoutWeightsAreNamed() throws IOException {
    Path empty = Files.createDirectories(folder.resolve("empty"));
    assertRefused(
        empty,
        null,
        "neither model.safetensors nor model.safetensors.index.json nor pytorch_model.bin");
  }

  private static void assertRefused(Path path, @Nullable String model, String message) {
    assertThatThrownBy(() -> WeightsFile.open(path, model, "").close())
        .isInstanceOf(UserException.class)
        .hasMessageContaining(message);
  }
}
