package org.kat4j.train;

import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.kat4j.error.DivergedException;
import org.kat4j.error.UserException;
import org.kat4j.kernel.Kernels;
import org.kat4j.model.Model;
import org.kat4j.model.Transfer;
import org.kat4j.model.Weights;
import org.kat4j.task.Scores;
import org.kat4j.task.Task;
import org.kat4j.torch.AtomicFile;
import org.kat4j.torch.Host;
import org.kat4j.torch.StateDict;

/**
 * A run: the training {@link Loop} with a folder, where it leaves checkpoints, a log and events,
 * and goes on after it was stopped or killed.
 *
 * <p>A run is determined by its configuration: same configuration, same device, same threads = same
 * weights, also when it was killed and continued in between.
 *
 * <p>It owns its model: closing it frees weights, average and the optimizer's state.
 */
public final class Trainer implements AutoCloseable {
  private static final double PROGRESS_SECONDS = 0.2;

  /**
   * How a run ended.
   *
   * @param validation scores of the last weights on the validation samples
   * @param test of the last weights on the test samples; the same scores unless validation samples
   *     were held out, and then null where the run was stopped early
   * @param parameters trainable numbers
   * @param seconds time spent, all processes of the run together
   * @param finished false when it was stopped early
   */
  public record Result(
      Scores validation, @Nullable Scores test, long parameters, double seconds, boolean finished) {
    /** The figures to show: of the test samples, or where these were not looked at, validation. */
    public Scores shown() {
      return test == null ? validation : test;
    }
  }

  private final TrainConfig config;
  private final RunFolder folder;
  private final Task<?> task;
  private final Loop<?> loop;
  private final Checkpoints checkpoints;
  private final MetricsLog log;
  private final RunEvents events;

  private @Nullable RunLock lock;
  private @Nullable Scores lastScores;
  private volatile boolean stopRequested;
  private long lastUpdate = Long.MAX_VALUE;
  private long lastProgressNanos;
  private long lastCheckpointNanos;

  private Trainer(TrainConfig config, RunFolder folder, Task<?> task) {
    this.config = config;
    this.folder = folder;
    this.task = task;
    loop = new Loop<>(config, task, new Divergence(folder));
    checkpoints = new Checkpoints(folder, config, loop, task);
    log = new MetricsLog(folder.metrics());
    events = new RunEvents(folder.events());
  }

  /** A new run; its folder is made once everything else is known to be sound. */
  public static Trainer start(TrainConfig config, RunFolder folder, Task<?> task) {
    Trainer trainer = new Trainer(config, folder, task);
    return trainer.orClosed(() -> {
      trainer.loop.initialise();
      trainer.lock = folder.create(config);
    });
  }

  /**
   * The run of a folder from its last checkpoint, or from the start where there is none yet.
   *
   * @throws UserException where another process trains, a checkpoint is damaged or gone, or the
   *     configuration or the data are others than those it was made with
   */
  public static Trainer resume(RunFolder folder, Task<?> task) {
    RunLock lock = RunLock.take(folder.path());
    try {
      folder.removeLeftovers();
      TrainConfig config = folder.readConfig();
      if (!config.fittedTo(task).model().equals(config.model())) {
        throw new UserException(
            "the model of %s does not fit these data any more (%s)"
                .formatted(folder.config(), task.describe()));
      }
      Trainer trainer = new Trainer(config, folder, task);
      return trainer.orClosed(() -> {
        trainer.lock = lock;
        if (!trainer.checkpoints.restore()) {
          trainer.loop.initialise();
        }
        trainer.log.keepFirst(trainer.loop.epochs());
      });
    } catch (IOException failed) {
      lock.close();
      throw new UserException(folder.path() + ": " + AtomicFile.reason(failed), failed);
    } catch (RuntimeException failed) {
      lock.close();
      throw failed;
    }
  }

  /** Itself, once it is ready; what it owns is freed where that fails. */
  private Trainer orClosed(Runnable preparation) {
    try {
      preparation.run();
      return this;
    } catch (RuntimeException failed) {
      close();
      throw failed;
    }
  }

  /** The model that is evaluated and kept: the moving average of the weights where one is kept. */
  public Model model() {
    return loop.model();
  }

  /** What was taken over from the weights to start from, where there were any. */
  public Optional<Transfer> transfer() {
    return loop.transfer();
  }

  /** What a user should know of how a resumed run goes on, a line each. */
  public List<String> notes() {
    return checkpoints.notes();
  }

  /** The model in a few words. */
  public String describeModel() {
    Model.Spec spec = loop.model().spec();
    return String.format(
        Locale.ROOT,
        "%,d parameters, %.1f million multiply-adds a sample, %s",
        StateDict.parameterCount(loop.trained()),
        spec.macs() / 1e6,
        spec.signature().describe());
  }

