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
import org.kat4j.data.ImageSet;
import org.kat4j.data.Normalization;
import org.kat4j.error.UserException;
import org.kat4j.explain.report.Report;
import org.kat4j.explain.report.Run;
import org.kat4j.model.ImageModel;
import org.kat4j.model.Model;
import org.kat4j.model.WeightsFile;
import org.kat4j.task.Task;
import org.kat4j.task.image.ImageClassification;
import org.kat4j.task.image.InputDescription;
import org.kat4j.train.FineTuning;
import org.kat4j.train.RunFolder;
import org.kat4j.train.TrainConfig;
import org.kat4j.train.Trainer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tools.jackson.databind.JsonNode;
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
      String measuredOn, double seconds, long parameters, String run, boolean finished) {}

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
    override(tree, "task.data.name", data == null ? null : DataOptions.portable(data));
    override(tree, "schedule.epochs", epochs);
    override(tree, "batchSize", batchSize);
    override(tree, "seed", seed);
    override(tree, "device", device);
    fineTuning(tree);
    assignments.forEach(assignment -> Config.set(tree, assignment));
    String source = config == null ? "configuration" : config.toString();
    TrainConfig bound = TrainConfig.bind(tree, source);
    try (Task<?> task = normalized(dataOptions.open(bound), tree, bound)) {
      TrainConfig fitted = TrainConfig.bind(tree, source).fittedTo(task);
      Path path = out == null ? defaultFolder(bound) : out;
      try (Trainer trainer = Trainer.start(fitted, new RunFolder(path), task)) {
        return train(trainer, task, path);
      }
    }
  }

  /** Images to start from given weights are normalised as these were trained. */
  private static Task<?> normalized(Task<?> task, ObjectNode tree, TrainConfig bound) {
    if (task instanceof ImageClassification images
        && !tree.path("task").path("data").has("normalization")) {
      Optional<Normalization> weights = normalizationOf(bound.fineTuning(), images.train());
      if (weights.isPresent()) {
        override(tree, "task.data.normalization", weights.get().text());
        return images.normalized(weights.get());
      }
    }
    return task;
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
      JsonNode images = tree.path("task").path("data");
      if (spec instanceof ImageModel.Spec model
          && !images.has("imageSize")
          && Files.isDirectory(Path.of(images.path("name").asString("")))) {
        override(tree, "task.data.imageSize", model.signature().height());
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
    return Path.of(
        "runs", (model == null ? "kat" : model) + "-" + bound.task().name() + "-" + time);
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
    try (Task<?> task = dataOptions.open(begun);
        Trainer trainer = Trainer.resume(folder, task)) {
      trainer.notes().forEach(note -> System.out.println("resume " + note));
      return train(trainer, task, out);
    }
  }

  private Integer train(Trainer trainer, Task<?> task, Path path) {
    TrainConfig c = trainer.config();
    System.out.printf("data   %s%n", task.describe());
    System.out.printf(Locale.ROOT, "model  %s%n", trainer.describeModel());
    trainer
        .transfer()
        .ifPresent(t ->
            System.out.printf(
                "init   %s: %s%s%n", c.fineTuning().init(), t.describe(), normalizedBy(task)));
    System.out.printf(
        "run    %s, %d epochs, seed %d, %s%n",
        path, c.schedule().totalEpochs(), c.seed(), trainer.describeMachine());
    if (steps != null) {
      trainer.stopAfter(steps);
    }
    Trainer.Result result = runUntilInterrupted(trainer, task.unit());
    if (!result.finished()) {
      System.out.printf("stopped; kat4j train --resume --out %s goes on%n", path);
    }
    System.out.print(ResultTable.of(result, path));
    if (result.finished() && !noReport) {
      report(task, path);
    }
    json.print(
        result.shown(),
        new Summary(
            result.test() == null ? "validation" : "test",
            result.seconds(),
            result.parameters(),
            path.toString(),
            result.finished()));
    return 0;
  }

  private static String normalizedBy(Task<?> task) {
    return task instanceof ImageClassification images
        ? "; inputs normalised by " + images.train().normalization()
        : "";
  }

  /** A run is done whether or not a page can be made of it. */
  private static void report(Task<?> task, Path path) {
    try {
      Run run = Run.open(path);
      Report.of(List.of(run), config -> task).write(run.folder().report());
      System.out.printf("%-12s %s%n", "report", run.folder().report());
    } catch (RuntimeException failure) {
      System.err.println("kat4j: no report was written: " + failure.getMessage());
    }
  }

  /** Ctrl-C and termination end the run with a checkpoint. */
  private static Trainer.Result runUntilInterrupted(Trainer trainer, String unit) {
    return Interruption.stops(
        trainer::stop, () -> trainer.run(new ConsoleMonitor(System.out, unit)));
  }
}
