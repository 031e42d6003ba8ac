package org.kat4j.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.kat4j.data.RandomStream;
import org.kat4j.error.NearestName;
import org.kat4j.error.UserException;
import org.kat4j.tables.KnownTables;
import org.kat4j.tables.Preparation;
import org.kat4j.tables.Problem;
import org.kat4j.tables.Table;
import org.kat4j.tables.Task;
import org.kat4j.tables.importance.Importance;
import org.kat4j.tables.importance.KanSettings;
import org.kat4j.tables.importance.Selector;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code kat4j importance}. */
@Command(
    name = "importance",
    mixinStandardHelpOptions = true,
    description =
        "Ranks the columns of a table by what they tell of a target: by a trained KAN and by"
            + " classical means, over the folds of several seeds.")
final class ImportanceCommand implements Callable<Integer> {
  @Option(
      names = "--data",
      required = true,
      paramLabel = "FILE|NAME",
      description = "A .csv, .tsv, .parquet or .json file, or the name of a published table.")
  private String data = "";

  @Option(
      names = "--target",
      paramLabel = "COLUMN",
      description = "What is predicted; of a published table its own target if left out.")
  private @Nullable String target;

  @Option(
      names = "--task",
      paramLabel = "NAME",
      description =
          "classification or regression; default: classes if the target holds words or at most 20"
              + " whole numbers.")
  private @Nullable String task;

  @Option(
      names = "--selector",
      split = ",",
      paramLabel = "NAME",
      description =
          "Of kan-l1, kan-l2, kan-l1-centred, kan-l1-coefficients, kan-l2-coefficients, kan-si,"
              + " kan-ko, lasso, random-forest, mutual-information, svm-rfe; default:"
              + " ${DEFAULT-VALUE}.")
  private List<String> selectors =
      List.of(
          "kan-l1",
          "kan-l2",
          "kan-si",
          "kan-ko",
          "lasso",
          "random-forest",
          "mutual-information",
          "svm-rfe");

  @Option(
      names = "--folds",
      description = "Parts of a cross-validation; default: ${DEFAULT-VALUE}.")
  private int folds = 5;

  @Option(
      names = "--seeds",
      description = "Cross-validations with other splits and weights; default: ${DEFAULT-VALUE}.")
  private int seeds = 1;

  @Option(
      names = "--epochs",
      description = "Epochs of the KAN; default: 60, or 100 with --published-kan.")
  private @Nullable Integer epochs;

  @Option(
      names = "--published-kan",
      description =
          "The KAN of the paper (order 1, 2 intervals on [-1, 1], targets as they are) instead of"
              + " cubic splines on [-3, 3].")
  private boolean publishedKan;

  @Option(
      names = "--missing",
      paramLabel = "NAME",
      description =
          "Missing values: error, drop the row, or the mean of the training rows; default:"
              + " ${DEFAULT-VALUE}.")
  private String missing = "error";

  @Option(
      names = "--encoding",
      paramLabel = "NAME",
      description =
          "Words: one-hot, a column for each, or ordinal, their place; default: ${DEFAULT-VALUE}.")
  private String encoding = "one-hot";

  @Option(
      names = "--sample",
      paramLabel = "ROWS",
      description =
          "Of a longer table so many rows are drawn at random; default: ${DEFAULT-VALUE}.")
  private int sample = 20_000;

  @Mixin private final TableOptions reading = new TableOptions();
  @Mixin private final DataOptions options = new DataOptions();
  @Mixin private final JsonOption json = new JsonOption();

  /** What {@code --json} prints. */
  private record Summary(
      String table, String target, Task task, int rows, List<Ranking> selectors) {}

  /** One selector's. */
  private record Ranking(String selector, double stability, List<Scored> features) {}

  /** One feature's. */
  private record Scored(String feature, double score) {}

