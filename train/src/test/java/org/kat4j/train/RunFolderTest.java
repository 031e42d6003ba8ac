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
    run.create(TinyRun.config()).close();
    assertThat(RunFolder.open(folder).readConfig()).isEqualTo(TinyRun.config());
    String before = Files.readString(run.config());
    assertRefused(() -> run.create(TinyRun.config("seed=9")), "is not empty");
    assertThat(run.config()).hasContent(before);
  }

  @Test
  void leavesNothingBehindWhenTheRunCannotBegin() {
    RunFolder run = new RunFolder(folder.resolve("run"));
    assertRefused(() -> TinyRun.start(TinyRun.config("device=cuda:99"), run), "cuda:99");
    assertRefused(() -> TinyRun.start(TinyRun.config("task.data.holdOut=0.999"), run), "0.999");
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
    run.create(TinyRun.config()).close();
    assertRefused(run::weights, "no checkpoint yet");
  }

  /** A run that was killed before its first checkpoint begins again. */
  @Test
  void resumesFromNothing() {
    RunFolder run = new RunFolder(folder);
    run.create(TinyRun.config("schedule.epochs=1")).close();
    assertThat(TinyRun.resume(run).run(Monitor.SILENT).finished()).isTrue();
    assertThat(run.weights()).exists();
  }

  /** What a process leaves that is killed before config.yaml is there, in any order. */
  @Test
  void takesAFolderInWhichNoRunWasBegun() throws IOException {
    Path checkpoints = Files.createDirectories(folder.resolve("checkpoints"));
    RunFolder run = new RunFolder(folder);
    assertRefused(() -> RunFolder.open(folder), "leave --resume away");
    Files.writeString(folder.resolve("run.lock"), "123\n");
    Files.writeString(folder.resolve("environment.json"), "{}");
    Path half = Files.writeString(folder.resolve("config.yaml.3w5e.part"), "seed: 1");
    Path other = Files.writeString(checkpoints.resolve("next.safetensors.1.part"), "");
    run.create(TinyRun.config()).close();
    assertThat(run.readConfig()).isEqualTo(TinyRun.config());
    assertThat(half).doesNotExist();
    assertThat(other).doesNotExist();
  }

  @Test
  void doesNotTakeCheckpointsForNothing() throws IOException {
    Path checkpoints = Files.createDirectories(folder.resolve("checkpoints"));
    Files.writeString(checkpoints.resolve("best.safetensors"), "");
    assertRefused(() -> new RunFolder(folder).create(TinyRun.config()), "not empty");
  }

  @Test
  void leftoversOfAKilledProcessAreRemovedOnResume() throws IOException {
    RunFolder run = TinyRun.train(folder.resolve("run"), "schedule.epochs=1");
    for (Path left :
        new Path[] {
          run.last().resolveSibling("next.safetensors"),
          run.last().resolveSibling("next.safetensors.1a.part"),
          run.metrics().resolveSibling("metrics.jsonl.zz.part")
        }) {
      Files.writeString(left, "half");
      TinyRun.resume(run).close();
      assertThat(left).doesNotExist();
    }
  }

  @Test
  void oneTrainerAtATime() {
    RunFolder run = new RunFolder(folder.resolve("run"));
    String here = "pid " + ProcessHandle.current().pid();
    try (Trainer first = TinyRun.start(TinyRun.config(), run)) {
      assertRefused(() -> TinyRun.resume(run), here);
      assertRefused(() -> TinyRun.start(TinyRun.config(), run), here);
      assertRefused(() -> TinyRun.resume(run), here);
      first.run(Monitor.SILENT);
    }
    assertRefused(() -> TinyRun.start(TinyRun.config(), run), "not empty");
    TinyRun.resume(run).close();
  }

  private static void assertRefused(ThrowingCallable call, String message) {
    assertThatThrownBy(call)
        .isInstanceOf(UserException.class)
        .hasMessageContaining(message)
        .hasMessageNotContaining("\n");
  }
}
