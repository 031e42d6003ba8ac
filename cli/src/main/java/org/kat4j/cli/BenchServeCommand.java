package org.kat4j.cli;

import java.util.Arrays;
import java.util.concurrent.Callable;
import org.kat4j.bench.ServeAttack;
import org.kat4j.bench.ServeBench;
import org.kat4j.error.UserException;
import org.kat4j.task.image.Classifier;
import org.kat4j.torch.Host;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code kat4j bench serve}. */
@Command(
    name = "serve",
    mixinStandardHelpOptions = true,
    description = {
      "The server under load: requests/s, p50 and p99 at several numbers of connections, against the bare model.",
      "Without --run or --weights: a fresh model of the name in --model, kat_nano by default."
    })
final class BenchServeCommand implements Callable<Integer> {
  private static final int MOST_CONNECTIONS = 1024;
  private static final int ATTACKS = 6;

  @Mixin private final WeightsOptions weights = new WeightsOptions();
  @Mixin private final PrecisionOption precision = new PrecisionOption();

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

  @Option(
      names = "--attackers",
      defaultValue = "0",
      paramLabel = "N",
      description = {
        "Measure four good clients and /healthz instead, in turn alone and beside N clients that",
        "post the worst images; six rounds of each."
      })
  private int attackers;

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
    if (attackers < 0 || attackers > MOST_CONNECTIONS) {
      throw new UserException("--attackers " + attackers + ": 0 to " + MOST_CONNECTIONS);
    }
    Classifier classifier = weights.classifierOrFresh("kat_nano", precision.on(weights.device()));
    if (attackers > 0) {
      ServeAttack.Result result = ServeAttack.run(classifier, attackers, ATTACKS, seconds);
      System.out.print(result.table());
      json.print(result);
      return 0;
    }
    var r = ServeBench.run(classifier, connections, seconds);
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
