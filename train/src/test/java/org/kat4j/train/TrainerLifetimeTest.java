package org.kat4j.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kat4j.error.UserException;
import org.kat4j.torch.Host;
import org.kat4j.torch.StateDict;

/** A trainer that is closed gives back its model, the average and the optimizer's state. */
class TrainerLifetimeTest {
  private static final int BEFORE = 5; // until allocator and threads have what they keep
  private static final int MADE = 15;
  private static final String[] LARGE = {
    "model.width=192", "model.depth=2", "schedule.epochs=1", "ema.decay=0.9"
  };

  @TempDir private Path folder = Path.of("");

  @Test
  void memoryIsFlat() {
    for (int i = 0; i < BEFORE; i++) {
      makeAndClose(i);
    }
    long resident = Host.residentBytes();
    for (int i = 0; i < MADE; i++) {
      makeAndClose(BEFORE + i);
    }
    // Weights, average and two moments of AdamW: 4 numbers of 4 bytes for each parameter.
    long each = 16L * parameters();
    assertThat(each).isGreaterThan(10_000_000);
    assertThat(Host.residentBytes() - resident).isLessThan(MADE * each / 4);
  }

  /** A key that is wrong shows only when the optimizer is made, after the model and its average. */
  @Test
  void whatIsRefusedLeavesNothing() {
    for (int i = 0; i < BEFORE; i++) {
      makeInVain(i);
    }
    long resident = Host.residentBytes();
    for (int i = 0; i < MADE; i++) {
      makeInVain(BEFORE + i);
    }
    long average = 4L * parameters();
    assertThat(Host.residentBytes() - resident).isLessThan(MADE * average / 4);
  }

  private void makeInVain(int number) {
    RunFolder run = new RunFolder(folder.resolve("vain" + number));
    TrainConfig config =
        TinyRun.config(
            Stream.concat(Stream.of(LARGE), Stream.of("fineTuning.freeze=no such part"))
                .toArray(String[]::new));
    assertThatThrownBy(() -> TinyRun.start(config, run))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("freeze");
  }

  private void makeAndClose(int number) {
    RunFolder run = new RunFolder(folder.resolve("run" + number));
    try (Trainer trainer = TinyRun.start(TinyRun.config(LARGE), run)) {
      assertThat(trainer.config().batchSize()).isEqualTo(8);
    }
  }

  private long parameters() {
    RunFolder run = new RunFolder(folder.resolve("counted"));
    try (Trainer trainer = TinyRun.start(TinyRun.config(LARGE), run)) {
      return StateDict.parameterCount(trainer.model());
    }
  }
}
