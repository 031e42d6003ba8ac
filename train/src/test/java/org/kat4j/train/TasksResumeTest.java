package org.kat4j.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.SequencedMap;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kat4j.error.UserException;
import org.kat4j.task.Measure;
import org.kat4j.task.Task;
import org.kat4j.task.language.LanguageMeter;

/** Text and rows on the loop: they learn, and a run that was stopped ends with the same bits. */
class TasksResumeTest {
  @TempDir private Path folder = Path.of("");

  @Test
  void textLearnsAndGoesOnToTheBit() throws IOException {
    TrainConfig config = TinyTasks.text(folder);
    Trainer.Result result = goesOnToTheBit(config, () -> TinyTasks.open(config, folder));
    assertThat(result.shown().of(LanguageMeter.PERPLEXITY)).as("of 17 characters").isLessThan(14);
    double nats = result.shown().of(LanguageMeter.LOSS);
    assertThat(result.shown().of(LanguageMeter.BITS_PER_BYTE)) // a byte for every character
        .isCloseTo(nats / Math.log(2), org.assertj.core.api.Assertions.within(1e-12));
  }

  @Test
  void rowsLearnAndGoOnToTheBit() {
    Trainer.Result result = goesOnToTheBit(TinyTasks.rows(), TinyTasks::openRows);
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
    TrainConfig config = TinyTasks.text(folder, "too short", 1);
    assertThatThrownBy(() -> TinyTasks.open(config, folder))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("context of 8");
    TrainConfig images = TinyTasks.config("model: kat_nano\n");
    try (Task<?> pairs = TinyTasks.openRows()) {
      assertThatThrownBy(() -> images.fittedTo(pairs))
          .isInstanceOf(UserException.class)
          .hasMessageContaining("classifies images");
    }
    assertThatThrownBy(() -> TinyTasks.config("data: {name: strokes}\n"))
        .isInstanceOf(UserException.class)
        .hasMessage("test: data has moved to task.data");
  }
}
