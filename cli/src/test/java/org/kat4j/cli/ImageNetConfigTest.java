package org.kat4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;
import org.kat4j.config.Config;
import org.kat4j.task.image.ImageClassification;
import org.kat4j.train.TrainConfig;

/**
 * The published recipes: the files are sound, and one is run for a few updates with a small model.
 */
class ImageNetConfigTest {
  @TempDir private Path folder = Path.of("");

  static final List<String> NAMES =
      List.of(
          "kat_tiny",
          "kat_small",
          "kat_base",
          "kat_tiny_vitft",
          "kat_small_vitft",
          "kat_base_vitft");

  @ParameterizedTest
  @FieldSource("NAMES")
  void bindsToTheSheetsValues(String name) {
    Path file = Path.of("../configs/imagenet", name + ".yaml");
    TrainConfig config = TrainConfig.bind(Config.readTree(file), name);
    assertThat(config.batchSize() * config.accumulation()).isEqualTo(1024);
    assertThat(((ImageClassification.Spec) config.task()).augmentation().randAugment().increasing())
        .isFalse();
    assertThat(config.ema().decay()).isEqualTo(0.9999);
    assertThat(Config.toYaml((Record) config.model()))
        .contains("dropPath: " + (name.contains("base") ? "0.4" : "0.1"));
  }

  /** All of the recipe, but a model and images of a moment. */
  @ParameterizedTest
  @FieldSource("NAMES")
  void aDryRunTrainsEvaluatesAndLeavesARun(String name) throws IOException {
    Path images = TestFiles.jpegFolder(folder.resolve("images"));
    Path broken = images.resolve("train/across/0.JPEG");
    Files.writeString(broken, "no image");
    Path run = folder.resolve("run");
    String settings =
        "train --config ../configs/imagenet/"
            + name
            + ".yaml --steps 3 --json --set model.width=16"
            + " --set model.depth=1 --set model.tokenMixer.heads=2 --set task.data.imageSize=32"
            + " --set threads=1";
    String[] all = (settings + " --data " + images + " --out " + run).split(" ");
    CommandRun dry = CommandRun.of(all);
    assertThat(dry.code()).as(dry.err()).isZero();
    assertThat(dry.json().get("finished").booleanValue()).isFalse();
    assertThat(dry.json().get("loss").doubleValue()).isBetween(0.1, 5.0);
    assertThat(run.resolve("checkpoints/last.safetensors")).exists();
    CommandRun eval = CommandRun.of("eval", "--run", run.toString(), "--json");
    assertThat(eval.json().get("loss")).isEqualTo(dry.json().get("loss"));
  }
}
