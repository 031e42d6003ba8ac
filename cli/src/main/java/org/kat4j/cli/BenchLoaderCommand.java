package org.kat4j.cli;

import java.util.concurrent.Callable;
import org.kat4j.bench.LoaderBench;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code kat4j bench loader}. */
@Command(
    name = "loader",
    mixinStandardHelpOptions = true,
    description =
        "The image loader against the bare decoding of JPEGs and against what training takes.")
final class BenchLoaderCommand implements Callable<Integer> {
  @Option(
      names = "--rounds",
      defaultValue = "12",
      description = "Measured passes over 24 pictures; default: ${DEFAULT-VALUE}.")
  private int rounds;

  @Mixin private final JsonOption json = new JsonOption();

  /** What {@code --json} prints: medians in milliseconds an image on one thread, and rates. */
  private record Summary(
      double bareDecodeMs,
      double evaluationMs,
      double evaluationRatio,
      double cropFlipMs,
      double cropFlipRatio,
      double recipeMs,
      double recipeRatio,
      double trainingImagesPerSecond,
      double loaderImagesPerSecond,
      double loaderJpegImagesPerSecond) {}

  @Override
  public Integer call() {
    BenchCommand.atLeastOne("--rounds", rounds);
    LoaderBench.Result r = LoaderBench.run(rounds);
    System.out.println(r.table());
    json.print(
        new Summary(
            r.bare().median(),
            r.evaluation().time().median(),
            r.evaluation().ratio().median(),
            r.light().time().median(),
            r.light().ratio().median(),
            r.recipe().time().median(),
            r.recipe().ratio().median(),
            r.trainingRate(),
            r.smallRate(),
            r.smallJpegRate()));
    return 0;
  }
}
