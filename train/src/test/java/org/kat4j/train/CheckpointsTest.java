package org.kat4j.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kat4j.config.Config;
import org.kat4j.data.ImageData;
import org.kat4j.data.Stripes;
import org.kat4j.error.UserException;
import tools.jackson.databind.node.ObjectNode;

/** What a run goes on from, and what it does not. */
class CheckpointsTest {
  private static final int FLIPS = 150;

  @TempDir private Path folder = Path.of("");
  private RunFolder run = new RunFolder(folder);

  @BeforeEach
  void train() {
    run = TinyRun.train(folder.resolve("run"), "schedule.epochs=2");
  }

  private void assertRefused(ImageData data, String... parts) {
    var thrown =
        assertThatThrownBy(() -> TinyRun.resume(run, data).close())
            .isInstanceOf(UserException.class)
            .hasMessageNotContaining("\n");
    for (String part : parts) {
      thrown.hasMessageContaining(part);
    }
  }

  private void assertRefused(String... parts) {
    assertRefused(TinyRun.data(), parts);
  }

  private int epochsSoFar() {
    try (Trainer trainer = TinyRun.resume(run)) {
      return MetricsLog.read(run.metrics()).size();
    }
  }

  /** Bits all over the file: length, header, notes, padding, tensors. */
  @Test
  void oneFlippedBitIsSeenAndTheOneBeforeIsOffered() throws IOException {
    byte[] sound = Files.readAllBytes(run.last());
    for (int i = 0; i < FLIPS; i++) {
      int at = (int) ((long) i * (sound.length - 1) / (FLIPS - 1));
      assertFlipRefused(sound, at, i % 8);
    }
    for (int at = 0; at < 4000; at += 23) { // much of it is notes
      assertFlipRefused(sound, at, at % 8);
    }
    Files.write(run.last(), sound);
    assertThat(epochsSoFar()).isEqualTo(2);
  }

  private void assertFlipRefused(byte[] sound, int at, int bit) throws IOException {
    byte[] damaged = sound.clone();
    damaged[at] ^= (byte) (1 << bit);
    Files.write(run.last(), damaged);
    assertThatThrownBy(() -> TinyRun.resume(run).close())
        .as("byte %d, bit %d", at, bit)
        .isInstanceOf(UserException.class)
        .hasMessageContaining("delete it")
        .hasMessageContaining("before.safetensors");
  }

  @Test
  void theOneBeforeIsTakenWhereTheLastIsGone() throws IOException {
    Files.delete(run.last());
    try (Trainer trainer = TinyRun.resume(run)) {
      assertThat(trainer.notes()).anyMatch(note -> note.contains("before.safetensors"));
      assertThat(MetricsLog.read(run.metrics())).hasSize(1);
      assertThat(trainer.run(Monitor.SILENT).finished()).isTrue();
    }
    RunFolder undisturbed = TinyRun.train(folder.resolve("undisturbed"), "schedule.epochs=2");
    assertThat(TinyRun.tensors(run.last()).get("head.weight"))
        .isEqualTo(TinyRun.tensors(undisturbed.last()).get("head.weight"));
  }

  /** A process can die between the best weights or the log's line and the first epoch's end. */
  @Test
  void theFirstEpochsResultsHaveACheckpointToGoOnFrom() throws IOException {
    RunFolder first = TinyRun.train(folder.resolve("first"), "schedule.epochs=1");
    var whole = TinyRun.tensors(first.last());
    Files.move(first.before(), first.last(), StandardCopyOption.REPLACE_EXISTING);
    try (Trainer trainer = TinyRun.resume(first)) {
      assertThat(MetricsLog.read(first.metrics())).isEmpty();
      assertThat(trainer.run(Monitor.SILENT).finished()).isTrue();
    }
    assertThat(MetricsLog.read(first.metrics())).hasSize(1);
    assertThat(TinyRun.tensors(first.last()).get("head.weight"))
        .isEqualTo(whole.get("head.weight"));
  }

