package org.kat4j.cli;

import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.kat4j.data.Batch;
import org.kat4j.data.Feed;
import org.kat4j.data.ImageData;
import org.kat4j.data.ImageSet;
import org.kat4j.error.UserException;
import org.kat4j.model.ImageModel;
import org.kat4j.model.Model;
import org.kat4j.model.Signature;
import org.kat4j.task.Scores;
import org.kat4j.task.Task;
import org.kat4j.task.image.Evaluation;
import org.kat4j.task.image.ImageClassification;
import org.kat4j.torch.Precision;
import org.kat4j.train.RunFolder;
import org.kat4j.train.TrainConfig;
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

  /** What {@code --json} prints besides the scores. */
  private record Images(double balancedTop1, int images) {}

  private record Samples(int samples) {}

  @Override
  public Integer call() {
    Precision arithmetic = precision.on(weights.device());
    try (Model model = weights.load()) {
      RunFolder run = weights.run();
      if (data != null) {
        ImageModel images = ImageModel.of(model);
        return images(images, open(data, images.spec().signature()).validation(), arithmetic);
      }
      if (run == null) {
        throw new UserException("--weights needs --data NAME: which images to measure on");
      }
      TrainConfig config = run.readConfig();
      try (Task<?> task = dataOptions.open(config)) {
        return task instanceof ImageClassification images
            ? images(ImageModel.of(model), images.judgedBy(), arithmetic)
            : samples(model, task, config.batchSize(), arithmetic);
      }
    }
  }

  private <B extends Batch> Integer samples(
      Model model, Task<B> task, int batchSize, Precision arithmetic) {
    Feed<B> feed = task.test(batchSize);
    Scores scores;
    try (var _ = arithmetic.on(weights.device())) {
      scores = Scores.measured(feed, task.of(model).meter(), weights.device());
    }
    scores.requireNumbers();
    System.out.print(ResultTable.of(scores));
    json.print(scores, new Samples(feed.samples()));
    return 0;
  }

  private Integer images(ImageModel model, ImageSet images, Precision arithmetic) {
    Signature.Images taken = model.spec().signature();
    List<String> names = images.classNames();
    var given =
        new Signature.Images(images.channels(), images.height(), images.width(), names.size());
    if (!taken.equals(given)) {
      throw new UserException(
          "the model takes %s, the data have %s".formatted(taken.describe(), given.describe()));
    }
    Scores scores;
    try (var _ = arithmetic.on(weights.device())) {
      scores = Evaluation.scores(model, images, Evaluation.usualBatch(images));
    }
    scores.requireNumbers();
    Evaluation evaluation = Evaluation.of(scores);
    System.out.print(ResultTable.of(evaluation, names));
    json.print(scores, new Images(evaluation.balancedTop1(), images.size()));
    return 0;
  }

  private ImageData open(String name, Signature.Images shape) {
    ImageData images = dataOptions.open(name, shape.height(), weights.transform());
    return weights
        .normalization()
        .filter(n -> n.mean().length == images.train().channels())
        .map(images::normalized)
        .orElse(images);
  }
}
