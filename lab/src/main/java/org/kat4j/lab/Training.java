package org.kat4j.lab;

import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import org.kat4j.config.Config;
import org.kat4j.config.Records;
import org.kat4j.data.Batch;
import org.kat4j.model.Model;
import org.kat4j.optim.AdamW;
import org.kat4j.task.Task;
import org.kat4j.task.row.RowTask;
import org.kat4j.train.Decay;
import org.kat4j.train.Loop;
import org.kat4j.train.MetricsLog;
import org.kat4j.train.Monitor;
import org.kat4j.train.RunFolder;
import org.kat4j.train.Schedule;
import org.kat4j.train.TrainConfig;
import org.kat4j.train.Trainer;
import tools.jackson.databind.node.ObjectNode;

/**
 * How the arms of a study are trained: all alike, by the one training loop. A trial puts its arm's
 * model, its learning rate and its seed into the configuration.
 *
 * @param config of the loop; model, learning rate, seed and device are the trial's
 * @param resumable whether a trial that is stopped goes on from its checkpoint: for long ones
 */
public record Training(TrainConfig config, boolean resumable) {
  /** More samples than a batch has: all of them at once. */
  public static final int ALL = 1_000_000;

  private static final int POINTS = 25; // of a curve
  private static final List<String> OF_TRIAL =
      List.of("model", "seed", "device", "threads", "loaderThreads", "checkpointSeconds");

  /** Data that are split and scaled before anything is trained, the same for every trial. */
  public interface Data {
    /** Tells them from others. */
    String checksum();

    /** A task for one trial; test samples only where it is the last, see {@link Trial#last}. */
    Task<?> task(Trial trial);
  }

  /** Opens the data; called once. */
  @FunctionalInterface
  public interface Source {
    /**
     * @throws org.kat4j.error.UserException where they are missing
     */
    Data open(Workplace place);
  }

  /**
   * Adam in float32 on rows in memory.
   *
   * @param batch samples of an update, {@link #ALL} for all of them
   * @param decay of the learning rate, to 0 where it falls
   */
  public static Training adam(int epochs, int batch, Decay decay) {
    return new Training(
        Records.with(
            TrainConfig.example(),
            Map.of(
                "task",
                new RowTask.InMemory(),
                "optimizer",
                new AdamW.Spec(1e-3, 0, 0.9, 0.999, 1e-8),
                "schedule",
                new Schedule(epochs, 0, 0, 0, true, false, decay),
                "batchSize",
                batch,
                "dropLast",
                false,
                "clipNorm",
                0.0,
                "evaluateEvery",
                Math.ceilDiv(epochs, POINTS))),
        false);
  }

  /** The same with other values of some components of the configuration. */
  public Training with(Map<String, ?> values) {
    return new Training(Records.with(config, values), resumable);
  }

  /** Passes over the training samples. */
  public int epochs() {
    return config.schedule().epochs();
  }

  /** The opening of a study whose arms are {@link Model.Spec}s. */
  public Study.Opening on(Source source) {
    return place -> {
      Data data = source.open(place);
      return new Experiment(data.checksum() + "; " + text(), trial -> run(data, trial));
    };
  }

  /** All of the configuration that is not the trial's. */
  private String text() {
    ObjectNode tree = Config.tree(config);
    tree.remove(OF_TRIAL);
    return Config.toJson(tree);
  }

  /** The configuration of a trial. */
  public TrainConfig of(Trial trial, Task<?> task) {
    return Records.with(
        config.withRate(trial.rate()),
        Map.of(
            "model",
            ((Model.Spec) trial.arm().spec()).fittedTo(task.signature()),
            "seed",
            trial.seed(),
            "device",
            trial.place().device().toString()));
  }

  private Measured run(Data data, Trial trial) {
    try (Task<?> task = data.task(trial)) {
      return resumable ? inFolder(task, trial) : inMemory(task, trial);
    }
  }

  private <B extends Batch> Measured inMemory(Task<B> task, Trial trial) {
    Curve curve = new Curve(task.primary());
    try (Loop<B> loop = Loop.of(of(trial, task), task)) {
      loop.run(curve);
      return curve.measured(loop, trial);
    }
  }

  private Measured inFolder(Task<?> task, Trial trial) {
    RunFolder folder = new RunFolder(trial.folder());
    try (Trainer trainer =
        Files.exists(folder.config())
            ? Trainer.resume(folder, task)
            : Trainer.start(of(trial, task), folder, task)) {
      Trainer.Result result = trainer.run(Monitor.SILENT);
      Curve curve = new Curve(task.primary());
      MetricsLog.read(folder.metrics())
          .forEach(epoch ->
              curve.add(epoch.updates(), epoch.trainLoss(), epoch.score(task.primary().name())));
      double test = trial.last() ? result.shown().of(task.primary()) : Double.NaN;
      return curve.measured(test, result.seconds());
    }
  }
}
