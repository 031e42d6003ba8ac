package org.kat4j.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.SequencedMap;
import java.util.function.BiFunction;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.kat4j.config.Config;
import org.kat4j.data.Stripes;
import org.kat4j.model.Model;
import org.kat4j.model.Weights;
import org.kat4j.task.image.Evaluation;
import org.kat4j.task.image.ImageMeter;
import org.kat4j.torch.Context;
import org.kat4j.torch.Memory;
import org.kat4j.torch.StateDict;

class TrainerTest {
  @TempDir private Path folder = Path.of("");

  @Test
  void learnsAndLeavesARunFolder() throws IOException {
    RunFolder run = new RunFolder(folder.resolve("run"));
    List<Monitor.EpochResult> epochs = new ArrayList<>();
    Trainer trainer = TinyRun.start(TinyRun.config("schedule.epochs=6"), run, Stripes.data(96, 40));

    Trainer.Result result = trainer.run(TinyRun.monitor(() -> {}, epochs::add));

    assertThat(result.finished()).isTrue();
    assertThat(epochs).hasSize(6);
    assertThat(epochs.getLast().trainLoss()).isLessThan(0.7 * epochs.getFirst().trainLoss());
    assertThat(Evaluation.of(Objects.requireNonNull(result.test())).top1())
        .as("chance is 25 %")
        .isGreaterThan(60);
    assertThat(epochs.getLast().updates()).isEqualTo(6 * 12);
    assertThat(result.parameters()).isEqualTo(StateDict.parameterCount(trainer.model()));

    assertThat(run.readConfig()).isEqualTo(trainer.config());
    assertThat(loggedEpochs(run)).containsExactly(1, 2, 3, 4, 5, 6);
    assertThat(Files.readString(run.environment())).contains("libtorch");
    double best =
        epochs.stream().mapToDouble(e -> e.scores().of(ImageMeter.TOP1)).max().orElseThrow();
    Model reloaded = Weights.load(run.best(), Context.cpu(0));
    assertThat(Evaluation.of(reloaded, Stripes.data(96, 40).validation()).top1()).isEqualTo(best);
  }

  @Test
  void sameConfigurationGivesTheSameBits() {
    RunFolder first = TinyRun.train(folder.resolve("first"));
    RunFolder second = TinyRun.train(folder.resolve("second"));
    RunFolder other = TinyRun.train(folder.resolve("other"), "seed=2");
    assertSame(first, second);
    assertThat(TinyRun.tensors(other.last()).get("head.weight"))
        .isNotEqualTo(TinyRun.tensors(first.last()).get("head.weight"));
  }

  /**
   * Stopped in the middle of the first epoch, at the end of an epoch, in the middle of the next,
   * and taken up again each time by a new trainer.
   */
  @ParameterizedTest
  @MethodSource("settings")
  void stoppedAndResumedGivesTheSameBits(String[] settings) throws IOException {
    RunFolder undisturbed = TinyRun.train(folder.resolve("undisturbed"), settings);
    RunFolder stopped = new RunFolder(folder.resolve("stopped"));

    BiFunction<Trainer, Boolean, Trainer.Result> stop =
        (trainer, inEpoch) ->
            trainer.run(
                TinyRun.monitor(inEpoch ? trainer::stop : () -> {}, epoch -> trainer.stop()));
    Trainer begun = TinyRun.start(TinyRun.config(settings), stopped);
    assertThat(stop.apply(begun, true).finished()).isFalse();
    assertThat(loggedEpochs(stopped)).isEmpty();
    assertThat(stop.apply(TinyRun.resume(stopped), false).finished()).isFalse();
    assertThat(loggedEpochs(stopped)).containsExactly(1);
    assertThat(stop.apply(TinyRun.resume(stopped), true).finished()).isFalse();
    assertThat(loggedEpochs(stopped)).containsExactly(1);
    Trainer.Result result = TinyRun.resume(stopped).run(Monitor.SILENT);

    assertThat(result.finished()).isTrue();
    assertThat(loggedEpochs(stopped)).containsExactly(1, 2, 3, 4);
    assertSame(undisturbed, stopped);
  }

