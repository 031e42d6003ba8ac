package org.kat4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.node.ObjectNode;

/** The commands on a tiny folder of images, from training to prediction. */
class CommandsTest {
  @TempDir private static Path folder = Path.of("");
  private static Path images = Path.of("");
  private static Path run = Path.of("");
  private static CommandRun training = new CommandRun(-1, "", "");

  @BeforeAll
  static void train() throws IOException {
    images = TestFiles.imageFolder(folder.resolve("images"));
    run = folder.resolve("run");
    training = CommandRun.of(TestFiles.training(images, run));
  }

  @Test
  void trainLeavesARunAndEndsInOneJsonObject() {
    assertThat(training.err()).isEmpty();
    assertThat(training.code()).isZero();
    ObjectNode result = training.json();
    assertThat(result.get("top1").doubleValue()).isBetween(0.0, 100.0);
    assertThat(result.get("loss").doubleValue()).isPositive();
    assertThat(result.get("seconds").doubleValue()).isPositive();
    assertThat(result.get("parameters").intValue()).isGreaterThan(1000);
    assertThat(result.get("run").asString()).isEqualTo(run.toString());
    assertThat(result.get("finished").booleanValue()).isTrue();
    assertThat(run.resolve("metrics.jsonl")).content().hasLineCount(2);
    assertThat(run.resolve("config.yaml")).content().contains("epochs: 2", "width: 16");
    assertThat(run.resolve("checkpoints/best.safetensors")).exists();
  }

  @Test
  void trainEndsWithAReportThatSaysWhatTrainSays() throws IOException {
    String top1 = String.format(Locale.ROOT, "%.2f %%", training.json().get("top1").doubleValue());
    assertThat(training.out()).contains("report.html");
    assertThat(run.resolve("report.html"))
        .content()
        .contains("<dd>" + top1 + "</dd>", "Learned functions", "block 0 act2", "Reliability")
        .contains("data:image/png;base64,", "across", "upright")
        .doesNotContain("Not measured", "<script", "http-equiv=\"refresh", "https:");
    try (Stream<Path> events = Files.list(run.resolve("events"))) {
      assertThat(events.toList()).hasSize(1);
    }
  }

  @Test
  void reportPutsRunsBesideEachOtherAndSaysWhatIsAbsent() throws IOException {
    Path unfinished = Files.createDirectories(folder.resolve("unfinished"));
    String config = Files.readString(run.resolve("config.yaml"));
    Files.writeString(unfinished.resolve("config.yaml"), config.replace("seed: 1", "seed: 77"));
    Path page = folder.resolve("both.html");
    CommandRun report =
        CommandRun.of(
            "report", run.toString(), unfinished.toString(), "--out", page.toString(), "--json");
    assertThat(report.err()).isEmpty();
    assertThat(report.json().get("report").asString()).isEqualTo(page.toString());
    assertThat(page)
        .content()
        .contains("2 runs beside each other", "there is no checkpoint yet", "<td>seed</td>")
        .contains(">77</td>");
  }

  @Test
  void evalMeasuresWhatTrainMeasured() {
    CommandRun eval = CommandRun.of("eval", "--run", run.toString(), "--json");
    assertThat(eval.err()).isEmpty();
    assertThat(eval.out()).contains("confusion matrix", "across", "upright");
    assertThat(eval.json().get("images").intValue()).isEqualTo(4);
    assertThat(eval.json().get("top1")).isEqualTo(training.json().get("top1"));
    assertThat(eval.json().get("loss")).isEqualTo(training.json().get("loss"));

    String best = run.resolve("checkpoints/best.safetensors").toString();
    CommandRun other = CommandRun.of("eval", "--weights", best, "--data", images.toString());
    assertThat(other.err()).isEmpty();
    assertThat(other.code()).isZero();
  }

  @Test
  void benchmarksPrintAllSidesAndTheirRatios() {
    String[] twins = {"--models", "kat_nano,vit_nano", "--json"};
    CommandRun train =
        CommandRun.of(
            "bench", "train", "--batch-size", "2", "--rounds", "1", twins[0], twins[1], twins[2]);
    assertThat(train.err()).isEmpty();
    assertThat(train.out()).contains("kat_nano", "vit_nano", "images/s  time ratio 1.000");
    assertThat(train.json().get("sides")).hasSize(2);
    assertThat(train.json().get("sides").get(0).get("peakBytes").longValue()).isPositive();

    CommandRun infer =
        CommandRun.of(
            "bench", "infer", "--batch-sizes", "1,2", "--calls", "3", twins[0], twins[1], twins[2]);
    assertThat(infer.err()).isEmpty();
    assertThat(infer.json().get("sides")).hasSize(4);
    for (var side : infer.json().get("sides")) {
      assertThat(side.get("p95").doubleValue())
          .isGreaterThanOrEqualTo(side.get("p50").doubleValue());
    }
  }

