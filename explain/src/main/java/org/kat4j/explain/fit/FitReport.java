package org.kat4j.explain.fit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.kat4j.config.Config;
import org.kat4j.error.UserException;
import org.kat4j.torch.AtomicFile;
import org.kat4j.torch.Safetensors;
import org.kat4j.torch.StateDict;

/** A fit as files: a page, the formula, the network and the numbers. */
public final class FitReport {
  private FitReport() {}

  /**
   * Refuses a place that cannot become the folder of a fit, before time is spent on it.
   *
   * @throws UserException when it is a file or holds something: the files of two fits would mix
   */
  public static void checkFree(Path folder) {
    if (!Files.exists(folder)) {
      for (Path above = folder.getParent(); above != null; above = above.getParent()) {
        if (Files.isRegularFile(above)) {
          throw new UserException(above + " is a file: choose another folder");
        }
      }
      checkWritable(folder);
      return;
    }
    try (Stream<Path> content = Files.list(folder)) {
      if (content.findAny().isPresent()) {
        throw new UserException(folder + " is not empty: choose another folder");
      }
    } catch (NotDirectoryException e) {
      throw new UserException(folder + " is a file: choose another folder", e);
    } catch (IOException e) {
      throw new UserException("cannot read " + folder + ": " + AtomicFile.reason(e), e);
    }
    checkWritable(folder);
  }

  /** Makes the folder and a file in it, and takes them away again. */
  private static void checkWritable(Path folder) {
    List<Path> missing = new ArrayList<>();
    for (Path path = folder.toAbsolutePath();
        path != null && !Files.exists(path);
        path = path.getParent()) {
      missing.add(path);
    }
    try {
      Files.createDirectories(folder);
      Files.delete(Files.createTempFile(folder, "fit", null));
      for (Path path : missing) {
        Files.delete(path);
      }
    } catch (IOException e) {
      throw new UserException(
          "cannot write to " + folder + ": " + AtomicFile.reason(e) + "; choose another folder", e);
    }
  }

  /**
   * Writes {@code report.html}, {@code fit.json}, where there is a network {@code
   * model.safetensors} and, where there is a formula, {@code formula.txt} and {@code formula.tex},
   * to a folder that is new or empty.
   */
  public static void write(FitResult result, Path folder) {
    checkFree(folder);
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw new UserException("cannot make " + folder + ": " + AtomicFile.reason(e), e);
    }
    result
        .formula()
        .ifPresent(found -> {
          String legend = legend(result, "# ");
          AtomicFile.write(folder.resolve("formula.txt"), found.formula().text() + "\n" + legend);
          AtomicFile.write(
              folder.resolve("formula.tex"), found.formula().latex() + "\n" + legend(result, "% "));
        });
    FitSummary summary = FitSummary.of(result);
    AtomicFile.write(folder.resolve("fit.json"), Config.toJson(summary) + "\n");
    result
        .network()
        .ifPresent(fit ->
            Safetensors.write(
                folder.resolve("model.safetensors"),
                StateDict.of(fit.network()),
                Map.of("kat4j.fit", Config.toJson(summary))));
    FitPage.of(result).write(folder.resolve("report.html"));
  }

  /** A line for every stand-in of a column's name. */
  private static String legend(FitResult result, String comment) {
    return FitSummary.legend(result).stream()
        .map(entry ->
            comment
                + entry.symbol()
                + " is the column "
                + entry.column().replaceAll("\\p{Cntrl}", " ")
                + "\n")
        .collect(Collectors.joining());
  }
}
