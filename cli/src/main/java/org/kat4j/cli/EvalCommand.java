package org.kat4j.cli;

import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.kat4j.data.ImageData;
import org.kat4j.data.ImageSet;
import org.kat4j.error.UserException;
import org.kat4j.model.Model;
import org.kat4j.task.Evaluation;
import org.kat4j.torch.Precision;
import org.kat4j.train.RunFolder;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code kat4j eval}. */
@Command(
    name = "eval",
    mixinStandardHelpOptions = true,
    description =
        "Measures a trained model: top-1, top-5, loss and confusion matrix on the second split of a data set.")
final class EvalCommand implements Callable<Integer> {
  @Mixin private final WeightsOptions weights = new WeightsOptions();
  @Mixin private final PrecisionOption precision = new PrecisionOption();

  @Option(
      names = "--data",
      paramLabel = "NAME|DIR",
      description = "Data set; default: the run's own.")
  private @Nullable String data;

  @Mixin private final DataOptions dataOptions = new DataOptions();
  @Mixin private final JsonOption json = new JsonOption();

  /** What {@code --json} prints. */
  private record Summary(double top1, double balancedTop1, double top5, double loss, int images) {}

  @Override
  public Integer call() {
    Precision arithmetic = precision.on(weights.device());
    Model model = weights.load();
    ImageSet images = open(model.spec()).validation();
    Model.Spec spec = model.spec();
    List<String> names = images.classNames();
    if (names.size() != spec.classes()
        || images.channels() != spec.channels()
        || images.height() != spec.imageSize()) {
      throw new UserException(
          "the model takes %d classes of %d x %d x %d images, the data have %d classes of %d x %d x %d"
              .formatted(
                  spec.classes(),
                  spec.channels(),
                  spec.imageSize(),
                  spec.imageSize(),
                  names.size(),
                  images.channels(),
                  images.height(),
                  images.width()));
    }
    Evaluation evaluation;
    try (var _ = arithmetic.on(weights.device())) {
      evaluation = Evaluation.of(model, images);
    }
    evaluation.requireNumbers();
    System.out.print(ResultTable.of(evaluation, names));
    json.print(
        new Summary(
            evaluation.top1(),
            evaluation.balancedTop1(),
            evaluation.top5(),
            evaluation.loss(),
            images.size()));
    return 0;
  }

  private ImageData open(Model.Spec spec) {
    if (data != null) {
      ImageData images = dataOptions.open(data, spec.imageSize(), weights.transform());
      return weights
          .normalization()
          .filter(n -> n.mean().length == images.train().channels())
          .map(images::normalized)
          .orElse(images);
    }
    RunFolder run = weights.run();
    if (run == null) {
      throw new UserException("--weights needs --data NAME: which images to measure on");
    }
    return dataOptions.open(run.readConfig().data());
  }
}
