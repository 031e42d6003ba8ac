package org.kat4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.kat4j.config.Config;
import org.kat4j.config.DescribedPath;
import org.kat4j.config.Schema;
import org.kat4j.error.UserException;
import org.kat4j.train.TrainConfig;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** The schema and the description of what {@code train} reads. */
class ConfigSchemaTest {
  private static final ObjectNode SCHEMA = Schema.of(TrainConfig.example());

  static Stream<Path> configs() throws IOException {
    try (Stream<Path> files = Files.walk(Path.of("../configs"))) {
      return files.filter(file -> file.toString().endsWith(".yaml")).toList().stream();
    }
  }

  @ParameterizedTest
  @MethodSource("configs")
  void everyConfigurationOfTheRepositoryFits(Path file) {
    assertThat(new SchemaWalk(SCHEMA).mistakes(Config.readTree(file))).isEmpty();
  }

  @Test
  void theCompleteExampleFits() {
    ObjectNode tree = Config.parse(Config.toYaml(TrainConfig.example()), "example");
    assertThat(new SchemaWalk(SCHEMA).mistakes(tree)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "batchSise: 3",
        "batchSize: 0",
        "batchSize: 1.5",
        "dropLast: maybe",
        "clipMode: nrm",
        "layerDecay: 0",
        "layerDecay: often",
        "optimizer: {kind: adamv}",
        "optimizer: {kind: sgd, beta1: 0.9}",
        "model: kat_nanno",
        "model: {preset: kat_nanno}"
      })
  void whatBindingRefusesTheSchemaRefusesToo(String yaml) {
    ObjectNode tree = Config.parse(yaml, "test");
    assertThat(new SchemaWalk(SCHEMA).mistakes(tree)).isNotEmpty();
    assertThatThrownBy(() -> TrainConfig.bind(tree, "test")).isInstanceOf(UserException.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "model: kat_nano",
        "model: {preset: kat_nano, depth: 2}",
        "layerDecay: 7e-1",
        "optimizer: {kind: sgd}"
      })
  void whatBindingTakesTheSchemaTakesToo(String yaml) {
    ObjectNode tree = Config.parse(yaml, "test");
    assertThat(new SchemaWalk(SCHEMA).mistakes(tree)).isEmpty();
    TrainConfig.bind(tree, "test");
  }

  /**
   * Sentences come from the javadoc of the records, by the annotation processor of Maven's build.
   */
  @Test
  void everyKeyHasASentence() {
    List<String> silent = new ArrayList<>();
    JsonNode definitions = SCHEMA.get("$defs");
    for (String name : definitions.propertyNames()) {
      JsonNode properties = definitions.get(name).get("properties");
      for (String key : properties.propertyNames()) {
        boolean own = !key.equals("kind") && !key.equals("preset");
        if (own && !properties.get(key).has("description")) {
          silent.add(name + "." + key);
        }
      }
    }
    assertThat(silent).isEmpty();
  }

  @Test
  void pathsLeadToTablesOfTheKeysThere() {
    TrainConfig root = TrainConfig.example();
    assertThat(DescribedPath.describe(root, "optimizer"))
        .contains("kinds: ", "sgd", "without a kind: adamw")
        .containsPattern("lr +number +0.002 +above 0 +\\S");
    assertThat(DescribedPath.describe(root, "optimizer.sgd")).contains("momentum");
    assertThat(DescribedPath.describe(root, "batchSize")).contains("1 to 1000000");
    assertThat(DescribedPath.describe(root, "model.tokenMixer")).contains("kinds: attention");
    assertThat(DescribedPath.describe(root, "")).contains("optimizer", "how weights move");
  }

  @Test
  void anUnknownPathNamesTheNearest() {
    assertThatThrownBy(() -> DescribedPath.describe(TrainConfig.example(), "model.tokenMixr"))
        .isInstanceOf(UserException.class)
        .hasMessageStartingWith("unknown path 'model.tokenMixr': did you mean 'model.tokenMixer'?");
  }
}
