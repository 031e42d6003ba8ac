package org.kat4j.cli;

import java.util.List;
import java.util.concurrent.Callable;
import org.kat4j.bench.InferBench;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code kat4j bench infer}. */
@Command(
    name = "infer",
    mixinStandardHelpOptions = true,
    description = "Inference of models against each other: latency and throughput.")
final class BenchInferCommand implements Callable<Integer> {
  @Mixin private final BenchModelOptions models = new BenchModelOptions();

  @Option(
      names = "--batch-sizes",
      split = ",",
      defaultValue = "1,8,64",
      paramLabel = "N",
      description = "Images of a call; default: ${DEFAULT-VALUE}.")
  private List<Integer> batches = List.of();

  @Option(
      names = "--calls",
      defaultValue = "40",
      paramLabel = "N",
      description = "Measured calls of each side; default: ${DEFAULT-VALUE}.")
  private int calls;

  @Mixin private final JsonOption json = new JsonOption();

  @Override
  public Integer call() {
    batches.forEach(batch -> BenchCommand.atLeastOne("--batch-sizes", batch));
    BenchCommand.atLeastOne("--calls", calls);
    var result =
        InferBench.run(
            models.device(), models.names(), models.precision(), batches, calls, models.graphs());
    System.out.print(result.table());
    json.print(result);
    return 0;
  }
}