  @Test
  void predictNamesClasses() {
    String image = images.resolve("val/across/4.png").toString();
    CommandRun predict = CommandRun.of("predict", "--run", run.toString(), image, "--json");
    assertThat(predict.err()).isEmpty();
    assertThat(predict.out()).startsWith(image).contains(" %  across", " %  upright");
    assertThat(predict.json().get("probability").doubleValue()).isBetween(0.5, 1.0);
    assertThat(predict.json().get("image").asString()).isEqualTo(image);
  }

  @Test
  void predictGoesThroughFoldersAndPastBrokenImages() throws IOException {
    Path mixed = Files.createDirectories(folder.resolve("mixed/deeper"));
    Files.writeString(mixed.resolve("broken.png"), "no image");
    Files.copy(images.resolve("val/across/4.png"), mixed.resolve("whole.png"));
    Files.writeString(mixed.resolve("notes.txt"), "no image either");
    CommandRun predict =
        CommandRun.of(
            "predict",
            "--run",
            run.toString(),
            Objects.requireNonNull(mixed.getParent()).toString());
    assertThat(predict.code()).isEqualTo(2);
    assertThat(predict.err().lines()).hasSize(1).first().asString().contains("broken.png: not a");
    assertThat(predict.out()).startsWith(mixed.resolve("whole.png").toString()).contains(" %  ");
    Path empty = Files.createDirectories(folder.resolve("empty"));
    CommandRun none = CommandRun.of("predict", "--run", run.toString(), empty.toString());
    assertThat(none.code()).isEqualTo(2);
    assertThat(none.err()).contains("no images in this folder");
  }

  @Test
  void predictAndEvalComputeInTheAskedPrecision() {
    String image = images.resolve("val/across/4.png").toString();
    String[] bfloat16 = {"--run", run.toString(), "--json", "--precision", "bfloat16"};
    CommandRun exact = CommandRun.of("predict", "--run", run.toString(), image, "--json");
    CommandRun predict = CommandRun.of(with("predict", bfloat16, image));
    assertThat(predict.err()).isEmpty();
    assertThat(predict.json().get("label")).isEqualTo(exact.json().get("label"));
    assertThat(predict.json().get("probability").doubleValue())
        .isNotEqualTo(exact.json().get("probability").doubleValue())
        .isCloseTo(exact.json().get("probability").doubleValue(), within(0.05));
    CommandRun eval = CommandRun.of(with("eval", bfloat16));
    assertThat(eval.err()).isEmpty();
    double loss = training.json().get("loss").doubleValue();
    assertThat(eval.json().get("loss").doubleValue())
        .isNotEqualTo(loss)
        .isCloseTo(loss, within(0.05 * loss));
  }

  private static String[] with(String command, String[] options, String... arguments) {
    return Stream.of(Stream.of(command), Stream.of(options), Stream.of(arguments))
        .flatMap(all -> all)
        .toArray(String[]::new);
  }

  @Test
  void resumingACompleteRunMeasuresItAgain() throws IOException {
    Path copy = folder.resolve("copy");
    Files.createDirectories(copy.resolve("checkpoints"));
    for (String file : new String[] {"config.yaml", "checkpoints/last.safetensors"}) {
      Files.copy(run.resolve(file), copy.resolve(file));
    }
    CommandRun resumed = CommandRun.of("train", "--resume", "--out", copy.toString(), "--json");
    assertThat(resumed.err()).isEmpty();
    assertThat(resumed.json().get("loss")).isEqualTo(training.json().get("loss"));
  }

  @Test
  void modelsListsAndShows() {
    CommandRun all = CommandRun.of("models", "--json");
    assertThat(all.out()).contains("kat_nano", "vit_tiny_patch16_224");
    assertThat(all.json().get("models").intValue()).isGreaterThan(5);
    CommandRun one = CommandRun.of("models", "kat_tiny", "--json");
    assertThat(one.out()).contains("width: 192");
    assertThat(one.json().get("width").intValue()).isEqualTo(192);
  }

  @Test
  void dataListsTheSets() {
    CommandRun data = CommandRun.of("data", "--data-root", folder.toString(), "--json");
    assertThat(data.err()).isEmpty();
    assertThat(data.out()).contains("strokes", "here: built in", "cifar10", "any folder");
    assertThat(data.json().get("available").intValue()).isPositive();
  }

  @Test
  void doctorShowsTheMachine() {
    CommandRun doctor = CommandRun.of("doctor", "--json");
    assertThat(doctor.code()).isZero();
    assertThat(doctor.out()).contains("libtorch", "kernels", "java heap", "DuckDB v");
    assertThat(doctor.json().get("libtorch").asString()).startsWith("2.");
  }

  @Test
  void parityChecksAGoldenFile() {
    String golden = "../core/src/test/resources/golden/01-rational-init.safetensors";
    CommandRun parity = CommandRun.of("parity", golden, "--json");
    assertThat(parity.err()).isEmpty();
    assertThat(parity.code()).isZero();
    assertThat(parity.out()).contains("1 passed, 0 failed");
    assertThat(parity.json().get("maxRelativeError").doubleValue()).isLessThan(1e-9);
  }
}
