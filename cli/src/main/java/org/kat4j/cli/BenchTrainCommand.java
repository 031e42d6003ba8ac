package org.kat4j.cli;

import java.util.concurrent.Callable;
import org.kat4j.bench.TrainBench;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code kat4j bench train}. */
@Command(
    name = "train",
    mixinStandardHelpOptions = true,
    description = "Training steps of models against each other: time, images/s, peak memory.")
final class BenchTrainCommand implements Callable<Integer> {
  @Mixin private final BenchModelOptions models = new BenchModelOptions();

  @Option(
      names = "--batch-size",
      defaultValue = "32",
      paramLabel = "N",
      description = "Images of a batch; default: ${DEFAULT-VALUE}.")
  private int batch;

  @Option(
      names = "--rounds",
      defaultValue = "10",
      paramLabel = "N",
      description = "Measured turns of each side; default: ${DEFAULT-VALUE}.")
  private int rounds;

  @Mixin private final JsonOption json = new JsonOption();

  @Override
  public Integer call() {
    BenchCommand.atLeastOne("--batch-size", batch);
    BenchCommand.atLeastOne("--rounds", rounds);
    var result =
        TrainBench.run(
            models.device(), models.names(), models.precision(), batch, rounds, models.graphs());
    System.out.print(result.table());
    json.print(result);
    return 0;
  }
}
