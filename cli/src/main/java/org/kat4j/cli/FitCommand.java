package org.kat4j.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.kat4j.error.UserException;
import org.kat4j.explain.fit.FitData;
import org.kat4j.explain.fit.FitMonitor;
import org.kat4j.explain.fit.FitReport;
import org.kat4j.explain.fit.FitResult;
import org.kat4j.explain.fit.FitSettings;
import org.kat4j.explain.fit.FitSuite;
import org.kat4j.explain.fit.FunctionFit;
import org.kat4j.explain.fit.ShapeSearch;
import org.kat4j.explain.symbolic.Expression;
import org.kat4j.explain.symbolic.FormulaParser;
import org.kat4j.tables.Column;
import org.kat4j.tables.Table;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code kat4j fit}. */
@Command(
    name = "fit",
    mixinStandardHelpOptions = true,
    description =
        "Fits a function by a small KAN and reads a formula off it: from a table, or from a formula"
            + " with ranges.")
final class FitCommand implements Callable<Integer> {
  @Option(names = "--data", paramLabel = "FILE", description = "CSV, TSV, Parquet or JSON table.")
  private @Nullable Path data;

  @Option(names = "--target", paramLabel = "COLUMN", description = "What is to be explained.")
  private @Nullable String target;

  @Option(
      names = "--features",
      split = ",",
      paramLabel = "COLUMN",
      description = "What it is explained by; default: all columns of numbers but the target.")
  private List<String> features = new ArrayList<>();

  @Option(names = "--formula", description = "A formula to sample, such as 'exp(sin(pi*x)+y^2)'.")
  private @Nullable String formula;

  @Option(
      names = "--range",
      paramLabel = "NAME=LOW:HIGH",
      description = "Where a variable of the formula lies; one option a variable.")
  private Map<String, String> ranges = new LinkedHashMap<>();

  @Option(
      names = "--rows",
      defaultValue = "1000",
      description = "Training samples of a formula; default: ${DEFAULT-VALUE}.")
  private int rows;

  @Option(
      names = "--hidden",
      split = ",",
      paramLabel = "WIDTH",
      description =
          "Widths of the hidden layers before pruning; default: 5. auto: try several shapes and"
              + " take the one with the least validation error.")
  private List<String> hidden = new ArrayList<>();

  @Option(
      names = "--grids",
      split = ",",
      paramLabel = "SIZE",
      description = "Sizes of the splines' grids, coarse to fine; default: 3,5,10,20.")
  private List<Integer> grids = new ArrayList<>();

  @Option(names = "--no-pruning", description = "Keep all nodes and edges.")
  private boolean keepAll;

  @Option(names = "--no-symbolic", description = "Do not look for a formula.")
  private boolean splinesOnly;

  @Option(
      names = "--optimizer",
      paramLabel = "NAME",
      defaultValue = "gauss-newton",
      description = "gauss-newton or lbfgs; default: ${DEFAULT-VALUE}.")
  private String optimizer = "gauss-newton";

  @Option(
      names = "--starts",
      defaultValue = "1",
      description = "Random networks to choose the first from; default: ${DEFAULT-VALUE}.")
  private int starts;

  @Option(names = "--seed", defaultValue = "0", description = "Default: ${DEFAULT-VALUE}.")
  private long seed;

