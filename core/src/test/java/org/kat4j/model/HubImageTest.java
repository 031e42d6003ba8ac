package org.kat4j.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.kat4j.config.Config;
import org.kat4j.error.UserException;
import org.kat4j.torch.Context;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Place;
import org.kat4j.torch.RandomStream;
import org.kat4j.torch.Safetensors;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;
import org.kat4j.torch.TensorFile;

/** Folders of image classifiers as transformers publishes them, whole and damaged. */
class HubImageTest {
  private static final String VIT =
      """
      {"architectures": ["ViTForImageClassification"], "hidden_size": 16, "num_hidden_layers": 2,
       "num_attention_heads": 2, "intermediate_size": 24, "hidden_act": "gelu", "layer_norm_eps": 1e-12,
       "image_size": 12, "patch_size": 4, "num_channels": 3, "id2label": {"0": "cat", "2": "owl", "1": "dog"}}\
      """;
  private static final String DINO =
      """
      {"architectures": ["Dinov2ForImageClassification"], "hidden_size": 16, "num_hidden_layers": 2,
       "num_attention_heads": 2, "mlp_ratio": 4, "hidden_act": "gelu", "layer_norm_eps": 1e-6, "use_swiglu_ffn": false,
       "layerscale_value": 1.0, "image_size": 12, "patch_size": 4, "num_channels": 3}\
      """;
  private static final String PREPROCESSING =
      """
      {"do_resize": true, "size": {"shortest_edge": 16}, "resample": 2, "do_center_crop": true,
       "crop_size": {"height": 12, "width": 12}, "do_normalize": true, "image_mean": [0.1, 0.2, 0.3],
       "image_std": [0.4, 0.5, 0.6], "do_rescale": true, "rescale_factor": 0.00392156862745098}\
      """;

  @TempDir Path folder;
  private final Scope scope = Scope.open();

  @AfterEach
  void close() {
    scope.close();
  }

  private static String config(HubImage architecture) {
    return switch (architecture) {
      case VIT -> VIT;
      case DINOV2 -> DINO;
      case DINOV2_WITH_REGISTERS ->
          DINO.replace("Dinov2For", "Dinov2WithRegistersFor")
              .replace("\"layerscale_value\"", "\"num_register_tokens\": 2, \"layerscale_value\"");
    };
  }

  /** Writes what transformers would of a model of ours with numbers unlike any start. */
  private VisionTransformer write(HubImage architecture, String config, UnaryOperator<String> name)
      throws IOException {
    VisionTransformer model = architecture.spec(Config.parse(config, "test")).build(Context.cpu(3));
    Map<String, Tensor> ours = new LinkedHashMap<>();
    var random = new RandomStream(5);
    StateDict.of(model)
        .forEach((tensor, value) -> {
          Tensor plain = value.detach();
          plain.add_(random.normal(torch.empty_like(plain), 0, 0.2));
          ours.put(tensor, plain);
        });
    Map<String, Tensor> theirs = new LinkedHashMap<>();
    Place.stored(architecture.places(model.spec()), ours)
        .forEach((tensor, value) -> theirs.put(name.apply(tensor), value));
    Safetensors.write(folder.resolve("model.safetensors"), theirs, Map.of("format", "pt"));
    Files.writeString(folder.resolve("config.json"), config);
    return model;
  }

  private static double distance(Model a, Model b) {
    int side = ((VisionTransformer) a).spec().imageSize();
    Tensor images = new RandomStream(2).normal(torch.empty(2, 3, side, side), 0, 1);
    try (var _ = Scope.noGradients()) {
      Tensor ofA = ((VisionTransformer) a).forward(images, Pass.evaluation());
      return ofA.sub(((VisionTransformer) b).forward(images, Pass.evaluation()))
          .abs()
          .max()
          .item_double();
    }
  }

