package org.kat4j.cli;

import org.kat4j.error.UserException;
import picocli.CommandLine.Command;

/** {@code kat4j bench}. */
@Command(
    name = "bench",
    mixinStandardHelpOptions = true,
    description = "Benchmarks that print both sides and the ratio from one run.",
    subcommands = {
      BenchRationalCommand.class,
      BenchTrainCommand.class,
      BenchLanguageCommand.class,
      BenchInferCommand.class,
      BenchStartupCommand.class,
      BenchKanCommand.class,
      BenchMixersCommand.class,
      BenchLoaderCommand.class,
      BenchServeCommand.class,
      BenchFuzzCommand.class
    })
final class BenchCommand {
  /** The value of an option that counts something. */
  static void atLeastOne(String option, int value) {
    if (value < 1) {
      throw new UserException(option + " " + value + ": at least 1");
    }
  }
}
