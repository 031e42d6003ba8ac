package org.kat4j.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.kat4j.error.UserException;
import org.kat4j.explain.fit.FitData;
import org.kat4j.explain.fit.FitReport;
import org.kat4j.explain.fit.FitResult;
import org.kat4j.explain.fit.FitSettings;
import org.kat4j.explain.fit.FitSummary;
import org.kat4j.explain.fit.FunctionFit;
import org.kat4j.explain.fit.NetworkFit;
import org.kat4j.explain.fit.ShapeSearch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code kat4j fit}. */
@Command(
    name = "fit",
    mixinStandardHelpOptions = true,
    description =
        "Finds a formula for a function, by search and by a small KAN: from a table, or from a"
            + " formula with ranges.")
final class FitCommand implements Callable<Integer> {
  private static final String GAUSS_NEWTON = "gauss-newton";

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

  @Option(names = "--no-pruning", description = "Keep all nodes and edges of the network.")
  private boolean keepAll;

  @Option(names = "--no-symbolic", description = "Do not look for a formula.")
  private boolean splinesOnly;

  @Option(
      names = "--optimizer",
      paramLabel = "NAME",
      defaultValue = GAUSS_NEWTON,
      description = "gauss-newton or lbfgs; default: ${DEFAULT-VALUE}.")
  private String optimizer = GAUSS_NEWTON;

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
      description =
          "Write report.html, formula.txt, formula.tex, fit.json and, where a network was trained,"
              + " model.safetensors.")
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
    FitData samples = samples();
    var console = new FitConsole(System.out);
    FitResult result =
        auto()
            ? FunctionFit.run(samples, settings, () -> chosen(samples, settings), console)
            : FunctionFit.run(samples, settings, console);
    boolean _ = Thread.interrupted(); // heard by the fit; files are still to be written
    console.result(result);
    if (out != null) {
      FitReport.write(result, out);
      System.out.println("report " + out.resolve("report.html"));
    }
    json.print(FitSummary.of(result));
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

  private static NetworkFit chosen(FitData data, FitSettings settings) {
    ShapeSearch.Candidate found = searched(data, settings, new ShapeConsole(System.out, true));
    NetworkFit.Stage best = found.fit().best();
    System.out.printf(
        Locale.ROOT,
        "chosen %-8s %s  %5d parameters  test %.2e%n",
        ShapeConsole.text(found.hidden()),
        best.name(),
        best.parameters(),
        best.testError());
    return found.fit();
  }

  static ShapeSearch.Candidate searched(FitData data, FitSettings settings, ShapeConsole console) {
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
          case GAUSS_NEWTON -> settings;
          case "lbfgs" -> settings.withOptimizer(FitSettings.Optimizer.LBFGS, 50);
          default ->
              throw new UserException("--optimizer " + optimizer + ": gauss-newton or lbfgs");
        };
    return (aboutNetwork() ? settings.withNetwork() : settings).withSymbolic(!splinesOnly);
  }

  /** Whether an option asks for something of the network, so that one is wanted. */
  private boolean aboutNetwork() {
    return !hidden.isEmpty()
        || !grids.isEmpty()
        || keepAll
        || starts > 1
        || !optimizer.equals(GAUSS_NEWTON);
  }

  private FitData samples() {
    if (formula != null && data == null) {
      return FitInput.ofFormula(formula, ranges, rows, auto(), seed);
    }
    if (data != null && target != null && formula == null) {
      return FitInput.ofTable(
          reading.read(data, target, System.out::println), target, features, seed, System.out);
    }
    throw new UserException(
        "give --data FILE --target COLUMN, or --formula with a --range for every variable, or"
            + " --suite");
  }

  private void runSuite(String name) {
    FitSettings settings =
        FitSettings.example()
            .withGrids(grids.isEmpty() ? List.of(3, 5, 10, 20, 40) : grids)
            .withStarts(starts)
            .withSeed(seed)
            .withoutPruning()
            .withSymbolic(false);
    new FitSuiteRun(settings, auto(), widths(), rows).run(name, System.out);
  }
}
