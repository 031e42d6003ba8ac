package org.kat4j.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.kat4j.config.Config;
import org.kat4j.data.ImageData;
import org.kat4j.data.ImageSet;
import org.kat4j.data.Normalization;
import org.kat4j.error.OneLine;
import org.kat4j.error.UserException;
import org.kat4j.explain.report.Report;
import org.kat4j.explain.report.Run;
import org.kat4j.model.Model;
import org.kat4j.model.WeightsFile;
import org.kat4j.task.InputDescription;
import org.kat4j.train.FineTuning;
import org.kat4j.train.RunFolder;
import org.kat4j.train.TrainConfig;
import org.kat4j.train.Trainer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** {@code kat4j train}. */
@Command(
    name = "train",
    mixinStandardHelpOptions = true,
    description = {
      "Trains a model and leaves a run folder.",
      "Without options: a small KAT on the embedded strokes, about a minute on 2 cores."
    })
final class TrainCommand implements Callable<Integer> {

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "YAML file; options below override it.")
  private @Nullable Path config;

  @Option(
      names = "--model",
      paramLabel = "NAME",
      description = "A registered model: see 'kat4j models'.")
  private @Nullable String model;

  @Option(
      names = "--data",
      paramLabel = "NAME|DIR",
      description =
          "strokes, mnist, fashion-mnist, cifar10, or a folder with train/CLASS/* and val/CLASS/*, or with tar shards.")
  private @Nullable String data;

  @Mixin private final DataOptions dataOptions = new DataOptions();

  @Option(names = "--epochs", paramLabel = "N", description = "Passes over the training images.")
  private @Nullable Integer epochs;

  @Option(names = "--batch-size", paramLabel = "N", description = "Images of a batch.")
  private @Nullable Integer batchSize;

  @Option(names = "--seed", paramLabel = "N", description = "Seed of everything random.")
  private @Nullable Long seed;

  @Option(names = "--device", paramLabel = "NAME", description = "cpu, cuda or cuda:N.")
  private @Nullable String device;

  @Option(
      names = "--init",
      paramLabel = "FILE",
      description =
          "Weights to start from, as --weights of other commands; the model too, unless one is named.")
  private @Nullable String init;

  @Option(
      names = "--take",
      paramLabel = "NAME",
      description = "Dictionary of a PyTorch checkpoint to start from, as convert --take.")
  private @Nullable String take;

  @Option(
      names = "--freeze",
      paramLabel = "PATTERN",
      description =
          "Regular expression of the parameters that stay, such as 'blocks\\.[0-9]\\..*'.")
  private @Nullable String freeze;

  @Option(
      names = "--lr-scale",
      paramLabel = "PATTERN=FACTOR",
      description = "Other learning rate for parameters, such as 'head.*=10'; may be repeated.")
  private List<String> lrScale = new ArrayList<>();

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description = "Any key of config.yaml, for example optimizer.lr=5e-4.")
  private List<String> assignments = new ArrayList<>();

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "Run folder; default: runs/MODEL-DATA-TIME.")
  private @Nullable Path out;

  @Option(
      names = "--steps",
      paramLabel = "N",
      description = "Dry run: stop after N updates, evaluate, leave a run that can go on.")
  private @Nullable Long steps;

  @Option(names = "--no-report", description = "Do not write report.html at the end.")
  private boolean noReport;

  @Option(names = "--resume", description = "Go on with the run in --out from its last checkpoint.")
  private boolean resume;

  @Mixin private final JsonOption json = new JsonOption();

  /** What {@code --json} prints. */
  private record Summary(
      double top1,
      double top5,
      double loss,
      String measuredOn,
      double seconds,
      long parameters,
      String run,
      boolean finished) {}

  @Override
  public Integer call() {
    if (steps != null && steps < 1) {
      throw new UserException("--steps " + steps + ": at least 1");
    }
    if (resume) {
      return resume();
    }
    ObjectNode tree =
        config == null ? JsonNodeFactory.instance.objectNode() : Config.readTree(config);
    override(tree, "model", model);
    override(tree, "data.name", data == null ? null : DataOptions.portable(data));
    override(tree, "schedule.epochs", epochs);
    override(tree, "batchSize", batchSize);
    override(tree, "seed", seed);
    override(tree, "device", device);
    fineTuning(tree);
    assignments.forEach(assignment -> Config.set(tree, assignment));
    String source = config == null ? "configuration" : config.toString();
    TrainConfig bound = Config.bind(tree, TrainConfig.example(), source);
    ImageData images = dataOptions.open(bound.data());
    Optional<Normalization> weights =
        tree.path("data").has("normalization")
            ? Optional.empty()
            : normalizationOf(bound.fineTuning(), images.train());
    if (weights.isPresent()) {
      override(tree, "data.normalization", weights.get().text());
      bound = Config.bind(tree, TrainConfig.example(), source);
      images = images.normalized(weights.get());
    }
    TrainConfig fitted = bound.fittedTo(images);
    Path path = out == null ? defaultFolder(bound) : out;
    try (Trainer trainer = Trainer.start(fitted, new RunFolder(path), images)) {
      return train(trainer, images, path);
    }
  }

  /** Puts an option in its place, not by way of YAML: a name may look like anything. */
  private static void override(ObjectNode tree, String key, @Nullable Object value) {
    JsonNodeFactory nodes = JsonNodeFactory.instance;
    switch (value) {
      case null -> {}
      case Number number -> Config.put(tree, key, nodes.numberNode(number.longValue()));
      default -> Config.put(tree, key, nodes.stringNode(value.toString()));
    }
  }

  private void fineTuning(ObjectNode tree) {
    ObjectNode keys =
        tree.get("fineTuning") instanceof ObjectNode given ? given : tree.putObject("fineTuning");
    if (take != null) {
      keys.put("take", take);
    }
    if (freeze != null) {
      keys.put("freeze", freeze);
    }
    if (!lrScale.isEmpty()) {
      keys.put("lrScale", String.join(" ", lrScale));
    }
    if (init != null) {
      Path weights = WeightsOptions.located(init).toAbsolutePath().normalize();
      keys.put("init", weights.toString());
      if (!tree.has("model")) {
        modelOf(weights, tree);
      }
    }
  }

  /** The model of the weights, and its image size for images of any size. */
  private void modelOf(Path weights, ObjectNode tree) {
    try (WeightsFile opened = WeightsFile.open(weights, null, take == null ? "" : take)) {
      Model.Spec spec = opened.spec();
      tree.set("model", Config.parse(Config.toJson((Record) spec), weights.toString()));
      String images = tree.path("data").path("name").asString("");
      if (!tree.path("data").has("imageSize") && Files.isDirectory(Path.of(images))) {
        override(tree, "data.imageSize", spec.imageSize());
      }
    }
  }

  /** How the inputs of the weights were normalised, where these say it and have such images. */
  private static Optional<Normalization> normalizationOf(FineTuning begun, ImageSet images) {
    if (begun.init().isEmpty()) {
      return Optional.empty();
    }
    try (WeightsFile opened = WeightsFile.open(Path.of(begun.init()), null, begun.take())) {
      return InputDescription.normalization(opened.metadata(), begun.init())
          .filter(n -> n.mean().length == images.channels());
    } catch (UserException undescribed) {
      return Optional.empty(); // whether they fit the model is seen when they are loaded
    }
  }

  private Path defaultFolder(TrainConfig bound) {
    String time = LocalDateTime.now().format(DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss"));
    String images = String.valueOf(Path.of(bound.data().name()).getFileName());
    return Path.of("runs", (model == null ? "kat" : model) + "-" + images + "-" + time);
  }

  private Integer resume() {
    if (out == null) {
      throw new UserException("--resume needs --out DIR, the folder of the run to go on with");
    }
    if (config != null
        || model != null
        || data != null
        || epochs != null
        || batchSize != null
        || seed != null
        || device != null
        || init != null
        || take != null
        || freeze != null
        || !lrScale.isEmpty()
        || !assignments.isEmpty()) {
      throw new UserException(
          "--resume goes on with the run's own configuration: leave the other options away");
    }
    RunFolder folder = RunFolder.open(out);
    TrainConfig begun = folder.readConfig();
    ImageData images = dataOptions.open(begun.data());
    try (Trainer trainer = Trainer.resume(folder, images)) {
      trainer.notes().forEach(note -> System.out.println("resume " + note));
      return train(trainer, images, out);
    }
  }

  private Integer train(Trainer trainer, ImageData images, Path path) {
    TrainConfig c = trainer.config();
    System.out.printf(
        "data   %s: %d training, %d validation images%n",
        OneLine.of(images.name()), images.train().size(), images.validation().size());
    System.out.printf(Locale.ROOT, "model  %s%n", trainer.describeModel());
    trainer
        .transfer()
        .ifPresent(t ->
            System.out.printf(
                "init   %s: %s; inputs normalised by %s%n",
                c.fineTuning().init(), t.describe(), images.train().normalization()));
    System.out.printf(
        "run    %s, %d epochs, seed %d, %s%n",
        path, c.schedule().totalEpochs(), c.seed(), trainer.describeMachine());
    if (steps != null) {
      trainer.stopAfter(steps);
    }
    Trainer.Result result = runUntilInterrupted(trainer);
    if (!result.finished()) {
      System.out.printf("stopped; kat4j train --resume --out %s goes on%n", path);
    }
    System.out.print(ResultTable.of(result, path));
    if (result.finished() && !noReport) {
      report(images, path);
    }
    json.print(
        new Summary(
            result.shown().top1(),
            result.shown().top5(),
            result.shown().loss(),
            result.test() == null ? "validation" : "test",
            result.seconds(),
            result.parameters(),
            path.toString(),
            result.finished()));
    return 0;
  }

  /** A run is done whether or not a page can be made of it. */
  private static void report(ImageData images, Path path) {
    try {
      Run run = Run.open(path);
      Report.of(List.of(run), data -> images).write(run.folder().report());
      System.out.printf("%-12s %s%n", "report", run.folder().report());
    } catch (RuntimeException failure) {
      System.err.println("kat4j: no report was written: " + failure.getMessage());
    }
  }

  /** Ctrl-C and termination end the run with a checkpoint. */
  private static Trainer.Result runUntilInterrupted(Trainer trainer) {
    return Interruption.stops(trainer::stop, () -> trainer.run(new ConsoleMonitor(System.out)));
  }
}
