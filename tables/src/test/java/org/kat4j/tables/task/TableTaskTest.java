package org.kat4j.tables.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kat4j.config.Config;
import org.kat4j.config.Records;
import org.kat4j.data.RowBatch;
import org.kat4j.error.UserException;
import org.kat4j.model.KanNetwork;
import org.kat4j.model.Signature;
import org.kat4j.task.Measure;
import org.kat4j.task.Scores;
import org.kat4j.task.row.RowTask;
import org.kat4j.torch.Device;
import org.kat4j.train.Loop;
import org.kat4j.train.TrainConfig;

class TableTaskTest {
  @TempDir private Path folder;

  private Path file(String text) throws IOException {
    return Files.writeString(folder.resolve("table.csv"), text);
  }

  private static TrainConfig config(String yaml) {
    return TrainConfig.bind(Config.parse(yaml, "test"), "test");
  }

  private TrainConfig config(Path table, String more) {
    return config(
        "task: {kind: table, table: '%s', target: y%s}\nbatchSize: 64\ndropLast: false\n"
            .formatted(table, more));
  }

  /** y = 100 a + 10 noise-free of b; the error is told in the units of y. */
  @Test
  void aNumberIsLearntAndItsErrorIsInItsOwnUnits() throws IOException {
    StringBuilder text = new StringBuilder("a,b,y\n");
    for (int i = 0; i < 200; i++) {
      double a = i % 20 / 10.0 - 1;
      double b = i % 7 / 3.0 - 1;
      text.append("%s,%s,%s%n".formatted(a, b, 1000 + 100 * a + 10 * b));
    }
    TrainConfig config = config(file(text.toString()), "");
    assertThat(config.model()).isInstanceOf(KanNetwork.Spec.class);
    try (RowTask task = (RowTask) config.task().open(null, 1)) {
      assertThat(task.signature()).isEqualTo(new Signature.Rows(2, 1));
      assertThat(task.primary()).isEqualTo(Measure.RMSE);
      assertThat(task.describe()).contains("130 training, 30 validation rows");
      var schedule = Records.with(config.schedule(), java.util.Map.of("epochs", 60));
      var longer =
          Records.with(config.fittedTo(task), java.util.Map.of("schedule", schedule))
              .withRate(2e-2);
      try (Loop<RowBatch> loop = Loop.of(longer, task)) {
        Scores before = loop.test();
        loop.run(Loop.Listener.NONE);
        assertThat(before.of(Measure.RMSE)).isBetween(30.0, 150.0); // about the deviation of y
        assertThat(loop.test().of(Measure.RMSE)).isLessThan(10);
      }
    }
  }

  @Test
  void classesHaveTheirNamesAndEveryRowIsInOnePart() throws IOException {
    StringBuilder text = new StringBuilder("colour;size;y\n");
    for (int i = 0; i < 90; i++) {
      text.append(
          "%s;%d;%s%n".formatted(i % 2 == 0 ? "red" : "blue", i, i % 3 == 0 ? "no" : "yes"));
    }
    TrainConfig config = config(file(text.toString()), ", validation: 0.1, test: 0.3");
    try (RowTask task = (RowTask) config.task().open(null, 5)) {
      assertThat(task.signature()).isEqualTo(new Signature.Rows(2, 2));
      assertThat(task.meaning()).containsEntry("classes", "[\"no\",\"yes\"]");
      assertThat(task.data().train().samples()).isEqualTo(54);
      assertThat(task.validation(8).samples()).isEqualTo(9);
      assertThat(task.test(8).samples()).isEqualTo(27);
      double mean = task.data().train().x().mean().item_double();
      assertThat(mean).isCloseTo(0, within(1e-6));
      var meter =
          task.of(config.fittedTo(task).model().build(org.kat4j.torch.Context.cpu(1))).meter();
      Scores scores = Scores.measured(task.test(8), meter, Device.CPU);
      assertThat(scores.of(Measure.ACCURACY)).isBetween(0.0, 100.0);
    }
  }

  @Test
  void withoutTestRowsThoseOfTheValidationJudge() throws IOException {
    Path table = file("a,y\n1,no\n2,yes\n3,no\n4,yes\n5,no\n6,yes\n7,no\n8,yes\n");
    try (RowTask task =
        (RowTask) config(table, ", validation: 0.25, test: 0").task().open(null, 1)) {
      assertThat(task.hasTest()).isFalse();
      assertThat(task.test(8).samples()).isEqualTo(2);
    }
  }

  @Test
  void threeRowsAreToldToBeTooFew() throws IOException {
    TrainConfig config = config(file("a,y\n1,2.5\n2,3.5\n3,1.5\n"), "");
    assertThatThrownBy(() -> config.task().open(null, 1))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("too few");
  }

  @Test
  void whatCannotBeOpenedIsSaidInALine() throws IOException {
    Path table = file("a,b,y\n1,2,3\n");
    TrainConfig nameless = config("task: {kind: table, table: '%s'}".formatted(table));
    assertThatThrownBy(() -> nameless.task().open(null, 1))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("task.target");
    TrainConfig unknown = config("task: {kind: table, table: wime}");
    assertThatThrownBy(() -> unknown.task().open(null, 1))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("wine");
    TrainConfig absent = config("task: {kind: table, table: wine}");
    assertThatThrownBy(() -> absent.task().open(null, 1))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("--data-root");
    TrainConfig few = config(table, "");
    assertThatThrownBy(() -> few.task().open(null, 1))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("table.csv");
    assertThatThrownBy(() -> config("task: {kind: table, validation: 0}"))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("validation = 0");
    assertThatThrownBy(() -> config("task: {kind: table, validation: 0.6, test: 0.5}"))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("too few rows");
  }
}