  @Test
  void aRunWhoseCheckpointsAreGoneDoesNotBeginAgainUnasked() throws IOException {
    Files.delete(run.last());
    Files.delete(run.before());
    String metrics = Files.readString(run.metrics());
    assertRefused("gone", "--init", "best.safetensors", "--out OTHER");
    Files.delete(run.best());
    assertRefused("gone", "config.yaml --out OTHER");
    assertThat(run.metrics()).hasContent(metrics);
  }

  @Test
  void aCheckpointThatGoesBackIsTheOneBefore() throws IOException {
    byte[] before = Files.readAllBytes(run.before());
    try (Trainer trainer = TinyRun.resume(run)) {
      assertThat(trainer.model()).isNotNull();
    }
    assertThat(Files.readAllBytes(run.before())).isEqualTo(before);
    assertThat(Files.mismatch(run.before(), run.last())).isNotEqualTo(-1);
  }

  private void edit(String... assignments) throws IOException {
    ObjectNode tree = Config.readTree(run.config());
    for (String assignment : assignments) {
      Config.set(tree, assignment);
    }
    Files.writeString(run.config(), Config.toYaml(tree.isEmpty() ? TinyRun.config() : bound(tree)));
  }

  private static TrainConfig bound(ObjectNode tree) {
    return Config.bind(tree, TrainConfig.example(), "edited");
  }

  @Test
  void editsThatChangeTheMeaningOfACheckpointAreRefused() throws IOException {
    String yaml = Files.readString(run.config());
    for (String edit :
        new String[] {
          "model.tokenMixer.heads=4",
          "batchSize=4",
          "seed=7",
          "accumulation=2",
          "dropLast=false",
          "ema.decay=0.9",
          "task.augmentation.padCrop=3",
          "fineTuning.freeze=head.*",
          "task.data.holdOut=0.1"
        }) {
      Files.writeString(run.config(), yaml);
      edit(edit);
      String key = edit.substring(0, edit.indexOf('='));
      assertRefused("was edited", key, "->");
    }
    Files.writeString(run.config(), yaml);
    assertThat(epochsSoFar()).isEqualTo(2);
  }

  @Test
  void editsThatARunCanGoOnWithAreSaid() throws IOException {
    edit("schedule.epochs=3", "optimizer.lr=1e-4", "clipNorm=0.5", "checkpointSeconds=5");
    try (Trainer trainer = TinyRun.resume(run)) {
      assertThat(trainer.notes())
          .containsExactly(
              "config.yaml was edited: optimizer.lr: 0.005 -> 1.0E-4",
              "config.yaml was edited: schedule.epochs: 2 -> 3",
              "config.yaml was edited: clipNorm: 1.0 -> 0.5",
              "config.yaml was edited: checkpointSeconds: 60 -> 5");
      assertThat(trainer.run(Monitor.SILENT).finished()).isTrue();
    }
    assertThat(MetricsLog.read(run.metrics())).hasSize(3);
  }

  @Test
  void otherImagesAreRefused() throws IOException {
    assertRefused(Stripes.data(48, 20), "48 training");
    edit("model.classes=7");
    assertRefused("does not fit these data");
  }

  @Test
  void aLogThatIsNoTextIsSaidToBe() throws IOException {
    Files.write(run.metrics(), new byte[] {(byte) 0xff, (byte) 0xfe, '\n'});
    assertRefused("metrics.jsonl", "not a UTF-8 text");
    assertThatThrownBy(() -> MetricsLog.read(run.metrics()))
        .hasMessageContaining("not a UTF-8 text");
  }

  @Test
  void weightsAreNoCheckpoint() throws IOException {
    Files.copy(run.best(), run.last(), StandardCopyOption.REPLACE_EXISTING);
    assertRefused("not a checkpoint");
  }
}