  static List<Named<String[]>> settings() {
    String common = "model.depth=2 model.dropPath=0.3 schedule.epochs=4 accumulation=";
    return List.of(
        Named.of("plain", (common + 1).split(" ")),
        Named.of("accumulation", (common + 2).split(" ")),
        Named.of("whole recipe", TinyRun.RECIPE));
  }

  /** With memory 0 the average is the weights; with a long one it lags behind. */
  @Test
  void theAverageIsWhatIsKept() {
    RunFolder averaged = TinyRun.train(folder.resolve("averaged"), "ema.decay=0.99");
    RunFolder plain = TinyRun.train(folder.resolve("plain"));
    var kept = TinyRun.tensors(averaged.last());
    var trained = TinyRun.tensors(plain.last());
    assertThat(kept.get("trained/head.weight")).isEqualTo(trained.get("head.weight"));
    assertThat(kept.get("head.weight")).isNotEqualTo(trained.get("head.weight"));
    Model loaded = Weights.load(averaged.last(), Context.cpu(0));
    double[] head = Memory.doubles(Objects.requireNonNull(StateDict.of(loaded).get("head.weight")));
    assertThat(head).isEqualTo(kept.get("head.weight"));
  }

  @Test
  void aDryRunEndsAfterItsUpdatesAndCanGoOn() throws IOException {
    RunFolder run = new RunFolder(folder.resolve("run"));
    Trainer trainer = TinyRun.start(TinyRun.config(), run);
    trainer.stopAfter(3);
    assertThat(trainer.run(Monitor.SILENT).finished()).isFalse();
    assertThat(loggedEpochs(run)).isEmpty();
    assertThat(TinyRun.resume(run).run(Monitor.SILENT).finished()).isTrue();
    assertSame(TinyRun.train(folder.resolve("undisturbed")), run);
  }

  /** A process can die between the line of an epoch and its checkpoint: the line is made again. */
  @Test
  void linesBehindTheCheckpointAreDroppedOnResume() throws IOException {
    RunFolder run = TinyRun.train(folder.resolve("run"));
    List<String> lines = Files.readAllLines(run.metrics());
    Files.writeString(run.metrics(), String.join("\n", lines) + "\n{\"epoch\":4,\"upd");
    Trainer.Result result = TinyRun.resume(run).run(Monitor.SILENT);
    assertThat(result.finished()).isTrue();
    assertThat(Files.readAllLines(run.metrics())).isEqualTo(lines);
  }

  @Test
  void heldOutImagesAreMeasuredApartFromTheTestImages() {
    RunFolder run = new RunFolder(folder.resolve("run"));
    TrainConfig config = TinyRun.config("task.data.holdOut=0.25", "schedule.epochs=1");
    Trainer.Result result = TinyRun.start(config, run).run(Monitor.SILENT);
    assertThat(images(Evaluation.of(result.validation())))
        .isEqualTo(12); // round(11 / 4) of each class
    assertThat(images(Evaluation.of(Objects.requireNonNull(result.test())))).isEqualTo(20);
  }

  private static long images(Evaluation evaluation) {
    long all = 0;
    for (long[] row : evaluation.confusion()) {
      for (long count : row) {
        all += count;
      }
    }
    return all;
  }

  private static List<Integer> loggedEpochs(RunFolder run) throws IOException {
    if (!Files.exists(run.metrics())) {
      return List.of();
    }
    return Files.readAllLines(run.metrics()).stream()
        .map(line -> Config.parse(line, "metrics").get("epoch").intValue())
        .toList();
  }

  private static void assertSame(RunFolder expected, RunFolder actual) {
    SequencedMap<String, double[]> want = TinyRun.tensors(expected.last());
    SequencedMap<String, double[]> have = TinyRun.tensors(actual.last());
    assertThat(have.keySet()).isEqualTo(want.keySet());
    want.forEach((name, values) -> assertThat(have.get(name)).as(name).isEqualTo(values));
  }
}
