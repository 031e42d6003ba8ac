package org.kat4j.lab.image;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.kat4j.augment.Augmentation;
import org.kat4j.augment.Mixing;
import org.kat4j.data.ImageData;
import org.kat4j.data.ImageSet;
import org.kat4j.data.ImageSources;
import org.kat4j.data.RandomStream;
import org.kat4j.data.Subset;
import org.kat4j.error.UserException;
import org.kat4j.lab.Arm;
import org.kat4j.lab.Checksum;
import org.kat4j.lab.Experiment;
import org.kat4j.lab.Measured;
import org.kat4j.lab.Study;
import org.kat4j.lab.Trial;
import org.kat4j.lab.Workplace;
import org.kat4j.model.Model;
import org.kat4j.model.Registered;
import org.kat4j.optim.AdamW;
import org.kat4j.optim.Ema;
import org.kat4j.optim.GradientClip;
import org.kat4j.task.image.Evaluation;
import org.kat4j.task.image.ImageClassification;
import org.kat4j.task.image.ImageMeter;
import org.kat4j.task.image.ImageSelection;
import org.kat4j.task.image.Loss;
import org.kat4j.torch.Precision;
import org.kat4j.train.FineTuning;
import org.kat4j.train.MetricsLog;
import org.kat4j.train.Monitor;
import org.kat4j.train.RunFolder;
import org.kat4j.train.Schedule;
import org.kat4j.train.TrainConfig;
import org.kat4j.train.Trainer;

/**
 * Trains image models with kat4j's own training loop: AdamW, a warm-up epoch, a cosine. A trial
 * that is stopped goes on from its checkpoint.
 *
 * @param set name of the images
 * @param train images to learn from, drawn from the training set
 * @param validation other training images to choose by
 * @param test first images of the test set, to judge by
 * @param epochs passes
 * @param batch images of an update
 * @param augmentation what happens to training images
 */
public record Training(
    String set,
    int train,
    int validation,
    int test,
    int epochs,
    int batch,
    Augmentation augmentation) {
  private static final long SPLIT_SEED = 9;

  /** The three parts; the training loop never sees the test images. */
  private record Images(ImageData fit, ImageSet test) {
    /** Of all pixels and classes, wherever they lie. */
    String checksum() {
      Checksum checksum = new Checksum();
      for (ImageSet set : List.of(fit.train(), fit.validation(), test)) {
        byte[] pixels = new byte[set.channels() * set.height() * set.width()];
        for (int i = 0; i < set.size(); i++) {
          set.read(i, pixels, 0);
          checksum.add(pixels).add(new int[] {set.label(i)});
        }
      }
      return "sha256 " + checksum.digits();
    }
  }

  /** A model as an arm of a study. */
  public static Arm arm(String name, String what, Model.Spec spec) {
    return new Arm(name, what, (Record) spec, Registered.parameterCount(spec), 2.0 * spec.macs());
  }

  /** The opening of a study whose arms are {@link Model.Spec}s. */
  public Study.Opening opening() {
    return place -> {
      Images images = open(place);
      String determinedBy = this + "; " + images.checksum() + "; split " + SPLIT_SEED;
      return new Experiment(determinedBy, trial -> run(images, trial));
    };
  }

  private Images open(Workplace place) {
    ImageData data = ImageSources.open(set, place.dataRoot(), null);
    int there = data.train().size();
    if (train + validation > there) {
      throw new UserException(
          "%s has %,d training images, this budget needs %,d: take a smaller budget, or put the whole set under --data-root"
              .formatted(data.description(), there, train + validation));
    }
    int[] order = RandomStream.of(SPLIT_SEED).permutation(there);
    ImageSet learned = new Subset(data.train(), slice(order, 0, train));
    ImageSet chosenBy = new Subset(data.train(), slice(order, train, validation));
    ImageSet judgedBy = Subset.first(data.validation(), Math.min(test, data.validation().size()));
    return new Images(new ImageData(set, learned, chosenBy, data.description()), judgedBy);
  }

  private static int[] slice(int[] order, int from, int count) {
    return IntStream.range(from, from + count).map(i -> order[i]).toArray();
  }

  private Measured run(Images images, Trial trial) {
    RunFolder folder = new RunFolder(trial.folder());
    try (Trainer trainer =
        Files.exists(folder.config())
            ? Trainer.resume(folder, task(images, trial))
            : Trainer.start(
                config(trial).fittedTo(task(images, trial)), folder, task(images, trial))) {
      Trainer.Result result = trainer.run(Monitor.SILENT);
      double test = trial.last() ? Evaluation.of(trainer.model(), images.test).top1() : Double.NaN;
      List<Measured.Point> curve = curve(folder.metrics());
      long steps = curve.isEmpty() ? 0 : curve.getLast().step();
      return new Measured(
          result.validation().of(ImageMeter.TOP1), test, steps, result.seconds(), curve, Map.of());
    }
  }

  private ImageClassification task(Images images, Trial trial) {
    return new ImageClassification(spec(), images.fit, trial.seed());
  }

  private ImageClassification.Spec spec() {
    return new ImageClassification.Spec(
        ImageSelection.of(set), augmentation, Mixing.NONE, new Loss.CrossEntropy(), 0);
  }

  private TrainConfig config(Trial trial) {
    return new TrainConfig(
        (Model.Spec) trial.arm().spec(),
        spec(),
        new AdamW.Spec(trial.rate(), 0.05, 0.9, 0.999, 1e-8),
        1,
        new Schedule(epochs, Math.min(1, epochs / 4.0), 1e-6, 1e-5, true),
        batch,
        true,
        1,
        1,
        GradientClip.NORM,
        Ema.Spec.NONE,
        0,
        TrainConfig.Keep.LAST,
        1,
        trial.seed(),
        trial.place().device().toString(),
        Precision.FLOAT32,
        0,
        0,
        60,
        FineTuning.NONE);
  }

  /** From the run's log, so that epochs before an interruption are there too. */
  private static List<Measured.Point> curve(Path metrics) {
    return MetricsLog.read(metrics).stream()
        .map(epoch -> new Measured.Point(epoch.updates(), epoch.trainLoss(), epoch.score("top1")))
        .toList();
  }
}
