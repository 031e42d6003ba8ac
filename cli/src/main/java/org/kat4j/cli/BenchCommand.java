package org.kat4j.cli;

import java.util.Arrays;
import java.util.concurrent.Callable;
import org.kat4j.bench.RationalBench;
import org.kat4j.bench.ServeBench;
import org.kat4j.error.UserException;
import org.kat4j.torch.Host;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code kat4j bench}. */
@Command(
    name = "bench",
    mixinStandardHelpOptions = true,
    description = "Benchmarks that print both sides and the ratio from one run.",
    subcommands = {BenchCommand.Rational.class, BenchCommand.Serve.class})
final class BenchCommand {

  /** {@code kat4j bench serve}. */
  @Command(
      name = "serve",
      mixinStandardHelpOptions = true,
      description = {
        "The server under load: requests/s, p50 and p99 at several numbers of connections, against the bare model.",
        "Without --run or --weights: a fresh model of the name in --model, kat_nano by default."
      })
  static final class Serve implements Callable<Integer> {
    private static final int MOST_CONNECTIONS = 1024;

    @Mixin private final WeightsOptions weights = new WeightsOptions();

    @Option(
        names = "--connections",
        split = ",",
        defaultValue = "1,8,64",
        paramLabel = "N",
        description = "Numbers of connections; default: ${DEFAULT-VALUE}.")
    private int[] connections = {};

    @Option(
        names = "--seconds",
        defaultValue = "5",
        paramLabel = "N",
        description = "Measured time of each; default: ${DEFAULT-VALUE}.")
    private double seconds;

    @Mixin private final JsonOption json = new JsonOption();

    /** What {@code --json} prints for each number of connections, one object a line. */
    private record Summary(
        int connections,
        double requestsPerSecond,
        double p50Ms,
        double p99Ms,
        int failed,
        double bareImagesPerSecond,
        int threads) {}

    @Override
    public Integer call() {
      boolean sound =
          connections.length > 0
              && Arrays.stream(connections).allMatch(n -> n >= 1 && n <= MOST_CONNECTIONS);
      if (!sound) {
        throw new UserException(
            "--connections " + Arrays.toString(connections) + ": 1 to " + MOST_CONNECTIONS);
      }
      if (!(seconds > 0 && seconds <= 3600)) {
        throw new UserException("--seconds " + seconds + ": above 0, at most 3600");
      }
      var r = ServeBench.run(weights.classifierOrFresh("kat_nano"), connections, seconds);
      System.out.print(r.table());
      for (ServeBench.Load load : r.loads()) {
        json.print(
            new Summary(
                load.connections(),
                load.requestsPerSecond(),
                load.p50(),
                load.p99(),
                load.failed(),
                r.bareImagesPerSecond(),
                Host.threads()));
      }
      return 0;
    }
  }

  /** {@code kat4j bench rational}. */
  @Command(
      name = "rational",
      mixinStandardHelpOptions = true,
      description =
          "The group rational kernel against GELU, against composed operations and against copying memory.")
  static final class Rational implements Callable<Integer> {
    @Option(
        names = "--shape",
        split = ",",
        defaultValue = "16,197,768",
        paramLabel = "N",
        description = "Shape of the tensor, channels last; default: ${DEFAULT-VALUE}.")
    private long[] shape = {};

    @Option(
        names = "--dtype",
        defaultValue = "float32",
        description = "float32, float64 or bfloat16; default: ${DEFAULT-VALUE}.")
    private String dtype = "float32";

    @Option(
        names = "--groups",
        defaultValue = "8",
        description = "Groups of channels; default: ${DEFAULT-VALUE}.")
    private int groups;

    @Option(
        names = "--rounds",
        defaultValue = "40",
        description = "Measured calls of each side; default: ${DEFAULT-VALUE}.")
    private int rounds;

    @Mixin private final JsonOption json = new JsonOption();

    /** What {@code --json} prints: medians in milliseconds. */
    private record Summary(
        double forwardMs,
        double backwardMs,
        double geluForwardMs,
        double geluBackwardMs,
        double composedForwardMs,
        double composedBackwardMs, // autograd runs both: the difference to the forward
        double copyGBs,
        int threads) {}

    @Override
    public Integer call() {
      check();
      var r = RationalBench.run(shape, dtype, groups, rounds);
      System.out.println(r.table());
      json.print(
          new Summary(
              r.forward().median(),
              r.backward().median(),
              r.geluForward().median(),
              r.geluBackward().median(),
              r.composedForward().median(),
              r.composedBoth().median() - r.composedForward().median(),
              r.copyBandwidth(),
              Host.threads()));
      return 0;
    }

    private void check() {
      boolean sound = shape.length > 0 && Arrays.stream(shape).allMatch(size -> size > 0);
      if (!sound) {
        throw new UserException(
            "--shape " + Arrays.toString(shape) + ": sizes above 0, for example 16,197,768");
      }
      if (groups < 1 || shape[shape.length - 1] % groups != 0) {
        throw new UserException(
            "--groups "
                + groups
                + ": does not divide the "
                + shape[shape.length - 1]
                + " channels of --shape");
      }
      if (rounds < 1) {
        throw new UserException("--rounds " + rounds + ": at least 1");
      }
    }
  }
}
