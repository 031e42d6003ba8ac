package org.kat4j.explain.fit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.kat4j.config.Config;
import org.kat4j.error.UserException;
import org.kat4j.explain.figure.NetworkDrawing;
import org.kat4j.explain.page.Card;
import org.kat4j.explain.page.Content;
import org.kat4j.explain.page.Page;
import org.kat4j.explain.page.Table;
import org.kat4j.torch.AtomicFile;
import org.kat4j.torch.Safetensors;
import org.kat4j.torch.StateDict;

/** A fit as files: a page, the formula, the network and the numbers. */
public final class FitReport {
  private FitReport() {}

  /** What {@code fit.json} holds; the formula is empty where none was asked for. */
  public record Summary(
      String target,
      List<String> features,
      List<Integer> widths,
      int gridSize,
      double testError,
      String formula,
      double formulaTestError,
      List<FitResult.Stage> stages) {
    /** The numbers of a fit. */
    public static Summary of(FitResult result) {
      return new Summary(
          result.data().target(),
          result.data().features(),
          nodesOf(result),
          result.network().layers().getFirst().spec().gridSize(),
          result.best().testError(),
          result.formula().map(formula -> formula.text()).orElse(""),
          result.formulaTestError(),
          result.stages());
    }
  }

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
  }

  /**
   * Writes {@code report.html}, {@code model.safetensors}, {@code fit.json} and, where there is a
   * formula, {@code formula.txt} and {@code formula.tex}, to a folder that is new or empty.
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
        .ifPresent(formula -> {
          AtomicFile.write(folder.resolve("formula.txt"), formula.text() + "\n");
          AtomicFile.write(folder.resolve("formula.tex"), formula.latex() + "\n");
        });
    Summary summary = Summary.of(result);
    AtomicFile.write(folder.resolve("fit.json"), Config.toJson(summary) + "\n");
    Safetensors.write(
        folder.resolve("model.safetensors"),
        StateDict.of(result.network()),
        Map.of("kat4j.fit", Config.toJson(summary)));
    page(result).write(folder.resolve("report.html"));
  }

  private static Page page(FitResult result) {
    var content = new Content();
    content.lead(
        String.format(
            Locale.ROOT,
            "A Kolmogorov-Arnold network fitted to %s of %s: %,d samples to train on, %,d to choose by, %,d to test.",
            result.data().target(),
            String.join(", ", result.data().features()),
            result.data().train().rows(),
            result.data().validation().rows(),
            result.data().test().rows()));
    content.cards(
        new Card(
            "test error", error(result.best().testError()), "network, " + result.best().name()),
        new Card("parameters", "%,d".formatted(result.best().parameters())),
        new Card("formula's test error", error(result.formulaTestError())));
    result
        .formula()
        .ifPresent(formula -> {
          content.section("Formula");
          content.code(result.data().target() + " = " + formula.text());
          content.details("As LaTeX", inner -> inner.code(formula.latex()));
          content.figures(drawing("Named functions", result, result.formulaEdges()));
        });
    content.section("Network");
    content.figures(drawing("Splines", result, result.edges()));
    content.section("Stages");
    Table table = Table.of("stage", "parameters", "train", "validation", "test", "seconds");
    for (FitResult.Stage stage : result.stages()) {
      table =
          table.row(
              stage.name(),
              "%,d".formatted(stage.parameters()),
              error(stage.trainError()),
              error(stage.validationError()),
              error(stage.testError()),
              String.format(Locale.ROOT, "%.1f", stage.seconds()));
    }
    content.table(table);
    content.note("Errors are roots of mean squared errors on the scale of the target.");
    return new Page("Fit of " + result.data().target(), content);
  }

  /** The network with a curve on every edge. */
  static NetworkDrawing drawing(String title, FitResult result, List<EdgeCurve> curves) {
    return new NetworkDrawing(
        title,
        result.data().features(),
        result.data().target(),
        nodesOf(result),
        curves.stream()
            .map(c ->
                new NetworkDrawing.Edge(
                    c.layer(),
                    c.input(),
                    c.output(),
                    c.x(),
                    c.y(),
                    c.score(),
                    c.form().map(form -> form.function().symbol()).orElse("spline"),
                    c.form().isPresent()))
            .toList());
  }

  private static List<Integer> nodesOf(FitResult result) {
    return result.network().widths().stream().map(nodes -> nodes.sums()).toList();
  }

  private static String error(double value) {
    return Double.isNaN(value) ? "–" : String.format(Locale.ROOT, "%.2e", value);
  }
}
