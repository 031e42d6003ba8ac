package org.kat4j.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.kat4j.data.ImageFiles;
import org.kat4j.error.OneLine;
import org.kat4j.error.UserException;
import org.kat4j.task.image.Classifier;
import org.kat4j.task.image.Prediction;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code kat4j predict}. */
@Command(
    name = "predict",
    mixinStandardHelpOptions = true,
    description = {
      "Names the most probable classes of images.",
      "A broken image is named and left out; the exit code is then 2."
    })
final class PredictCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();
  @Mixin private final WeightsOptions weights = new WeightsOptions();
  @Mixin private final PrecisionOption precision = new PrecisionOption();

  @Option(
      names = "--top",
      paramLabel = "N",
      defaultValue = "3",
      description = "How many classes; default: ${DEFAULT-VALUE}.")
  private int top = 3;

  @Parameters(
      paramLabel = "IMAGE",
      arity = "1..*",
      description = "PNG, JPEG or WebP files, or folders of them.")
  private List<Path> images = new ArrayList<>();

  @Mixin private final JsonOption json = new JsonOption();

  /** What {@code --json} prints for one image. */
  private record Summary(String image, String label, double probability) {}

  @Override
  public Integer call() {
    if (top < 1) {
      throw new UserException("--top " + top + ": at least 1");
    }
    Classifier classifier = weights.classifier(precision.on(weights.device()));
    boolean broken = false;
    for (Path image : ImageFiles.of(images)) {
      float[] pixels;
      try {
        pixels = classifier.pixels(image);
      } catch (UserException mistake) {
        spec.commandLine().getErr().println("kat4j: " + mistake.getMessage());
        broken = true;
        continue;
      }
      double[] probabilities = classifier.probabilities(List.of(pixels)).getFirst();
      List<Prediction> best = classifier.best(probabilities, top);
      System.out.println(OneLine.of(image.toString()));
      for (Prediction prediction : best) {
        System.out.printf(
            Locale.ROOT,
            "  %6.2f %%  %s%n",
            100 * prediction.probability(),
            OneLine.of(prediction.label()));
      }
      json.print(
          new Summary(image.toString(), best.getFirst().label(), best.getFirst().probability()));
    }
    return broken ? Main.USER_MISTAKE : 0;
  }
}
