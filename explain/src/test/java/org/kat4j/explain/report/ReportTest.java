package org.kat4j.explain.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kat4j.config.Config;
import org.kat4j.data.RandomStream;
import org.kat4j.data.RowBatch;
import org.kat4j.data.text.TokenCache;
import org.kat4j.task.Measure;
import org.kat4j.task.Task;
import org.kat4j.task.language.Language;
import org.kat4j.task.language.LanguageMeter;
import org.kat4j.task.row.RowData;
import org.kat4j.task.row.RowTask;
import org.kat4j.torch.Scope;
import org.kat4j.train.Monitor;
import org.kat4j.train.RunFolder;
import org.kat4j.train.TrainConfig;
import org.kat4j.train.Trainer;

/** The page about a run, for each kind of task. */
class ReportTest {
  private static final String SETTINGS =
      """
      optimizer: {lr: 1e-2}
      schedule: {epochs: 2, warmupEpochs: 0}
      batchSize: 8
      threads: 1
      """;

  @TempDir private Path folder = Path.of("");

  private TrainConfig text(String tokenMixer) throws IOException {
    Path file = folder.resolve("text.txt");
    Files.writeString(file, "The cat sat on the mat.\nA dog sat on the log. ".repeat(30));
    return config(
        """
        task: {kind: language, text: PATH, tokenizer: {kind: characters}, context: 16, batches: 9}
        model: {width: 12, depth: 2, tokenMixer: MIXER, channelMixer: {kind: gr-kan, rational: {numeratorGroups: 1, denominatorGroups: 4}}}
        """
            .replace("PATH", file.toString())
            .replace("MIXER", tokenMixer));
  }

  private static TrainConfig config(String yaml) {
    return TrainConfig.bind(Config.parse(yaml + SETTINGS, "test"), "test");
  }

  private Task<?> open(TrainConfig config) {
    return ((Language.Spec) config.task()).open(null, new TokenCache(folder.resolve("ids")));
  }

  /** Trains, and gives the page. */
  private String page(String name, TrainConfig config, Task<?> task) {
    RunFolder run = new RunFolder(folder.resolve(name));
    try (Trainer trainer = Trainer.start(config.fittedTo(task), run, task)) {
      trainer.run(Monitor.SILENT);
    }
    return Report.of(List.of(Run.open(run.path())), _ -> task).html();
  }

  @Test
  void aLanguageModelShowsWhatItWritesWhereItIsRightAndWhatItLooksAt() throws IOException {
    TrainConfig config = text("{heads: 2}");
    try (Task<?> task = open(config)) {
      String page = page("text", config, task);
      assertThat(page)
          .contains(">Sample</h2>", "256 tokens, temperature 0.8, seed 1.")
          .contains(">Loss by position</h2>", "<title>Loss by position</title>")
          .contains("<title>block 0, head ", "<title>block 1, head ")
          .contains(">Learned functions</h2>", "block 1 act2", "windows of 16 tokens")
          .doesNotContain("Confusion", "label smoothing", "Not measured");
      // Two texts that the same weights and the same seed write are the same.
      Run run = Run.open(folder.resolve("text"));
      assertThat(Report.of(List.of(run), _ -> task).html()).isEqualTo(page);
    }
  }

  @Test
  void theLossIsThatOfTheTasksOwnMeter() throws IOException {
    TrainConfig config = text("{heads: 2}");
    try (Task<?> task = open(config)) {
      page("loss", config, task);
      Run run = Run.open(folder.resolve("loss"));
      try (var examination = (LanguageExamination) Examination.of(run, _ -> task)) {
        double logged = run.epochs().getLast().score(LanguageMeter.LOSS.name());
        assertThat(examination.measured().isAll()).isTrue();
        assertThat(examination.losses().mean().y()).isCloseTo(logged, within(1e-5 * logged));
        var places = examination.losses().byPlace();
        assertThat(places.getFirst().x()).isEqualTo(1);
        assertThat(places.getLast().x()).isBetween(14.0, 16.0);
        assertThat(places).allMatch(p -> p.low() <= p.y() && p.y() <= p.high());
      }
    }
  }

  @Test
  void runsOfDifferentTasksStandBesideEachOther() throws IOException {
    TrainConfig words = text("{heads: 1}");
    TrainConfig numbers = config("model: {kind: perceptron, hidden: [4]}\n");
    try (Task<?> task = open(words);
        Task<?> rows = rows(false)) {
      page("words", words, task);
      page("numbers", numbers, rows);
      List<Run> both =
          List.of(Run.open(folder.resolve("words")), Run.open(folder.resolve("numbers")));
      String page =
          Report.of(both, config -> config.task() instanceof Language.Spec ? task : rows).html();
      assertThat(page).contains("bits per byte", "RMSE", ">Sample</h3>", ">Predicted and true");
    }
  }

  @Test
  void rowsOfClassesHaveAConfusionMatrix() {
    try (Task<?> task = rows(true)) {
      assertThat(page("classes", config("model: {kind: kan, hidden: [5]}\n"), task))
          .contains("Confusion matrix", "accuracy", "recall", "Functions of KAN layers");
    }
  }

  @Test
  void rowsOfNumbersHaveThePredictedBesideTheTrue() {
    try (Task<?> task = rows(false)) {
      assertThat(page("values", config("model: {kind: perceptron, hidden: [5]}\n"), task))
          .contains("Predicted and true value, R²", "predicted less true", "RMSE")
          .contains("neither group rational functions nor KAN layers")
          .doesNotContain("Confusion matrix");
    }
  }

  @Test
  void determinationOfTheMeanIsNothing() {
    double[] truth = {1, 2, 3, 6};
    assertThat(RowSections.determination(truth, truth)).isEqualTo(1);
    assertThat(RowSections.determination(truth, new double[] {3, 3, 3, 3})).isZero();
    // 1 - (1 + 0 + 0 + 4) / (4 + 1 + 0 + 9)
    assertThat(RowSections.determination(truth, new double[] {2, 2, 3, 4}))
        .isCloseTo(1 - 5.0 / 14, within(1e-15));
  }

  /** The larger of two numbers: which it is, or the number itself. */
  private static Task<?> rows(boolean classes) {
    RowData data =
        new RowData(
            "pairs",
            classes,
            classes ? 2 : 1,
            part(classes, 60, 1),
            part(classes, 20, 2),
            part(classes, 40, 3),
            "pairs");
    return new RowTask(data, classes ? Measure.ACCURACY : Measure.RMSE);
  }

  private static RowBatch part(boolean classes, int rows, long seed) {
    var random = RandomStream.of(seed);
    float[] x = new float[2 * rows];
    long[] larger = new long[rows];
    float[] value = new float[rows];
    for (int i = 0; i < rows; i++) {
      x[2 * i] = (float) random.nextDouble(-1, 1);
      x[2 * i + 1] = (float) random.nextDouble(-1, 1);
      larger[i] = x[2 * i] > x[2 * i + 1] ? 0 : 1;
      value[i] = Math.max(x[2 * i], x[2 * i + 1]);
    }
    try (Scope _ = Scope.open()) {
      Tensor y = classes ? Tensor.create(larger) : Tensor.create(value, rows, 1);
      return new RowBatch(Scope.keep(Tensor.create(x, rows, 2)), Scope.keep(y));
    }
  }
}
