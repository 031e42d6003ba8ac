package org.kat4j.tables.task;

import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.kat4j.config.Check;
import org.kat4j.config.Config;
import org.kat4j.config.Kind;
import org.kat4j.data.RowBatch;
import org.kat4j.error.UserException;
import org.kat4j.function.Activation;
import org.kat4j.function.kan.BSpline;
import org.kat4j.model.ClassNames;
import org.kat4j.model.KanNetwork;
import org.kat4j.model.Model;
import org.kat4j.tables.KnownTables;
import org.kat4j.tables.Parts;
import org.kat4j.tables.Preparation;
import org.kat4j.tables.Problem;
import org.kat4j.tables.Reading;
import org.kat4j.tables.Scaling;
import org.kat4j.tables.Table;
import org.kat4j.tables.TableReader;
import org.kat4j.tables.Task;
import org.kat4j.tables.model.Fitted;
import org.kat4j.task.Measure;
import org.kat4j.task.row.RowData;
import org.kat4j.task.row.RowTask;
import org.kat4j.torch.DType;

/**
 * To predict one column of a table from the others: classes by cross entropy, numbers by squared
 * error. Rows are cut at random into three parts; features are scaled by the training rows, and so
 * are the numbers to predict, whose errors are told in their own units.
 *
 * @param table a published table such as wine, or the path of a CSV, TSV, JSON or Parquet file
 * @param target the column to predict; may be left empty for a published table
 * @param answer whether the target is one of some classes or a number
 * @param missing what becomes of missing values
 * @param encoding how words become numbers
 * @param scaling how features are scaled
 * @param validation share of the rows that weights are chosen by
 * @param test share of the rows that the result is judged by; 0: those of the validation judge
 */
@Kind("table")
public record TableTask(
    String table,
    String target,
    Answer answer,
    Preparation.Missing missing,
    Preparation.Encoding encoding,
    Scaling.Kind scaling,
    double validation,
    double test)
    implements org.kat4j.task.Task.Spec {
  /** What a column says. */
  public enum Answer {
    /** Words and few different whole numbers are classes. */
    AUTO,
    CLASSIFICATION,
    REGRESSION
  }

  public TableTask {
    Check.positive("validation", validation);
    Check.inRange("validation", validation, 0, 0.9);
    Check.inRange("test", test, 0, 0.9);
    if (validation + test > 0.95) {
      throw new IllegalArgumentException(
          "validation + test = %s: too few rows are left to learn from"
              .formatted(validation + test));
    }
  }

  /** The growers of wines. */
  public static TableTask example() {
    return new TableTask(
        "wine",
        "",
        Answer.AUTO,
        Preparation.Missing.ERROR,
        Preparation.Encoding.ONE_HOT,
        Scaling.Kind.STANDARD,
        0.15,
        0.2);
  }

  @Override
  public RowTask open(@Nullable Path root, long seed) {
    List<String> notes = new ArrayList<>();
    Problem problem = problem(root, notes);
    Parts parts = Parts.shares(problem, seed, 1 - validation - test, validation, test);
    if (parts.of(0).length < 2 || parts.of(1).length == 0) {
      throw new UserException(
          "%s: of %d rows, %d to learn from and %d to choose by are too few: two and one are needed; change validation and test, or bring more rows"
              .formatted(table, problem.rows(), parts.of(0).length, parts.of(1).length));
    }
    Problem train = problem.rows(parts.of(0));
    Scaling scaled = Scaling.fit(scaling, train.x());
    var target = Fitted.Target.of(train);
    String told = notes.isEmpty() ? "" : " (" + String.join("; ", notes) + ")";
    return new RowTask(
        new RowData(
            name() + told,
            problem.task() == Task.CLASSIFICATION,
            problem.outputs(),
            target.rows(scaled.apply(train), DType.FLOAT32),
            rows(target, scaled, problem, parts.of(1)),
            rows(target, scaled, problem, parts.of(2)),
            problem.checksum(),
            target.deviation(),
            meaning(problem)),
        problem.task() == Task.CLASSIFICATION ? Measure.ACCURACY : Measure.RMSE);
  }

  private static RowBatch rows(
      Fitted.Target target, Scaling scaling, Problem problem, int[] chosen) {
    return chosen.length == 0
        ? target.noRows(problem, DType.FLOAT32)
        : target.rows(scaling.apply(problem.rows(chosen)), DType.FLOAT32);
  }

  private Problem problem(@Nullable Path root, List<String> notes) {
    KnownTables.Opened opened = opened(root, notes);
    Task asked =
        switch (answer) {
          case AUTO -> opened.task();
          case CLASSIFICATION -> Task.CLASSIFICATION;
          case REGRESSION -> Task.REGRESSION;
        };
    return Problem.of(
        opened.table(), opened.target(), asked, new Preparation(missing, encoding), notes::add);
  }

  private KnownTables.Opened opened(@Nullable Path root, List<String> notes) {
    if (!isFile()) {
      KnownTables.Opened known = KnownTables.open(table, root);
      boolean same = target.isEmpty() || target.equals(known.target());
      return same ? known : new KnownTables.Opened(known.table(), target, null);
    }
    if (target.isEmpty()) {
      throw new UserException("task.target: name the column of %s to predict".formatted(table));
    }
    Table read = TableReader.read(Path.of(table), Reading.usual().withTarget(target), notes::add);
    return new KnownTables.Opened(read, target, null);
  }

  /** Whether the table is a file rather than one that is known by name. */
  private boolean isFile() {
    try {
      return Files.exists(Path.of(table)) || table.contains(".") || table.contains("/");
    } catch (InvalidPathException noPath) {
      return false;
    }
  }

  private Map<String, String> meaning(Problem problem) {
    Map<String, String> meaning = new LinkedHashMap<>();
    meaning.put("features", Config.toJson(problem.features()));
    if (!problem.classes().isEmpty()) {
      meaning.put("classes", ClassNames.toText(problem.classes()));
    }
    return meaning;
  }

  /** A KAN of cubic splines that hold standardised features. */
  @Override
  public Model.Spec usualModel() {
    var splines = new BSpline.Spec(5, 3, -3, 3, Activation.SILU, true, 0.02);
    return new KanNetwork.Spec(1, 2, List.of(8), splines, /* layerNorm= */ false);
  }

  @Override
  public String name() {
    try {
      return String.valueOf(Path.of(table).getFileName());
    } catch (InvalidPathException noPath) {
      return "table";
    }
  }
}
