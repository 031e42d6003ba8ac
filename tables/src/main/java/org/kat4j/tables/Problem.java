package org.kat4j.tables;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.kat4j.data.Checksum;
import org.kat4j.error.UserException;

/**
 * A table as a learning problem: features and a target, all numbers.
 *
 * @param task classes or a number
 * @param features names
 * @param x {@code [rows][features]}; NaN where the mean of the training rows will stand
 * @param y the class's index or the number
 * @param classes names of the classes; empty for a regression
 */
public record Problem(
    Task task, List<String> features, double[][] x, double[] y, List<String> classes) {
  /** More different numbers in a target are taken as a number to be predicted, not as classes. */
  private static final int MAX_NUMERIC_CLASSES = 20;

  private static final int MAX_LEVELS = 100;
  private static final int MAX_CLASSES = 1000;

  public Problem {
    features = List.copyOf(features);
    classes = List.copyOf(classes);
  }

  public int rows() {
    return y.length;
  }

  /** Numbers that a model gives for a row. */
  public int outputs() {
    return task == Task.CLASSIFICATION ? classes.size() : 1;
  }

  /** Of names and values of all that it holds. */
  public String checksum() {
    Checksum checksum = new Checksum().add(task.name()).add(y);
    features.forEach(checksum::add);
    classes.forEach(checksum::add);
    for (double[] row : x) {
      checksum.add(row);
    }
    return checksum.digits();
  }

  /** These rows only, in this order. */
  public Problem rows(int[] rows) {
    return new Problem(
        task,
        features,
        Arrays.stream(rows).mapToObj(row -> x[row]).toArray(double[][]::new),
        Arrays.stream(rows).mapToDouble(row -> y[row]).toArray(),
        classes);
  }

  /** These features only, in this order. */
  public Problem features(int[] chosen) {
    double[][] part = new double[x.length][chosen.length];
    for (int row = 0; row < part.length; row++) {
      for (int i = 0; i < chosen.length; i++) {
        part[row][i] = x[row][chosen[i]];
      }
    }
    return new Problem(
        task, Arrays.stream(chosen).mapToObj(features::get).toList(), part, y, classes);
  }

  /** The same rows with other features' values. */
  public Problem withX(double[][] other) {
    return new Problem(task, features, other, y, classes);
  }

  /**
   * The problem of predicting a column from all others.
   *
   * @param task null: words and at most 20 different whole numbers are classes, others a number
   * @param notes hears of what was dropped, one line each
   * @throws UserException if there is nothing to learn: one row, one class, no features, missing
   *     values that nothing was said about
   */
  public static Problem of(
      Table table,
      String target,
      @Nullable Task task,
      Preparation preparation,
      Consumer<String> notes) {
    Column wanted = table.column(target);
    int[] rows = usableRows(table, wanted, preparation.missing(), notes);
    if (rows.length < 2) {
      throw new UserException(
          "%s has %d usable row%s: at least two are needed"
              .formatted(table.name(), rows.length, rows.length == 1 ? "" : "s"));
    }
    Table usable = rows.length == table.rows() ? table : table.rows(rows);
    Column answer = usable.column(target);
    Task decided = task == null ? guess(answer) : task;
    List<String> names = new ArrayList<>();
    List<double[]> columns = new ArrayList<>();
    for (Column column : usable.columns()) {
      if (!column.name().equals(target)) {
        encode(column, preparation.encoding(), names, columns, notes);
      }
    }
    if (names.isEmpty()) {
      throw new UserException(
          "%s has no column to predict '%s' from: all others are constant or absent"
              .formatted(table.name(), target));
    }
    double[][] x = new double[rows.length][names.size()];
    for (int j = 0; j < names.size(); j++) {
      for (int i = 0; i < rows.length; i++) {
        x[i][j] = columns.get(j)[i];
      }
    }
    return decided == Task.CLASSIFICATION
        ? classification(answer, names, x)
        : regression(answer, names, x);
  }

  private static int[] usableRows(
      Table table, Column target, Preparation.Missing missing, Consumer<String> notes) {
    boolean[] bad = new boolean[table.rows()];
    List<String> holes = new ArrayList<>();
    for (Column column : table.columns()) {
      if (column.missing() == 0) {
        continue;
      }
      if (missing == Preparation.Missing.ERROR) {
        holes.add("'%s' in %d rows".formatted(column.name(), column.missing()));
      } else if (missing == Preparation.Missing.DROP || column.equals(target)) {
        for (int i = 0; i < bad.length; i++) {
          bad[i] |= isMissing(column, i);
        }
      }
    }
    if (!holes.isEmpty()) {
      throw new UserException(
          "%s lacks values: %s; say --missing drop (leave such rows out) or --missing mean"
              .formatted(table.name(), shortened(holes)));
    }
    int[] rows = IntStream.range(0, bad.length).filter(i -> !bad[i]).toArray();
    if (rows.length < bad.length) {
      notes.accept(
          "%d of %d rows lack a value and are left out"
              .formatted(bad.length - rows.length, bad.length));
    }
    return rows;
  }

  private static String shortened(List<String> items) {
    return items.size() <= 8
        ? String.join(", ", items)
        : String.join(", ", items.subList(0, 8))
            + " and %d more columns".formatted(items.size() - 8);
  }

  private static boolean isMissing(Column column, int row) {
    return switch (column) {
      case Column.Numbers numbers -> Double.isNaN(numbers.values()[row]);
      case Column.Categories words -> words.codes()[row] < 0;
    };
  }

  private static Task guess(Column target) {
    return switch (target) {
      case Column.Categories _ -> Task.CLASSIFICATION;
      case Column.Numbers numbers -> {
        boolean whole = Arrays.stream(numbers.values()).allMatch(v -> v == Math.rint(v));
        long different =
            Arrays.stream(numbers.values()).distinct().limit(MAX_NUMERIC_CLASSES + 1).count();
        yield whole && different <= MAX_NUMERIC_CLASSES ? Task.CLASSIFICATION : Task.REGRESSION;
      }
    };
  }

  private static void encode(
      Column column,
      Preparation.Encoding encoding,
      List<String> names,
      List<double[]> columns,
      Consumer<String> notes) {
    switch (column) {
      case Column.Numbers numbers -> {
        double[] values = numbers.values();
        double[] present =
            Arrays.stream(values).filter(v -> !Double.isNaN(v)).distinct().limit(2).toArray();
        if (present.length < 2) {
          notes.accept(
              "column '%s' is %s: left out"
                  .formatted(
                      column.name(),
                      present.length == 0 ? "empty" : "constant (" + present[0] + ")"));
          return;
        }
        names.add(column.name());
        columns.add(values);
      }
      case Column.Categories words -> encodeWords(words, encoding, names, columns, notes);
    }
  }

  private static void encodeWords(
      Column.Categories words,
      Preparation.Encoding encoding,
      List<String> names,
      List<double[]> columns,
      Consumer<String> notes) {
    int[] present = Arrays.stream(words.codes()).distinct().sorted().toArray();
    if (present.length < 2) {
      notes.accept("column '%s' is constant: left out".formatted(words.name()));
      return;
    }
    if (present.length > MAX_LEVELS) {
      throw new UserException(
          "column '%s' has %,d different words, at most %d can become features: leave it out (--drop)"
              .formatted(words.name(), present.length, MAX_LEVELS));
    }
    if (encoding == Preparation.Encoding.ORDINAL) {
      names.add(words.name());
      columns.add(Arrays.stream(words.codes()).asDoubleStream().toArray());
      return;
    }
    for (int level : present.length == 2 ? new int[] {present[1]} : present) {
      names.add(words.name() + "=" + (level < 0 ? "(missing)" : words.levels().get(level)));
      columns.add(
          Arrays.stream(words.codes()).mapToDouble(code -> code == level ? 1 : 0).toArray());
    }
  }

  private static Problem classification(Column target, List<String> names, double[][] x) {
    List<String> classes = new ArrayList<>();
    double[] y = new double[x.length];
    switch (target) {
      case Column.Categories words -> {
        Map<Integer, Integer> places = new HashMap<>();
        for (int code : Arrays.stream(words.codes()).distinct().sorted().toArray()) {
          places.put(code, classes.size());
          classes.add(words.levels().get(code));
        }
        Arrays.setAll(y, i -> places.getOrDefault(words.codes()[i], 0));
      }
      case Column.Numbers numbers -> {
        var levels = new TreeSet<Double>();
        Arrays.stream(numbers.values()).forEach(levels::add);
        var places = new HashMap<Double, Integer>();
        for (double level : levels) {
          places.put(level, places.size());
          classes.add(
              level == Math.rint(level) && Math.abs(level) < 1e15 ? "" + (long) level : "" + level);
        }
        Arrays.setAll(y, i -> places.getOrDefault(numbers.values()[i], 0));
      }
    }
    if (classes.size() < 2) {
      throw new UserException(
          "every row has the class '%s' in column '%s': there is nothing to tell apart"
              .formatted(classes.getFirst(), target.name()));
    }
    if (classes.size() > MAX_CLASSES) {
      throw new UserException(
          "column '%s' has %,d classes, at most %d: is it a number to be predicted (--task regression)?"
              .formatted(target.name(), classes.size(), MAX_CLASSES));
    }
    return new Problem(Task.CLASSIFICATION, names, x, y, classes);
  }

  private static Problem regression(Column target, List<String> names, double[][] x) {
    if (!(target instanceof Column.Numbers(String name, double[] values))) {
      throw new UserException(
          "column '%s' holds words: a regression needs a column of numbers"
              .formatted(target.name()));
    }
    if (Arrays.stream(values).distinct().limit(2).count() < 2) {
      throw new UserException("every row has the same number in column '%s'".formatted(name));
    }
    return new Problem(Task.REGRESSION, names, x, values, List.of());
  }
}
