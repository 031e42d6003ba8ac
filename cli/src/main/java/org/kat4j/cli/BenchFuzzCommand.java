package org.kat4j.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.kat4j.bench.fuzz.Fuzz;
import org.kat4j.bench.fuzz.Kinds;
import org.kat4j.error.UserException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code kat4j bench fuzz}. */
@Command(
    name = "fuzz",
    mixinStandardHelpOptions = true,
    description =
        "Damaged files of every kind that is read: each must be read or refused in one line, in two seconds.")
final class BenchFuzzCommand implements Callable<Integer> {
  /** What {@code --json} prints. */
  record Result(long seed, List<Fuzz.Outcome> kinds) {}

  @Option(
      names = "--kinds",
      split = ",",
      paramLabel = "KIND",
      description = "Kinds of input, separated by commas; default: all.")
  private List<String> kinds = List.of();

  @Option(
      names = "--count",
      defaultValue = "1000",
      paramLabel = "N",
      description = "Inputs of each kind; default: ${DEFAULT-VALUE}.")
  private int count;

  @Option(
      names = "--seed",
      defaultValue = "1",
      paramLabel = "N",
      description = "Which inputs; default: ${DEFAULT-VALUE}.")
  private long seed;

  @Option(
      names = "--threads",
      defaultValue = "0",
      paramLabel = "N",
      description = "Inputs that are tried at once; default: one for each core.")
  private int threads;

  @Option(
      names = "--write",
      paramLabel = "NUMBER",
      description = "Write this one input of the one kind named to --out instead, to look at it.")
  private @Nullable Integer number;

  @Option(names = "--out", paramLabel = "FILE", description = "Where --write puts it.")
  private @Nullable Path out;

  @Mixin private final JsonOption json = new JsonOption();

  @Override
  public Integer call() {
    List<String> chosen = kinds.isEmpty() ? Kinds.names() : kinds;
    if (number != null) {
      return write(chosen, number);
    }
    BenchCommand.atLeastOne("--count", count);
    int workers = threads > 0 ? threads : Runtime.getRuntime().availableProcessors();
    List<Fuzz.Outcome> outcomes = new ArrayList<>();
    for (String kind : chosen) {
      var outcome =
          Fuzz.run(
              kind,
              count,
              seed,
              workers,
              done -> System.err.printf("\r%-18s %d of %d", kind, done, count));
      System.err.print("\r");
      System.out.print(outcome.text());
      outcomes.add(outcome);
    }
    json.print(new Result(seed, outcomes));
    return outcomes.stream().allMatch(outcome -> outcome.findings().isEmpty()) ? 0 : 1;
  }

  private int write(List<String> chosen, int index) {
    if (chosen.size() != 1 || out == null) {
      throw new UserException("--write needs one kind in --kinds, and a file in --out");
    }
    try {
      Files.write(out, Fuzz.input(chosen.getFirst(), seed, index));
      return 0;
    } catch (IOException cannot) {
      throw new UserException(out + " cannot be written: " + cannot.getMessage(), cannot);
    }
  }
}