  @ParameterizedTest
  @EnumSource(HubImage.class)
  void aFolderIsAModelAndIsWrittenAsItCame(HubImage architecture) throws IOException {
    VisionTransformer written = write(architecture, config(architecture), name -> name);
    Files.writeString(folder.resolve("preprocessor_config.json"), PREPROCESSING);
    try (WeightsFile file = WeightsFile.open(folder)) {
      assertThat(file.spec()).isEqualTo(written.spec());
      assertThat(file.metadata())
          .containsEntry(Weights.ARCHITECTURE, architecture.architecture())
          .containsEntry(Weights.MEAN, "0.1,0.2,0.3")
          .containsEntry(Weights.DEVIATION, "0.4,0.5,0.6")
          .containsEntry(Weights.CROP_PCT, "0.75")
          .containsEntry(Weights.INTERPOLATION, "bilinear");
      Model read = Weights.load(file, Context.cpu(9));
      assertThat(distance(written, read)).isZero();
      Path out = folder.resolve("out");
      Weights.export(out, read, file.metadata());
      try (WeightsFile again = WeightsFile.open(out)) {
        assertThat(again.metadata()).isEqualTo(file.metadata());
        assertThat(distance(written, Weights.load(again, Context.cpu(9)))).isZero();
      }
      try (Safetensors before = Safetensors.open(folder.resolve("model.safetensors"));
          Safetensors after = Safetensors.open(out.resolve("model.safetensors"))) {
        assertThat(after.names()).containsAll(before.names());
      }
    }
  }

  @Test
  void labelsAreClassNames() throws IOException {
    VisionTransformer _ = write(HubImage.VIT, VIT, name -> name);
    try (WeightsFile file = WeightsFile.open(folder)) {
      assertThat(ClassNames.fromText(file.metadata().getOrDefault(Weights.CLASSES, "")))
          .isEqualTo(List.of("cat", "dog", "owl"));
    }
  }

  /** Names of the fifth version, and what older files hold beside. */
  @Test
  void namesOfBothVersionsAreRead() throws IOException {
    VisionTransformer written = write(HubImage.VIT, VIT, HubImageNames::today);
    try (Safetensors file = Safetensors.open(folder.resolve("model.safetensors"))) {
      assertThat(file.names())
          .contains("layers.0.attention.q_proj.weight", "layers.1.mlp.fc2.bias", "classifier.bias");
    }
    assertThat(distance(written, Weights.load(folder, Context.cpu(9)))).isZero();
  }

  @ParameterizedTest
  @ValueSource(strings = {"BFloat16", "Half"})
  void roundedFilesAreRead(String type) throws IOException {
    VisionTransformer written = write(HubImage.DINOV2, DINO, name -> name);
    Map<String, Tensor> rounded = new LinkedHashMap<>();
    try (Safetensors file = Safetensors.open(folder.resolve("model.safetensors"))) {
      file.names().forEach(name -> rounded.put(name, file.read(name).to(ScalarType.valueOf(type))));
    }
    Safetensors.write(folder.resolve("model.safetensors"), rounded, Map.of());
    assertThat(distance(written, Weights.load(folder, Context.cpu(9))))
        .isPositive()
        .isLessThan(0.2);
  }

  /** The giant's gated perceptron: one matrix makes gate and value, in this order. */
  @Test
  void theGatedPerceptronIsOneMatrixThere() throws IOException {
    String giant = DINO.replace("\"use_swiglu_ffn\": false", "\"use_swiglu_ffn\": true");
    VisionTransformer written = write(HubImage.DINOV2, giant, name -> name);
    assertThat(distance(written, Weights.load(folder, Context.cpu(9)))).isZero();
    String layer = "dinov2.encoder.layer.0.mlp.";
    try (Safetensors file = Safetensors.open(folder.resolve("model.safetensors"))) {
      assertThat(file.shape(layer + "weights_in.weight")).containsExactly(96, 16); // 2 * 48
      assertThat(file.shape(layer + "weights_out.weight")).containsExactly(16, 48);
      Tensor gate = StateDict.of(written).getOrDefault("blocks.0.mlp.fc1_g.bias", new Tensor());
      assertThat(file.read(layer + "weights_in.bias").narrow(0, 0, 48).equal(gate)).isTrue();
    }
    Path out = folder.resolve("out");
    Weights.export(out, written, Map.of());
    assertThat(distance(written, Weights.load(out, Context.cpu(9)))).isZero();
  }