  /** Device, threads and kernels in a few words. */
  public String describeMachine() {
    return "%s, %d threads, %s kernels"
        .formatted(loop.device(), Host.threads(), Kernels.describe(loop.device()));
  }

  public TrainConfig config() {
    return config;
  }

  /**
   * Ends the run after the batch in progress, with a checkpoint to go on from. May be called from
   * any thread.
   */
  public void stop() {
    stopRequested = true;
  }

  /** Ends the run like {@link #stop} once this many more updates are done: for a dry run. */
  public void stopAfter(long updates) {
    lastUpdate = loop.position().update() + updates;
  }

  /** Trains until the last epoch is evaluated or {@link #stop()} is called. */
  public Result run(Monitor monitor) {
    try {
      return train(monitor);
    } finally {
      endRun();
    }
  }

  private Result train(Monitor monitor) {
    if (loop.position().equals(Checkpoint.START)) {
      events.pictures(task);
    }
    lastCheckpointNanos = System.nanoTime();
    if (!loop.run(following(monitor))) {
      return stopped();
    }
    boolean best = config.keep() == TrainConfig.Keep.BEST;
    Scores validation = lastScores == null || best ? loop.validate() : lastScores;
    if (best) {
      write(); // the last checkpoint is what a run is used by
    }
    return result(validation, task.hasTest() ? loop.test() : validation, true);
  }

  private Result result(Scores validation, @Nullable Scores test, boolean finished) {
    long parameters = StateDict.parameterCount(loop.trained());
    return new Result(validation, test, parameters, loop.pace().seconds(), finished);
  }

  /** Saves at once, since whoever stops a run may not wait for the evaluation. */
  private Result stopped() {
    save();
    try {
      Scores now = loop.validate();
      return result(now, task.hasTest() ? null : now, false);
    } catch (DivergedException dead) {
      checkpoints.takeBack();
      throw dead;
    }
  }

  /** Stops, saves and reports within an epoch. */
  private Loop.Listener following(Monitor monitor) {
    return new Loop.Listener() {
      @Override
      public boolean goesOn() {
        if (stopRequested || loop.position().update() >= lastUpdate) {
          return false;
        }
        if (secondsSince(lastCheckpointNanos) > config.checkpointSeconds()) {
          loop.pace().aside(Trainer.this::save);
        }
        return true;
      }

      @Override
      public void batchDone() {
        report(monitor);
      }

      @Override
      public void evaluated(Monitor.EpochResult result) {
        if (!Files.exists(folder.last())) {
          write(); // best weights and a line of the log without a checkpoint could not go on
        }
        if (result.best()) {
          saveBest(result);
        }
      }

      @Override
      public void epochDone(Monitor.EpochResult result) {
        lastScores = result.scores();
        log.append(result);
        events.epoch(result, loop.model());
        write();
        monitor.epoch(result);
      }
    };
  }

  private void saveBest(Monitor.EpochResult result) {
    Map<String, String> metadata = Checkpoints.meaning(config, task);
    metadata.put("epoch", Integer.toString(result.epoch()));
    metadata.put(task.primary().name(), Double.toString(result.scores().of(task.primary())));
    Weights.save(folder.best(), loop.model(), metadata);
  }

  /** A checkpoint, unless the weights came to nothing. */
  private void save() {
    if (loop.position().trained() > 0) {
      double _ = loop.meanLoss();
    }
    loop.checkSound();
    write();
  }

  private void write() {
    checkpoints.save(loop.mark());
    lastCheckpointNanos = System.nanoTime();
  }

  private void report(Monitor monitor) {
    Checkpoint position = loop.position();
    if (secondsSince(lastProgressNanos) < PROGRESS_SECONDS || position.trained() == 0) {
      return; // reading the loss makes the host wait for the device
    }
    lastProgressNanos = System.nanoTime();
    double loss = loop.meanLoss();
    double samplesPerSecond = loop.pace().samplesPerSecond();
    double rate = loop.learningRate(Math.max(0, position.update() - 1));
    events.progress(position.update(), loss, rate, samplesPerSecond, task.unit());
    int epochs = config.schedule().totalEpochs();
    monitor.progress(
        new Monitor.Progress(
            position.epoch() + 1,
            epochs,
            position.batch(),
            loop.batches(),
            loss,
            samplesPerSecond,
            loop.pace().secondsLeft(loop.unitsLeft(), epochs - position.epoch())));
  }

  private static double secondsSince(long nanos) {
    return (System.nanoTime() - nanos) / 1e9;
  }

  /** Others may train in the folder now; the model is still there. */
  private void endRun() {
    loop.end();
    events.close();
    if (lock != null) {
      lock.close();
    }
  }

  /** Frees the model and all that belongs to its training. */
  @Override
  public void close() {
    endRun();
    loop.close();
  }
}
