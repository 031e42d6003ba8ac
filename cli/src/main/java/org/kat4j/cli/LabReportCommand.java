package org.kat4j.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.kat4j.error.UserException;
import org.kat4j.lab.Budget;
import org.kat4j.lab.Claim;
import org.kat4j.lab.Claims;
import org.kat4j.lab.Result;
import org.kat4j.lab.Runner;
import org.kat4j.lab.page.ClaimDocument;
import org.kat4j.lab.page.ClaimPage;
import org.kat4j.lab.page.Overview;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code kat4j lab report}. */
@Command(
    name = "report",
    mixinStandardHelpOptions = true,
    description = "Writes one page over all claims that were run, from their results.")
final class LabReportCommand implements Callable<Integer> {
  @Option(
      names = "--runs",
      defaultValue = "lab-runs",
      paramLabel = "DIR",
      description = "Folder of all claims; default: ${DEFAULT-VALUE}.")
  private Path runs = Path.of("lab-runs");

  @Option(
      names = "--out",
      paramLabel = "FILE",
      description = "The page; default: index.html in the folder of the claims.")
  private @Nullable Path out;

  @Option(
      names = "--markdown",
      paramLabel = "DIR",
      description = "Also write NN.md and its pictures for each claim, such as into docs/lab.")
  private @Nullable Path markdown;

  @Mixin private final JsonOption json = new JsonOption();

  /** What {@code --json} prints. */
  private record Summary(int claims, int run, String page) {}

  @Override
  public Integer call() {
    if (!Files.isDirectory(runs)) {
      throw new UserException(
          runs + ": no claim was run here; kat4j lab run NUMBER --out " + runs + " does");
    }
    List<Result> results = new ArrayList<>();
    for (Claim claim : Claims.all()) {
      newest(claim).ifPresent(results::add);
    }
    for (Result result : results) {
      Path folder = Runner.folder(runs, result.about().number(), result.budget());
      ClaimPage.write(result, folder.resolve("index.html"));
      System.out.printf(
          Locale.ROOT,
          "%02d  %-9s  %s%n",
          result.about().number(),
          result.verdict().label(),
          result.about().hypothesis());
      if (markdown != null) {
        System.out.println("    " + ClaimDocument.write(result, markdown));
      }
    }
    Path page = out == null ? runs.resolve("index.html") : out;
    Overview.write(results, Claims.all().size(), page);
    System.out.println(page);
    json.print(new Summary(Claims.all().size(), results.size(), page.toString()));
    return 0;
  }

  /** The result of the largest budget that was run to its end. */
  private Optional<Result> newest(Claim claim) {
    return List.of(Budget.PAPER, Budget.STANDARD, Budget.QUICK).stream()
        .map(budget -> Result.read(Runner.folder(runs, claim.about().number(), budget)))
        .flatMap(Optional::stream)
        .findFirst();
  }

  /** A finding on one line. */
  static String line(Result.Finding f) {
    return "  " + (f.comparison().primary() ? "" : "(for information) ") + ClaimPage.sentence(f);
  }
}
