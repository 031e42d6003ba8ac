package org.kat4j.cli;

import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.kat4j.error.UserException;
import org.kat4j.lab.Budget;
import org.kat4j.lab.Claim;
import org.kat4j.lab.Claims;
import org.kat4j.lab.Outcome;
import org.kat4j.lab.Progress;
import org.kat4j.lab.Result;
import org.kat4j.lab.Runner;
import org.kat4j.lab.Study;
import org.kat4j.lab.Trial;
import org.kat4j.lab.Workplace;
import org.kat4j.lab.page.ClaimPage;
import org.kat4j.task.Measure;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code kat4j lab run}. */
@Command(
    name = "run",
    mixinStandardHelpOptions = true,
    description = {
      "Runs a claim to its verdict. What is finished stays finished: a run that was stopped goes on.",
      "Several processes on one folder share the work."
    })
final class LabRunCommand implements Callable<Integer> {
  @Parameters(paramLabel = "NUMBER", description = "A claim: see 'kat4j lab list'.")
  private String number = "";

  @Option(
      names = "--budget",
      defaultValue = "quick",
      paramLabel = "NAME",
      description = "quick, standard or paper; default: ${DEFAULT-VALUE}.")
  private String budget = "quick";

  @Option(
      names = "--seeds",
      paramLabel = "N",
      description = "Trainings of each arm; default: 3 for quick, else 5.")
  private @Nullable Integer seeds;

  @Option(
      names = "--out",
      defaultValue = "lab-runs",
      paramLabel = "DIR",
      description = "Folder of all claims; default: ${DEFAULT-VALUE}.")
  private Path out = Path.of("lab-runs");

  @Mixin private final DeviceOption device = new DeviceOption();
  @Mixin private final DataOptions data = new DataOptions();
  @Mixin private final JsonOption json = new JsonOption();

  /** What {@code --json} prints. */
  private record Summary(
      int claim, String verdict, String budget, int seeds, int trials, int failures, String page) {}

  @Override
  public Integer call() {
    Claim claim = Claims.numbered(number);
    Budget spent = Budget.named(budget);
    int repeated = seeds == null ? spent.seeds() : seeds;
    if (repeated < 2 || repeated > 1000) {
      throw new UserException("--seeds " + repeated + ": 2 to 1000; one tells nothing of the next");
    }
    Workplace place = new Workplace(device.device(), data.root());
    System.out.printf(
        "%02d  %s%n    %s budget, %d seeds of every arm, %s%n",
        claim.about().number(), claim.about().title(), spent.label(), repeated, place.device());
    Result result = new Runner(out, place, new Console()).run(claim, spent, repeated);
    Path page = Runner.folder(out, claim.about().number(), spent).resolve("index.html");
    ClaimPage.write(result, page);
    result.findings().forEach(f -> System.out.println(LabReportCommand.line(f)));
    System.out.printf("%s; %s%n", result.verdict().label(), page);
    json.print(
        new Summary(
            claim.about().number(),
            result.verdict().label(),
            spent.label(),
            repeated,
            result.trials(),
            result.failures(),
            page.toString()));
    return 0;
  }

  /** One line for each trial. */
  private static final class Console implements Progress {
    @Override
    public void begun(Trial trial, Study study) {}

    @Override
    public void finished(Outcome outcome, Measure measure, int done, int all, double secondsLeft) {
      double score = outcome.last() ? outcome.measured().test() : outcome.measured().validation();
      String result =
          outcome.failed()
              ? "failed: " + outcome.failure()
              : String.format(
                  Locale.ROOT,
                  "%s %s %.4g %s",
                  outcome.last() ? "test" : "validation",
                  measure.name(),
                  score,
                  measure.unit());
      System.out.printf(
          Locale.ROOT,
          "[%d/%d] %s: %s, rate %.0e, %s: %s (%.1f s)%s%n",
          done,
          all,
          outcome.study(),
          outcome.arm(),
          outcome.rate(),
          outcome.last() ? "seed " + outcome.seed() : "tuning",
          result.strip(),
          outcome.seconds(),
          Double.isNaN(secondsLeft) || secondsLeft == 0
              ? ""
              : ", " + ConsoleMonitor.duration(secondsLeft) + " left");
    }

    @Override
    public void waiting() {
      System.out.println("waiting for trials that other processes run");
    }
  }
}
