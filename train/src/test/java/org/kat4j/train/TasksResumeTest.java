package org.kat4j.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SequencedMap;
import java.util.function.Supplier;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kat4j.config.Config;
import org.kat4j.data.RowBatch;
import org.kat4j.data.text.TokenCache;
import org.kat4j.error.UserException;
import org.kat4j.task.Measure;
import org.kat4j.task.Task;
import org.kat4j.task.language.Language;
import org.kat4j.task.language.LanguageMeter;
import org.kat4j.task.row.RowData;
import org.kat4j.task.row.RowTask;
import org.kat4j.torch.Scope;

/** Text and rows on the loop: they learn, and a run that was stopped ends with the same bits. */
class TasksResumeTest {
  private static final String SETTINGS =
      """
      optimizer: {lr: 1e-2}
      schedule: {epochs: 4, warmupEpochs: 0.5}
      batchSize: 4
      accumulation: 2
      ema: {decay: 0.5}
      keep: best
      threads: 1
      """;

  private static final String TEXT =
      """
      task: {kind: language, text: PATH, tokenizer: {kind: characters}, context: 8, batches: 7}
      model: {width: 12, depth: 1, dropout: 0.1, tokenMixer: {heads: 2, dropout: 0.1}, channelMixer: {kind: gr-kan, rational: {numeratorGroups: 1, denominatorGroups: 4}}}
      """;

  private static final String ROWS =
      """
      model: {kind: kan, hidden: [5]}
      """;

  @TempDir private Path folder = Path.of("");

  private static TrainConfig config(String yaml) {
    return TrainConfig.bind(Config.parse(yaml + SETTINGS, "test"), "test");
  }

  private TrainConfig text() throws IOException {
    Path file = folder.resolve("text.txt");
    Files.writeString(file, "the cat sat on the mat, the dog sat on the log. ".repeat(40));
    return config(TEXT.replace("PATH", file.toString()));
  }

  private Task<?> open(TrainConfig config) {
    TokenCache cache = new TokenCache(folder.resolve("ids"));
    return ((Language.Spec) config.task()).open(null, cache);
  }

  /** The class of a row is whether its first number is above its second. */
  private static Task<?> rows() {
    return new RowTask(
        new RowData("pairs", true, 2, part(30, 1), part(20, 2), part(20, 3), "pairs"),
        Measure.ACCURACY);
  }

  private static RowBatch part(int rows, long seed) {
    float[] x = new float[2 * rows];
    long[] y = new long[rows];
    var random = org.kat4j.data.RandomStream.of(seed);
    for (int i = 0; i < rows; i++) {
      x[2 * i] = (float) random.nextDouble(-1, 1);
      x[2 * i + 1] = (float) random.nextDouble(-1, 1);
      y[i] = x[2 * i] > x[2 * i + 1] ? 1 : 0;
    }
    try (Scope _ = Scope.open()) {
      return new RowBatch(Scope.keep(Tensor.create(x, rows, 2)), Scope.keep(Tensor.create(y)));
    }
  }

  @Test
  void textLearnsAndGoesOnToTheBit() throws IOException {
    TrainConfig config = text();
    Trainer.Result result = goesOnToTheBit(config, () -> open(config));
    assertThat(result.shown().of(LanguageMeter.PERPLEXITY)).as("of 17 characters").isLessThan(14);
    double nats = result.shown().of(LanguageMeter.LOSS);
    assertThat(result.shown().of(LanguageMeter.BITS_PER_BYTE)) // a byte for every character
        .isCloseTo(nats / Math.log(2), org.assertj.core.api.Assertions.within(1e-12));
  }

  @Test
  void rowsLearnAndGoOnToTheBit() {
    Trainer.Result result = goesOnToTheBit(config(ROWS), TasksResumeTest::rows);
    assertThat(result.shown().of(Measure.ACCURACY)).isGreaterThan(70);
  }

  /** Undisturbed, and stopped in the middle of an epoch and between two. */
  private Trainer.Result goesOnToTheBit(TrainConfig config, Supplier<Task<?>> data) {
    RunFolder undisturbed = new RunFolder(folder.resolve("undisturbed"));
    RunFolder stopped = new RunFolder(folder.resolve("stopped"));
    Trainer.Result result;
    try (Task<?> task = data.get();
        Trainer trainer = Trainer.start(config.fittedTo(task), undisturbed, task)) {
      result = trainer.run(Monitor.SILENT);
    }
    try (Task<?> task = data.get();
        Trainer trainer = Trainer.start(config.fittedTo(task), stopped, task)) {
      trainer.stopAfter(2);
      assertThat(trainer.run(Monitor.SILENT).finished()).isFalse();
    }
    try (Task<?> task = data.get();
        Trainer trainer = Trainer.resume(stopped, task)) {
      assertThat(
              trainer.run(TinyRun.monitor(() -> {}, epoch -> stopAt(epoch, 2, trainer))).finished())
          .isFalse();
    }
    try (Task<?> task = data.get();
        Trainer trainer = Trainer.resume(stopped, task)) {
      assertThat(trainer.run(Monitor.SILENT).finished()).isTrue();
    }
    SequencedMap<String, double[]> want = TinyRun.tensors(undisturbed.last());
    SequencedMap<String, double[]> have = TinyRun.tensors(stopped.last());
    assertThat(have.keySet()).isEqualTo(want.keySet());
    want.forEach((name, values) -> assertThat(have.get(name)).as(name).isEqualTo(values));
    return result;
  }

  private static void stopAt(Monitor.EpochResult done, int epoch, Trainer trainer) {
    if (done.epoch() == epoch) {
      trainer.stop();
    }
  }

  @Test
  void whatDoesNotFitIsSaidInOneLine() throws IOException {
    Path file = folder.resolve("short.txt");
    Files.writeString(file, "too short");
    TrainConfig config = config(TEXT.replace("PATH", file.toString()));
    assertThatThrownBy(() -> open(config))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("context of 8");
    TrainConfig images = config("model: kat_nano\n");
    try (Task<?> pairs = rows()) {
      assertThatThrownBy(() -> images.fittedTo(pairs))
          .isInstanceOf(UserException.class)
          .hasMessageContaining("classifies images");
    }
    assertThatThrownBy(() -> config("data: {name: strokes}\n"))
        .isInstanceOf(UserException.class)
        .hasMessage("test: data has moved to task.data");
  }
}
