package org.kat4j.cli;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.kat4j.error.NearestName;
import org.kat4j.error.UserException;
import org.kat4j.tables.Reading;
import org.kat4j.tables.Table;
import org.kat4j.tables.TableReader;
import picocli.CommandLine.Option;

/** How a table is read. */
final class TableOptions {
  /** A comma with a blank behind it, or in double quotes, is part of a name. */
  private static final String BETWEEN = ",(?! )";

  @Option(
      names = "--header",
      paramLabel = "yes|no",
      description =
          "Whether a text file starts with names; default: by what stands below the first line.")
  private @Nullable String header;

  @Option(
      names = "--missing-marks",
      split = BETWEEN,
      paramLabel = "TEXT",
      description =
          "Texts that stand for a missing value, in any case, instead of the usual ones (?, NA,"
              + " None, NULL, #N/A, -, . and others); an empty cell always does.")
  private @Nullable List<String> marks;

  @Option(
      names = "--categories",
      split = BETWEEN,
      paramLabel = "COLUMN",
      description = "Columns that hold words even where they look like numbers.")
  private List<String> categories = List.of();

  @Option(
      names = "--drop",
      split = BETWEEN,
      paramLabel = "COLUMN",
      description = "Columns to leave out, such as identifiers.")
  private List<String> drop = List.of();

  /** Columns to leave out. */
  Set<String> drop() {
    return names(drop);
  }

  /**
   * The table in a file.
   *
   * @param target a column that it has to have
   * @param notes hears what was decided about it
   */
  Table read(Path file, String target, Consumer<String> notes) {
    Reading reading =
        Reading.usual()
            .withHeader(line())
            .withTarget(target)
            .withCategories(names(categories))
            .withoutColumns(drop());
    return TableReader.read(
        file, marks == null ? reading : reading.withMissing(List.copyOf(names(marks))), notes);
  }

  private static Set<String> names(List<String> given) {
    return Set.copyOf(given.stream().map(name -> name.replaceAll("^\"(.*)\"$", "$1")).toList());
  }

  private Reading.Header line() {
    return switch (header == null ? "auto" : header.toLowerCase(Locale.ROOT)) {
      case "auto" -> Reading.Header.AUTO;
      case "yes" -> Reading.Header.YES;
      case "no" -> Reading.Header.NO;
      case String other -> throw NearestName.unknown("--header", other, List.of("yes", "no"));
    };
  }

  /** The path that a text names. */
  static Path path(String text) {
    try {
      return Path.of(text);
    } catch (InvalidPathException e) {
      throw new UserException(
          "'%s' is no path here: %s (with letters beyond ASCII, set LC_ALL=C.UTF-8)"
              .formatted(text, e.getReason()),
          e);
    }
  }
}
