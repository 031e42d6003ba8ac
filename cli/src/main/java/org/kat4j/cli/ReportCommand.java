package org.kat4j.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.kat4j.error.UserException;
import org.kat4j.explain.report.Report;
import org.kat4j.explain.report.Run;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code kat4j report}. */
@Command(
    name = "report",
    mixinStandardHelpOptions = true,
    description = {
      "Writes one page about a run, or about several beside each other.",
      "The page is a single HTML file that loads nothing."
    })
final class ReportCommand implements Callable<Integer> {
  @Parameters(arity = "1..*", paramLabel = "RUN", description = "Run folders.")
  private List<Path> folders = List.of();

  @Option(
      names = "--out",
      paramLabel = "FILE",
      description = "Default: report.html in the run's folder, or here for several.")
  private @Nullable Path out;

  @Mixin private final DataOptions dataOptions = new DataOptions();
  @Mixin private final JsonOption json = new JsonOption();

  /** What {@code --json} prints. */
  private record Summary(String report) {}

  @Override
  public Integer call() {
    if (folders.stream().distinct().count() < folders.size()) {
      throw new UserException("a run is named twice");
    }
    List<Run> runs = folders.stream().map(Run::open).toList();
    Path file = out;
    if (file == null) {
      file = runs.size() == 1 ? runs.getFirst().folder().report() : Path.of("report.html");
    }
    Report.of(runs, dataOptions::open).write(file);
    System.out.println(file);
    json.print(new Summary(file.toString()));
    return 0;
  }
}
