package org.kat4j.cli;

import java.util.concurrent.Callable;
import org.kat4j.bench.LanguageBench;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code kat4j bench language}. */
@Command(
    name = "language",
    mixinStandardHelpOptions = true,
    description =
        "Language models with an MLP and with gr-kan: training steps, peak memory, writing. Default: GPT-2's shape.")
final class BenchLanguageCommand implements Callable<Integer> {
  @Mixin private final DeviceOption device = new DeviceOption();
  @Mixin private final PrecisionOption precision = new PrecisionOption();

  @Option(names = "--vocabulary", paramLabel = "N", description = "Default: ${DEFAULT-VALUE}.")
  private int vocabulary = LanguageBench.Shape.GPT2.vocabulary();

  @Option(names = "--context", paramLabel = "N", description = "Default: ${DEFAULT-VALUE}.")
  private int context = LanguageBench.Shape.GPT2.context();

  @Option(names = "--width", paramLabel = "N", description = "Default: ${DEFAULT-VALUE}.")
  private int width = LanguageBench.Shape.GPT2.width();

  @Option(names = "--depth", paramLabel = "N", description = "Default: ${DEFAULT-VALUE}.")
  private int depth = LanguageBench.Shape.GPT2.depth();

  @Option(names = "--heads", paramLabel = "N", description = "Default: ${DEFAULT-VALUE}.")
  private int heads = LanguageBench.Shape.GPT2.heads();

  @Option(
      names = "--batch-size",
      paramLabel = "N",
      description = "Windows of a step; default: ${DEFAULT-VALUE}.")
  private int batch = 16;

  @Option(
      names = "--steps",
      paramLabel = "N",
      description = "Measured training steps; default: ${DEFAULT-VALUE}.")
  private int steps = 20;

  @Option(
      names = "--tokens",
      paramLabel = "N",
      description = "Tokens to write, 0 for none; default: ${DEFAULT-VALUE}.")
  private int tokens = 500;

  @Mixin private final JsonOption json = new JsonOption();

  @Override
  public Integer call() {
    BenchCommand.atLeastOne("--batch-size", batch);
    BenchCommand.atLeastOne("--steps", steps);
    var shape = new LanguageBench.Shape(vocabulary, context, width, depth, heads);
    var result =
        LanguageBench.run(
            shape, device.device(), precision.on(device.device()), batch, steps, tokens);
    System.out.print(result.table());
    json.print(result);
    return 0;
  }
}
