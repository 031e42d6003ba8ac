package org.kat4j.tables;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.DoubleUnaryOperator;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.kat4j.error.NearestName;
import org.kat4j.error.UserException;

/**
 * Published tables by name: which file they are, what their columns mean, and what is predicted.
 *
 * <p>Nothing is fetched; a table is looked for as {@code ROOT/NAME/FILE} and {@code
 * ROOT/tabular/NAME/FILE}.
 */
public final class KnownTables {
  /**
   * A published table.
   *
   * @param name of its folder
   * @param file in it
   * @param columns names where the file has none; empty: from its first line
   * @param target what is predicted
   * @param task classes or a number
   * @param cleaned what the file's own description asks for: no identifiers, zeros that mean
   *     missing as missing
   */
  public record Known(
      String name,
      String file,
      List<String> columns,
      String target,
      Task task,
      UnaryOperator<Table> cleaned) {
    private Known cleanedBy(UnaryOperator<Table> cleaning) {
      return new Known(name, file, columns, target, task, cleaning);
    }
  }

  /** An opened table with what is predicted. */
  public record Opened(Table table, String target, Task task) {}

  private static final String WINE_QUALITY =
      "fixed_acidity volatile_acidity citric_acid sugar chlorides free_sulfur total_sulfur density pH"
          + " sulphates alcohol quality";

  private static final List<Known> ALL =
      List.of(
          known(
              "abalone",
              "abalone.csv",
              "sex length diameter height whole_weight shucked_weight viscera_weight shell_weight rings",
              "rings",
              Task.REGRESSION),
          known(
              "banknote",
              "banknote_authentication.csv",
              "variance skewness curtosis entropy class",
              "class",
              Task.CLASSIFICATION),
          known(
              "breast-cancer-original",
              "breast-cancer-wisconsin.csv",
              "clump_thickness cell_size cell_shape adhesion epithelial_size bare_nuclei bland_chromatin"
                  + " normal_nucleoli mitoses class",
              "class",
              Task.CLASSIFICATION),
          known(
                  "breast-cancer-wdbc",
                  "wdbc.data",
                  "id diagnosis " + nuclei("mean") + " " + nuclei("error") + " " + nuclei("worst"),
                  "diagnosis",
                  Task.CLASSIFICATION)
              .cleanedBy(table -> table.without(Set.of("id"))),
          known("california-housing", "housing.csv.gz", "", "median_house_value", Task.REGRESSION),
          known("diabetes-progression", "diabetes.tab.txt", "", "Y", Task.REGRESSION),
          known(
              "glass",
              "glass.csv",
              "refractive_index Na Mg Al Si K Ca Ba Fe type",
              "type",
              Task.CLASSIFICATION),
          known(
                  "heart-918",
                  "heart_failure_prediction.csv",
                  "",
                  "HeartDisease",
                  Task.CLASSIFICATION)
              .cleanedBy(table -> zerosMissing(table, "Cholesterol", "RestingBP")),
          known(
                  "heart-cleveland",
                  "processed.cleveland.csv",
                  "age sex cp trestbps chol fbs restecg thalach exang oldpeak slope ca thal disease",
                  "disease",
                  Task.CLASSIFICATION)
              .cleanedBy(table -> aboveZero(table, "disease")),
          known(
              "ionosphere",
              "ionosphere.csv",
              String.join(" ", numbered("return", 34)) + " class",
              "class",
              Task.CLASSIFICATION),
          known(
              "iris",
              "iris.csv",
              "sepal_length sepal_width petal_length petal_width species",
              "species",
              Task.CLASSIFICATION),
          known("optdigits", "optdigits.tes", "", "Class", Task.CLASSIFICATION),
          known(
                  "pima-diabetes",
                  "pima-indians-diabetes.csv",
                  "pregnancies glucose blood_pressure skin_thickness insulin bmi pedigree age diabetes",
                  "diabetes",
                  Task.CLASSIFICATION)
              .cleanedBy(table ->
                  zerosMissing(
                      table, "glucose", "blood_pressure", "skin_thickness", "insulin", "bmi")),
          known(
              "sonar",
              "sonar.csv",
              String.join(" ", numbered("band", 60)) + " class",
              "class",
              Task.CLASSIFICATION),
          known(
              "wheat-seeds",
              "wheat-seeds.csv",
              "area perimeter compactness length width asymmetry groove variety",
              "variety",
              Task.CLASSIFICATION),
          known(
              "wine",
              "wine.csv",
              "alcohol malic_acid ash alcalinity magnesium phenols flavanoids nonflavanoids"
                  + " proanthocyanins colour hue dilution proline grower",
              "grower",
              Task.CLASSIFICATION),
          known("wine-quality", "winequality-red.csv", WINE_QUALITY, "quality", Task.REGRESSION));

  private KnownTables() {}

  private static Known known(String name, String file, String columns, String target, Task task) {
    List<String> names = columns.isEmpty() ? List.of() : Arrays.asList(columns.split(" "));
    return new Known(name, file, names, target, task, UnaryOperator.identity());
  }

  /** All of them. */
  public static List<Known> all() {
    return ALL;
  }

  /** The file of a table below a data folder, or null if it is not there. */
  public static @Nullable Path find(Known known, @Nullable Path root) {
    if (root == null) {
      return null;
    }
    return Stream.of(root.resolve(known.name), root.resolve("tabular").resolve(known.name))
        .map(folder -> folder.resolve(known.file))
        .filter(Files::isRegularFile)
        .findFirst()
        .orElse(null);
  }

  /**
   * A published table.
   *
   * @param root the data folder; null if there is none
   * @throws UserException if the name is not known or its file is not there
   */
  public static Opened open(String name, @Nullable Path root) {
    Known known =
        ALL.stream()
            .filter(each -> each.name.equals(name))
            .findFirst()
            .orElseThrow(
                () -> NearestName.unknown("table", name, ALL.stream().map(Known::name).toList()));
    Path file = find(known, root);
    if (file == null) {
      throw new UserException(
          "table '%s' is not here: put %s/%s into the folder given by --data-root (or KAT4J_DATA)"
              .formatted(name, name, known.file));
    }
    Table table = TableReader.read(file, Reading.usual().withNames(known.columns));
    return new Opened(known.cleaned.apply(table), known.target, known.task);
  }

  private static String nuclei(String statistic) {
    return Stream.of(
            "radius",
            "texture",
            "perimeter",
            "area",
            "smoothness",
            "compactness",
            "concavity",
            "concave_points",
            "symmetry",
            "fractal_dimension")
        .map(measure -> statistic + "_" + measure)
        .reduce((a, b) -> a + " " + b)
        .orElseThrow();
  }

  private static List<String> numbered(String word, int count) {
    return Stream.iterate(1, i -> i + 1).limit(count).map(i -> word + i).toList();
  }

  private static Table zerosMissing(Table table, String... columns) {
    Set<String> chosen = Set.of(columns);
    return new Table(
        table.name(),
        table.columns().stream()
            .map(column ->
                chosen.contains(column.name())
                    ? mapped(table, column.name(), v -> v == 0 ? Double.NaN : v)
                    : column)
            .toList());
  }

  /** 1 where a number is above 0, else 0. */
  private static Table aboveZero(Table table, String name) {
    return new Table(
        table.name(),
        table.columns().stream()
            .map(column ->
                column.name().equals(name) ? mapped(table, name, v -> v > 0 ? 1 : 0) : column)
            .toList());
  }

  private static Column mapped(Table table, String name, DoubleUnaryOperator function) {
    return new Column.Numbers(name, Arrays.stream(table.numbers(name)).map(function).toArray());
  }
}
