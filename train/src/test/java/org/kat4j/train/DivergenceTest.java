package org.kat4j.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kat4j.config.Config;
import org.kat4j.data.ImageData;
import org.kat4j.data.PartlyBroken;
import org.kat4j.data.Stripes;
import org.kat4j.error.DivergedException;
import org.kat4j.error.UserException;
import tools.jackson.databind.node.ObjectNode;

/** Dead weights do not take the place of good ones, and empty batches do not look like learning. */
class DivergenceTest {
  private static final String[] EXPLODING = {
    "optimizer.kind=sgd", "optimizer.lr=1e30", "clipNorm=0", "schedule.warmupEpochs=0"
  };

  @TempDir private Path folder = Path.of("");

  /** One batch an epoch: its loss is that of the weights before the only update. */
  @Test
  void weightsThatExplodeInTheFirstEpochAreNotKept() {
    RunFolder run = new RunFolder(folder.resolve("run"));
    String[] assignments = Arrays.copyOf(EXPLODING, EXPLODING.length + 1);
    assignments[EXPLODING.length] = "batchSize=44";
    assertDiverges(TinyRun.start(TinyRun.config(assignments), run), "no checkpoint");
    assertThat(run.best()).doesNotExist();
    assertThat(run.last()).doesNotExist();
    assertThat(run.metrics()).doesNotExist();
  }

  @Test
  void weightsThatExplodeInADryRunAreNotKept() {
    RunFolder run = new RunFolder(folder.resolve("run"));
    Trainer trainer = TinyRun.start(TinyRun.config("optimizer.weightDecay=1e38"), run);
    trainer.stopAfter(1);
    assertDiverges(trainer, "no checkpoint");
    assertThat(run.last()).doesNotExist();
  }

  /** What was good before stays, and a lower rate in config.yaml goes on from it. */
  @Test
  void theLastFiniteCheckpointStaysAndGoesOnWithALowerRate() throws IOException {
    RunFolder run = TinyRun.train(folder.resolve("run"), "schedule.epochs=1");
    byte[] last = Files.readAllBytes(run.last());
    byte[] best = Files.readAllBytes(run.best());
    edit(run, "schedule.epochs=3", "optimizer.lr=1e30", "clipNorm=0");
    assertDiverges(TinyRun.resume(run), "last.safetensors is from before");
    assertThat(Files.readAllBytes(run.last())).isEqualTo(last);
    assertThat(Files.readAllBytes(run.best())).isEqualTo(best);
    edit(run, "optimizer.lr=1e-3");
    try (Trainer again = TinyRun.resume(run)) {
      assertThat(again.notes()).hasSize(3).allMatch(note -> note.startsWith("config.yaml was"));
      assertThat(again.run(Monitor.SILENT).finished()).isTrue();
    }
  }

  private static void edit(RunFolder run, String... assignments) throws IOException {
    ObjectNode tree = Config.readTree(run.config());
    for (String assignment : assignments) {
      Config.set(tree, assignment);
    }
    Files.writeString(
        run.config(), Config.toYaml(Config.bind(tree, TrainConfig.example(), "edited")));
  }

  private static void assertDiverges(Trainer trainer, String advice) {
    try (trainer) {
      assertThatThrownBy(() -> trainer.run(Monitor.SILENT))
          .isInstanceOf(DivergedException.class)
          .hasMessageContaining("in epoch")
          .hasMessageContaining(advice);
    }
  }

  /**
   * At a rate of nothing the loss is that of a fresh model, about ln 4, with every batch that there
   * is; a third of these are empty.
   */
  @Test
  void batchesWithoutImagesDoNotLowerTheMeanLoss() {
    ImageData sound = Stripes.data(48, 8);
    ImageData broken =
        new ImageData(
            "broken",
            new PartlyBroken(sound.train(), index -> index % 3 != 0),
            sound.validation(),
            "two of three are broken");
    double[] loss = new double[1];
    String[] still = {
      "schedule.epochs=1",
      "batchSize=2",
      "optimizer.lr=1e-12",
      "schedule.warmupLr=0",
      "schedule.minLr=0",
      "task.labelSmoothing=0"
    };
    try (Trainer trainer =
        TinyRun.start(TinyRun.config(still), new RunFolder(folder.resolve("run")), broken)) {
      trainer.run(TinyRun.monitor(() -> {}, epoch -> loss[0] = epoch.trainLoss()));
    }
    assertThat(loss[0]).isBetween(1.2, 1.6);
  }

  @Test
  void imagesThatAreAllBrokenAreSaidToBe() {
    ImageData sound = Stripes.data(16, 8);
    ImageData none =
        new ImageData("none", new PartlyBroken(sound.train(), _ -> true), sound.validation(), "");
    ImageData unseen =
        new ImageData("unseen", sound.train(), new PartlyBroken(sound.validation(), _ -> true), "");
    for (ImageData data : new ImageData[] {none, unseen}) {
      RunFolder run = new RunFolder(folder.resolve(data.name()));
      try (Trainer trainer = TinyRun.start(TinyRun.config(), run, data)) {
        assertThatThrownBy(() -> trainer.run(Monitor.SILENT))
            .isInstanceOf(UserException.class)
            .isNotInstanceOf(DivergedException.class);
      }
    }
  }
}
