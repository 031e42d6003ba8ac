package org.kat4j.cli;

import java.util.Locale;
import java.util.concurrent.Callable;
import org.kat4j.lab.Claim;
import org.kat4j.lab.Claims;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** {@code kat4j lab}. */
@Command(
    name = "lab",
    mixinStandardHelpOptions = true,
    description = "Published claims as experiments that end in a verdict.",
    subcommands = {LabCommand.ListClaims.class, LabRunCommand.class, LabReportCommand.class})
final class LabCommand implements Callable<Integer> {
  /** {@code kat4j lab} alone lists the claims. */
  @Override
  public Integer call() {
    return new ListClaims().call();
  }

  /** {@code kat4j lab list}. */
  @Command(
      name = "list",
      mixinStandardHelpOptions = true,
      description = "The claims that can be run.")
  static final class ListClaims implements Callable<Integer> {
    @CommandLine.Mixin private final JsonOption json = new JsonOption();

    /** What {@code --json} prints. */
    private record Summary(int claims) {}

    @Override
    public Integer call() {
      for (Claim claim : Claims.all()) {
        Claim.About about = claim.about();
        System.out.printf(Locale.ROOT, "%02d  %s%n", about.number(), about.title());
        System.out.printf("    %s%n", about.hypothesis());
      }
      json.print(new Summary(Claims.all().size()));
      return 0;
    }
  }
}
