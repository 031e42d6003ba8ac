package org.kat4j.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kat4j.error.UserException;

class RunFolderTest {
  @TempDir private Path folder = Path.of("");

  @Test
  void takesAnEmptyFolderAndRefusesAnother() throws IOException {
    RunFolder run = new RunFolder(folder);
    run.create(TinyRun.config());
    assertThat(RunFolder.open(folder).readConfig()).isEqualTo(TinyRun.config());
    String before = Files.readString(run.config());
    assertRefused(() -> run.create(TinyRun.config("seed=9")), "is not empty");
    assertThat(run.config()).hasContent(before);
  }

  @Test
  void leavesNothingBehindWhenTheRunCannotBegin() {
    RunFolder run = new RunFolder(folder.resolve("run"));
    assertRefused(
        () -> Trainer.start(TinyRun.config("device=cuda:99"), run, TinyRun.data()), "cuda:99");
    assertRefused(
        () -> Trainer.start(TinyRun.config("data.holdOut=0.999"), run, TinyRun.data()), "0.999");
    assertThat(run.path()).doesNotExist();
  }

  @Test
  void saysWhyItCannotBeMade() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "in the way");
    assertRefused(() -> new RunFolder(file).create(TinyRun.config()), "cannot be made");
    assertRefused(() -> new RunFolder(file.resolve("run")).create(TinyRun.config()), "file/run");
    assertThat(file).hasContent("in the way");
  }

  @Test
  void saysWhatIsMissingInAFolder() {
    assertRefused(() -> RunFolder.open(folder), "no run here");
    RunFolder run = new RunFolder(folder);
    run.create(TinyRun.config());
    assertRefused(run::weights, "no checkpoint yet");
  }

  /** A run that was killed before its first checkpoint begins again. */
  @Test
  void resumesFromNothing() {
    RunFolder run = new RunFolder(folder);
    run.create(TinyRun.config("schedule.epochs=1"));
    assertThat(Trainer.resume(run, TinyRun.data()).run(Monitor.SILENT).finished()).isTrue();
    assertThat(run.weights()).exists();
  }

  @Test
  void weightsAreNoCheckpoint() throws IOException {
    RunFolder run = TinyRun.train(folder.resolve("run"), "schedule.epochs=1");
    Files.copy(run.best(), folder.resolve("copy"));
    Files.delete(run.last());
    Files.move(folder.resolve("copy"), run.last());
    assertRefused(() -> Trainer.resume(run, TinyRun.data()), "not a checkpoint");
  }

  private static void assertRefused(ThrowingCallable call, String message) {
    assertThatThrownBy(call)
        .isInstanceOf(UserException.class)
        .hasMessageContaining(message)
        .hasMessageNotContaining("\n");
  }
}
