package org.kat4j.cli;

import java.util.List;
import java.util.concurrent.Callable;
import org.kat4j.bench.StartupBench;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code kat4j bench startup}. */
@Command(
    name = "startup",
    mixinStandardHelpOptions = true,
    description = "Whole commands in fresh processes, with and without libtorch.")
final class BenchStartupCommand implements Callable<Integer> {
  @Option(
      names = "--rounds",
      defaultValue = "5",
      paramLabel = "N",
      description = "Measured runs of each command; default: ${DEFAULT-VALUE}.")
  private int rounds;

  @Mixin private final JsonOption json = new JsonOption();

  @Override
  public Integer call() {
    BenchCommand.atLeastOne("--rounds", rounds);
    var result =
        StartupBench.run(
            Main.class.getName(), List.of(List.of("--help"), List.of("models")), rounds);
    System.out.print(result.table());
    json.print(result);
    return 0;
  }
}