  @Option(
      names = "--suite",
      paramLabel = "NAME",
      description =
          "Fit the functions of the KAN paper instead, and print its figures beside ours: toy,"
              + " special, feynman.")
  private @Nullable String suite;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "Write report.html, formula.txt, formula.tex, model.safetensors and fit.json.")
  private @Nullable Path out;

  @Mixin private final TableOptions reading = new TableOptions();
  @Mixin private final JsonOption json = new JsonOption();

  @Override
  public Integer call() {
    return Interruption.endsEarly(() -> {
      if (suite != null) {
        runSuite(suite);
      } else {
        runFit();
      }
      return 0;
    });
  }

  private void runFit() {
    if (out != null) {
      FitReport.checkFree(out);
    }
    FitSettings settings = settings();
    FitResult result =
        auto()
            ? chosen(samples(), settings)
            : FunctionFit.run(samples(), settings, new FitConsole(System.out));
    boolean _ = Thread.interrupted(); // heard by the fit; files are still to be written
    result
        .formula()
        .ifPresent(found -> {
          System.out.println();
          System.out.println(result.data().target() + " = " + found.text());
          System.out.println("LaTeX: " + found.latex());
          System.out.printf(
              Locale.ROOT, "test error of the formula %.2e%n", result.formulaTestError());
        });
    if (out != null) {
      FitReport.write(result, out);
      System.out.println("report " + out.resolve("report.html"));
    }
    json.print(FitReport.Summary.of(result));
  }

  private boolean auto() {
    return hidden.equals(List.of("auto"));
  }

  private List<Integer> widths() {
    return auto() ? List.of() : hidden.stream().map(FitCommand::width).toList();
  }

  private static int width(String text) {
    try {
      return Integer.parseInt(text);
    } catch (NumberFormatException _) {
      throw new UserException(
          "--hidden '%s': whole numbers such as 5 or 5,3, or auto alone".formatted(text));
    }
  }

  private static FitResult chosen(FitData data, FitSettings settings) {
    ShapeSearch.Candidate found = searched(data, settings, new ShapeConsole(System.out, true));
    FitResult.Stage best = found.fit().best();
    System.out.printf(
        Locale.ROOT,
        "chosen %-8s %s  %5d parameters  test %.2e%n",
        ShapeConsole.text(found.hidden()),
        best.name(),
        best.parameters(),
        best.testError());
    return found.fit();
  }

  private static ShapeSearch.Candidate searched(
      FitData data, FitSettings settings, ShapeConsole console) {
    var shapes = ShapeSearch.shapes(data.features().size());
    return ShapeSearch.run(data, settings, shapes, console).chosen();
  }

  private FitSettings settings() {
    FitSettings settings = FitSettings.example().withSeed(seed).withStarts(starts);
    settings = widths().isEmpty() ? settings : settings.withHidden(widths());
    settings = grids.isEmpty() ? settings : settings.withGrids(grids);
    settings = keepAll ? settings.withoutPruning() : settings;
    settings =
        switch (optimizer) {
          case "gauss-newton" -> settings;
          case "lbfgs" -> settings.withOptimizer(FitSettings.Optimizer.LBFGS, 50);
          default ->
              throw new UserException("--optimizer " + optimizer + ": gauss-newton or lbfgs");
        };
    return settings.withSymbolic(!splinesOnly);
  }

  private FitData samples() {
    if (formula != null && data == null) {
      return ofFormula(formula);
    }
    if (data != null && target != null && formula == null) {
      return ofTable(data, target);
    }
    throw new UserException(
        "give --data FILE --target COLUMN, or --formula with a --range for every variable, or"
            + " --suite");
  }

  private FitData ofFormula(String text) {
    List<String> names = List.copyOf(ranges.keySet());
    if (names.isEmpty()) {
      throw new UserException("--formula needs a --range for every variable: --range x=-1:1");
    }
    Expression expression = FormulaParser.parse(text, names);
    List<FitData.Range> where = ranges.values().stream().map(FitCommand::range).toList();
    return auto()
        ? FitData.ofFunction(
            names, "f", where, expression::at, rows, FitData.enoughToChooseBy(rows), seed)
        : FitData.ofFunction(names, "f", where, expression::at, rows, seed);
  }

  private static FitData.Range range(String text) {
    String[] ends = text.split(":", -1);
    try {
      if (ends.length == 2) {
        return new FitData.Range(Double.parseDouble(ends[0]), Double.parseDouble(ends[1]));
      }
    } catch (NumberFormatException e) {
      // said below
    }
    throw new UserException("--range " + text + ": NAME=LOW:HIGH, such as x=-1:1");
  }

  private FitData ofTable(Path file, String column) {
    Table table = reading.read(file, column, System.out::println);
    double[] targets = table.numbers(column);
    List<String> names =
        features.isEmpty()
            ? table.columns().stream()
                .filter(c -> c instanceof Column.Numbers && !c.name().equals(column))
                .map(Column::name)
                .toList()
            : features;
    if (names.contains(column)) {
      throw new UserException("--features holds the target " + column);
    }
    return FitData.ofColumns(
        names, names.stream().map(table::numbers).toList(), column, targets, seed);
  }

  private void runSuite(String name) {
    List<FitSuite.Row> suiteRows = FitSuite.named(name);
    List<Integer> given = widths();
    System.out.println(
        "function | ranges | hidden | grid | parameters | validation | test error | paper's KAN |"
            + " paper's MLP | s");
    for (FitSuite.Row row : suiteRows) {
      long start = System.nanoTime();
      FitSettings settings =
          FitSettings.example()
              .withHidden(given.isEmpty() ? row.hidden() : given)
              .withGrids(grids.isEmpty() ? List.of(3, 5, 10, 20, 40) : grids)
              .withStarts(starts)
              .withSeed(seed)
              .withoutPruning()
              .withSymbolic(false);
      ShapeSearch.Candidate found =
          auto()
              ? searched(
                  row.dataToChooseBy(rows, seed), settings, new ShapeConsole(System.out, false))
              : new ShapeSearch.Candidate(
                  settings.hidden(),
                  FunctionFit.run(row.data(rows, seed), settings, FitMonitor.SILENT));
      if (Thread.currentThread().isInterrupted()) {
        System.out.println("interrupted; the function at hand is left out");
        return;
      }
      FitResult.Stage best = found.fit().best();
      System.out.printf(
          Locale.ROOT,
          "%s | %s | %s | %d | %d | %.2e | %.2e | %s | %s | %.0f%n",
          row.name(),
          ranges(row),
          ShapeConsole.text(found.hidden()),
          found.fit().network().layers().getFirst().spec().gridSize(),
          best.parameters(),
          best.validationError(),
          best.testError(),
          published(row.paperKan()),
          published(row.paperMlp()),
          (System.nanoTime() - start) / 1e9);
    }
  }

  private static String published(double error) {
    return Double.isNaN(error) ? "-" : String.format(Locale.ROOT, "%.2e", error);
  }

  /** A range a variable, or one where all have the same. */
  private static String ranges(FitSuite.Row row) {
    List<FitData.Range> different = row.ranges().stream().distinct().toList();
    return (different.size() == 1 ? different : row.ranges())
        .stream()
            .map(r -> String.format(Locale.ROOT, "%.3g to %.3g", r.low(), r.high()))
            .collect(Collectors.joining(", "));
  }
}