  /** DINOv2 is given smaller images than it was trained on: its positions follow. */
  @ParameterizedTest
  @EnumSource(
      value = HubImage.class,
      names = {"DINOV2", "DINOV2_WITH_REGISTERS"})
  void positionsFollowTheImagesThatAreGiven(HubImage architecture) throws IOException {
    VisionTransformer written = write(architecture, config(architecture), name -> name);
    Files.writeString(
        folder.resolve("preprocessor_config.json"),
        PREPROCESSING.replace("\"height\": 12, \"width\": 12", "\"height\": 8, \"width\": 8"));
    try (WeightsFile file = WeightsFile.open(folder)) {
      assertThat(((VisionTransformer.Spec) file.spec()).imageSize()).isEqualTo(8);
      VisionTransformer read = (VisionTransformer) Weights.load(file, Context.cpu(0));
      Tensor expected =
          PositionEmbedding.resample(
              written.tokens().position(), 1, 2, architecture != HubImage.DINOV2);
      assertThat(read.tokens().position().equal(expected)).isTrue();
    }
  }

  @Test
  void whatCameAsTimmsIsWrittenSoUnlessOnlyTransformersHasIt() throws IOException {
    VisionTransformer vit = VisionTransformer.Spec.vit(12, 4, 3, 5, 24, 2, 3).build(Context.cpu(0));
    Weights.export(folder.resolve("timm"), vit, Map.of());
    assertThat(Config.readTree(folder.resolve("timm/config.json")).has("architecture")).isTrue();
    VisionTransformer dino = write(HubImage.DINOV2, DINO, name -> name);
    Weights.export(folder.resolve("dino"), dino, Map.of());
    assertThat(
            Config.readTree(folder.resolve("dino/config.json"))
                .path("architectures")
                .path(0)
                .asString(""))
        .isEqualTo("Dinov2ForImageClassification");
  }

  /** As large models are published: several files and an index. */
  @ParameterizedTest
  @EnumSource(HubImage.class)
  void aFolderMayHaveItsWeightsInSeveralFiles(HubImage architecture) throws IOException {
    VisionTransformer written = write(architecture, config(architecture), name -> name);
    ShardedFolder.split(folder);
    assertThat(folder.resolve("model.safetensors")).doesNotExist();
    try (TensorFile tensors = WeightsFile.openTensors(folder, "")) { // as --init takes them
      Transfer transfer = Transfer.into(written.spec().build(Context.cpu(1)), tensors);
      assertThat(transfer.fresh()).isEmpty();
    }
    assertThat(distance(written, Weights.load(folder, Context.cpu(9)))).isZero();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          "ViTForImageClassification" | "ViTForMaskedImageModeling" | ViTForImageClassification, Dinov2ForImageClassification
          "gelu"                      | "quick_gelu"                | hidden_act = quick_gelu: gelu
          "hidden_size": 16           | "hidden_size": null         | hidden_size: a whole number of 1 or more
          "hidden_size": 16           | "hidden_size": 18           | has the shape
          "2": "owl"                  | "3": "owl"                  | id2label: 3 classes, but none of the number 2
          "patch_size": 4             | "patch_size": 5             | imageSize = 12: not a multiple of patchSize = 5
          "num_hidden_layers": 2      | "num_hidden_layers": 3      | tensors, blocks.2.norm1.weight first, are missing
          "num_hidden_layers": 2      | "num_hidden_layers": 1      | tensors, vit.encoder.layer.1.
          "num_attention_heads": 2    | "num_attention_heads": 3    | heads = 3 does not divide the width 16
          """)
  void aConfigThatDoesNotFitIsRefusedInOneLine(String from, String to, String message)
      throws IOException {
    VisionTransformer _ = write(HubImage.VIT, VIT, name -> name);
    Files.writeString(folder.resolve("config.json"), VIT.replace(from, to));
    assertRefused(message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          0.00392156862745098             | 0.5                            | rescale_factor = 0.5: 1/255
          "resample": 2                   | "resample": 9                  | resample = 9
          "height": 12, "width": 12       | "height": 12, "width": 16      | crop_size
          {"shortest_edge": 16}           | {"longest_edge": 16}           | size
          """)
  void soIsAPreprocessing(String from, String to, String message) throws IOException {
    VisionTransformer _ = write(HubImage.VIT, VIT, name -> name);
    Files.writeString(folder.resolve("preprocessor_config.json"), PREPROCESSING.replace(from, to));
    assertRefused(message);
  }

  private void assertRefused(String message) {
    assertThatThrownBy(() -> Weights.load(folder, Context.cpu(0)))
        .isInstanceOf(UserException.class)
        .hasMessageContaining(folder.toString())
        .hasMessageContaining(message)
        .message()
        .doesNotContain("\n");
  }
}