  @Override
  public Integer call() {
    check("--folds", folds, 2, 100);
    check("--seeds", seeds, 1, 100);
    check("--sample", sample, 10, 10_000_000);
    List<Selector> chosen = selectors.stream().map(Selector::named).distinct().toList();
    KnownTables.Opened opened = open();
    Table table = opened.table();
    Problem problem =
        sampled(
            Problem.of(
                table,
                opened.target(),
                opened.task(),
                new Preparation(
                    choice("--missing", Preparation.Missing.values(), missing),
                    choice("--encoding", Preparation.Encoding.values(), encoding)),
                System.out::println));
    System.out.printf(
        Locale.ROOT,
        "%s: %,d rows, %d features, %s of '%s'%n",
        table.name(),
        problem.rows(),
        problem.features().size(),
        problem.task().name().toLowerCase(Locale.ROOT),
        opened.target());
    KanSettings kan = publishedKan ? KanSettings.published() : KanSettings.usual();
    Importance.reservations(problem, chosen, kan, folds).forEach(System.out::println);
    Importance importance =
        Importance.of(
            problem,
            chosen,
            epochs == null ? kan : kan.withEpochs(epochs),
            folds,
            seeds,
            (done, all) -> System.err.printf("fold %d of %d%n", done, all));
    print(importance, chosen);
    json.print(
        new Summary(
            table.name(),
            opened.target(),
            problem.task(),
            problem.rows(),
            chosen.stream().map(selector -> ranking(importance, selector)).toList()));
    return 0;
  }

  private static void check(String option, int value, int low, int high) {
    if (value < low || value > high) {
      throw new UserException("%s = %d: %,d to %,d".formatted(option, value, low, high));
    }
  }

  private static <E extends Enum<E>> E choice(String option, E[] values, String text) {
    return Arrays.stream(values)
        .filter(value -> label(value).equals(text))
        .findFirst()
        .orElseThrow(() ->
            NearestName.unknown(
                option, text, Arrays.stream(values).map(ImportanceCommand::label).toList()));
  }

  private static String label(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** A file if there is one of this name, else a published table. */
  private KnownTables.Opened open() {
    Path file = TableOptions.path(data);
    Task wanted = task == null ? null : choice("--task", Task.values(), task);
    boolean looksLikeFile = data.contains(".") || data.contains("/") || Files.exists(file);
    if (!looksLikeFile) {
      KnownTables.Opened known = KnownTables.open(data, options.root());
      Table kept = known.table().without(reading.drop());
      return target == null || target.equals(known.target())
          ? new KnownTables.Opened(kept, known.target(), known.task())
          : new KnownTables.Opened(kept, target, wanted);
    }
    if (target == null) {
      throw new UserException("--target is missing: the column of %s to predict".formatted(data));
    }
    Table table = reading.read(file, target, System.out::println);
    return new KnownTables.Opened(table, target, wanted);
  }

  private Problem sampled(Problem problem) {
    if (problem.rows() <= sample) {
      return problem;
    }
    System.out.printf(
        Locale.ROOT, "%,d of %,d rows, drawn at random (--sample)%n", sample, problem.rows());
    int[] order = RandomStream.of(0).permutation(problem.rows());
    return problem.rows(Arrays.stream(order, 0, sample).sorted().toArray());
  }

  /** Features by the first selector, every selector's score and rank. */
  private static void print(Importance importance, List<Selector> selectors) {
    int width =
        Math.max(8, importance.features().stream().mapToInt(String::length).max().orElse(8));
    StringBuilder text = new StringBuilder(" ".repeat(width));
    selectors.forEach(selector -> text.append("  %18s".formatted(selector.title())));
    List<double[]> means = selectors.stream().map(importance::mean).toList();
    List<int[]> ranks = new ArrayList<>();
    for (double[] mean : means) {
      int[] ranking = Selector.ranking(mean);
      int[] rank = new int[ranking.length];
      for (int place = 0; place < ranking.length; place++) {
        rank[ranking[place]] = place + 1;
      }
      ranks.add(rank);
    }
    for (int feature : Selector.ranking(means.getFirst())) {
      text.append(System.lineSeparator())
          .append(("%-" + width + "s").formatted(importance.features().get(feature)));
      for (int s = 0; s < selectors.size(); s++) {
        text.append(
            String.format(
                Locale.ROOT, "  %11.4f (%4d)", means.get(s)[feature], ranks.get(s)[feature]));
      }
    }
    text.append(System.lineSeparator()).append(("%-" + width + "s").formatted("stability"));
    for (Selector selector : selectors) {
      text.append(String.format(Locale.ROOT, "  %11.3f       ", importance.stability(selector)));
    }
    System.out.println(text);
    System.out.println(
        "scores of sum 1 (rank); stability: overlap of the upper 40 % between folds, 1 is the"
            + " same");
  }

  private static Ranking ranking(Importance importance, Selector selector) {
    double[] mean = importance.mean(selector);
    List<Scored> scores =
        Arrays.stream(Selector.ranking(mean))
            .mapToObj(i -> new Scored(importance.features().get(i), mean[i]))
            .toList();
    return new Ranking(selector.title(), importance.stability(selector), scores);
  }
}
