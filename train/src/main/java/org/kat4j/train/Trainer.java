package org.kat4j.train;

import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.kat4j.data.Batch;
import org.kat4j.data.Batches;
import org.kat4j.data.ImageData;
import org.kat4j.data.ImageSet;
import org.kat4j.data.LastBatch;
import org.kat4j.data.Loader;
import org.kat4j.data.Loading;
import org.kat4j.data.Split;
import org.kat4j.error.DivergedException;
import org.kat4j.error.UserException;
import org.kat4j.kernel.Kernels;
import org.kat4j.model.Model;
import org.kat4j.model.Transfer;
import org.kat4j.model.Weights;
import org.kat4j.task.Evaluation;
import org.kat4j.task.InputDescription;
import org.kat4j.torch.AtomicFile;
import org.kat4j.torch.Context;
import org.kat4j.torch.DType;
import org.kat4j.torch.Device;
import org.kat4j.torch.Host;
import org.kat4j.torch.Losses;
import org.kat4j.torch.OutOfMemory;
import org.kat4j.torch.RandomStream;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;

/**
 * The training loop.
 *
 * <p>A run is determined by its configuration: same configuration, same device, same threads = same
 * weights, also when it was killed and continued in between.
 *
 * <p>It owns its model: closing it frees weights, average and the optimizer's state.
 */
public final class Trainer implements AutoCloseable {
  private static final double PROGRESS_SECONDS = 0.2;
  private static final long TRAINING_STREAM =
      0x9E3779B97F4A7C15L; // keeps drop path apart from the initial weights

  /**
   * How a run ended.
   *
   * @param evaluation of the last weights on the validation images
   * @param test of the last weights on the set's second split; the same evaluation unless images
   *     were held out, and then null where the run was stopped early
   * @param parameters trainable numbers
   * @param seconds time spent, all processes of the run together
   * @param finished false when it was stopped early
   */
  public record Result(
      Evaluation evaluation,
      @Nullable Evaluation test,
      long parameters,
      double seconds,
      boolean finished) {
    /** The figures to show: of the test images, or where these were not looked at, validation. */
    public Evaluation shown() {
      return test == null ? evaluation : test;
    }
  }

  private final TrainConfig config;
  private final RunFolder folder;
  private final ImageSet train;
  private final ImageSet validation;
  private final ImageSet test;
  private final Device device;
  private final Model model;
  private final WeightUpdate weights;
  private final LossGradient gradient;
  private final Loading loading;
  private final RandomStream random;
  private final Tensor lossSum; // float64 scalar: summed training loss of the epoch in progress
  private final Checkpoints checkpoints;
  private final Divergence divergence;
  private final MetricsLog log;
  private final RunEvents events;

  private @Nullable RunLock lock;
  private @Nullable Transfer transfer;
  private Checkpoint position;
  private Pace pace = new Pace(0);
  private volatile boolean stopRequested;
  private long lastUpdate = Long.MAX_VALUE;
  private long lastProgressNanos;
  private long lastCheckpointNanos;

  private Trainer(TrainConfig config, RunFolder folder, ImageData data) {
    this.config = config;
    this.folder = folder;
    double holdOut = config.data().holdOut();
    Split split =
        holdOut == 0
            ? new Split(data.train(), data.validation())
            : Split.holdOut(data.train(), holdOut, config.seed());
    train = split.train();
    validation = split.validation();
    test = data.validation();
    loading = Assembly.loading(config, train);
    Loader.checkMemory(train, config.batchSize());
    if (config.threads() > 0) {
      Host.setThreads(config.threads());
    }
    device = Device.parse(config.device());
    config.precision().requireOn(device);
    boolean fresh = config.fineTuning().init().isEmpty();
    @Nullable Model averaged;
    try (RandomStream initial = new RandomStream(config.seed())) {
      Context context = new Context(device, DType.FLOAT32, initial, 0, 1, true);
      model = Assembly.model(config.model(), fresh ? context : context.forOverwriting());
      averaged =
          config.ema().isEnabled()
              ? Assembly.model(config.model(), context.forOverwriting())
              : null;
    }
    weights = new WeightUpdate(config, model, averaged);
    random = new RandomStream(config.seed() ^ TRAINING_STREAM);
    gradient = new LossGradient(config, model, device, random, weights::scaled);
    lossSum = Losses.zeroSum(device);
    checkpoints = new Checkpoints(folder, config, weights, random, lossSum, train);
    divergence = new Divergence(folder);
    log = new MetricsLog(folder.metrics());
    events = new RunEvents(folder.events());
    position = Checkpoint.START;
  }

  /** A new run; its folder is made once everything else is known to be sound. */
  public static Trainer start(TrainConfig config, RunFolder folder, ImageData data) {
    Trainer trainer = new Trainer(config, folder, data);
    return trainer.orClosed(() -> {
      trainer.initialise();
      trainer.lock = folder.create(config);
    });
  }

  /**
   * The run of a folder from its last checkpoint, or from the start where there is none yet.
   *
   * @throws UserException where another process trains, a checkpoint is damaged or gone, or the
   *     configuration or the images are others than those it was made with
   */
  public static Trainer resume(RunFolder folder, ImageData data) {
    RunLock lock = RunLock.take(folder.path());
    try {
      folder.removeLeftovers();
      TrainConfig config = folder.readConfig();
      if (!config.fittedTo(data).model().equals(config.model())) {
        throw new UserException(
            "%s: the model of %s does not fit these images: %s were others when it was made"
                .formatted(data.name(), folder.config(), "their size, colours or classes"));
      }
      Trainer trainer = new Trainer(config, folder, data);
      return trainer.orClosed(() -> {
        trainer.lock = lock;
        Optional<Checkpoint> last = trainer.checkpoints.restore();
        last.ifPresentOrElse(there -> trainer.position = there, trainer::initialise);
        trainer.log.keepFirst(trainer.position.epoch());
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

  private void initialise() {
    if (!config.fineTuning().init().isEmpty()) {
      transfer = config.fineTuning().initialise(model);
    }
    weights.begin();
  }

  /** The model that is evaluated and kept: the moving average of the weights where one is kept. */
  public Model model() {
    return weights.result();
  }

  /** What was taken over from the weights to start from, where there were any. */
  public Optional<Transfer> transfer() {
    return Optional.ofNullable(transfer);
  }

  /** What a user should know of how a resumed run goes on, a line each. */
  public List<String> notes() {
    return checkpoints.notes();
  }

  /** The model in a few words. */
  public String describeModel() {
    Model.Spec spec = model.spec();
    return String.format(
        Locale.ROOT,
        "%,d parameters, %.1f million multiply-adds an image, input %d x %d x %d, %d classes",
        StateDict.parameterCount(model),
        spec.macs() / 1e6,
        spec.channels(),
        spec.imageSize(),
        spec.imageSize(),
        spec.classes());
  }

  /** Device, threads and kernels in a few words. */
  public String describeMachine() {
    return device + ", " + Host.threads() + " threads, " + Kernels.describe(device) + " kernels";
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
    lastUpdate = position.update() + updates;
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
    if (position.equals(Checkpoint.START)) {
      events.images(train);
    }
    pace = new Pace(position.seconds());
    lastCheckpointNanos = System.nanoTime();
    Evaluation evaluation = null;
    while (position.epoch() < config.schedule().totalEpochs()) {
      if (!trainEpoch(monitor)) {
        return stopped();
      }
      evaluation = finishEpoch(monitor);
    }
    if (evaluation == null) { // the run was complete before
      evaluation = evaluated(validation);
    }
    Evaluation onTest = validation == test ? evaluation : evaluated(test);
    return new Result(evaluation, onTest, StateDict.parameterCount(model), pace.seconds(), true);
  }

  /** Saves at once, since whoever stops a run may not wait for the evaluation. */
  private Result stopped() {
    save();
    try {
      Evaluation now = evaluated(validation);
      return new Result(
          now,
          validation == test ? now : null,
          StateDict.parameterCount(model),
          pace.seconds(),
          false);
    } catch (DivergedException dead) {
      checkpoints.takeBack();
      throw dead;
    }
  }

  private Evaluation evaluated(ImageSet images) {
    Evaluation evaluation =
        pace.evaluating(() -> Evaluation.of(weights.result(), images, config.batchSize()));
    divergence.finite("loss of the evaluation", evaluation.loss(), position.epoch());
    return evaluation;
  }

  private int batchesPerEpoch() {
    return loading.batches(train.size());
  }

  private long updatesPerEpoch() {
    return Math.ceilDiv(batchesPerEpoch(), config.accumulation());
  }

  /** The rest of the epoch in progress; false when it was stopped. */
  private boolean trainEpoch(Monitor monitor) {
    int batches = batchesPerEpoch();
    try (Batches epoch = Loader.epoch(train, loading, position.epoch(), position.batch())) {
      pace.startEpoch();
      while (position.batch() < batches) {
        // Gradients of a half accumulated update are not part of a checkpoint: stop between updates
        // only.
        boolean betweenUpdates = position.batch() % config.accumulation() == 0;
        if (betweenUpdates && (stopRequested || position.update() >= lastUpdate)) {
          return false;
        }
        if (betweenUpdates && secondsSince(lastCheckpointNanos) > config.checkpointSeconds()) {
          pace.aside(this::save);
        }
        try (Batch batch = epoch.next()) {
          step(batch, batches);
        } catch (RuntimeException failure) {
          throw OutOfMemory.explained(failure, Assembly.MEMORY_ADVICE);
        }
        report(monitor, batches);
      }
    }
    return true;
  }

  private void step(Batch batch, int batches) {
    int group =
        position.batch()
            / config.accumulation()
            * config.accumulation(); // first batch of this update
    int groupSize = Math.min(config.accumulation(), batches - group);
    boolean lastOfGroup = position.batch() == group + groupSize - 1;
    boolean trained = !LastBatch.isLeftOut(batch.count(), config.batchSize()); // broken files
    try (Scope _ = Scope.open()) {
      if (trained) {
        Losses.addTo(lossSum, gradient.add(batch, groupSize));
      }
      if (lastOfGroup) {
        weights.apply(learningRate(position.update()), position.update());
      }
    }
    pace.count(batch.count());
    position = position.afterBatch(trained, lastOfGroup);
  }

  private double learningRate(long update) {
    return config
        .schedule()
        .lr(config.optimizer().lr(), update, updatesPerEpoch(), position.plateau());
  }

  private Evaluation finishEpoch(Monitor monitor) {
    Divergence.checkTrained(position);
    double trainLoss = meanLoss(); // waits for the device
    double imagesPerSecond = pace.imagesPerSecond();
    Evaluation evaluation = evaluated(validation);
    divergence.check(weights, position.epoch());
    if (!Files.exists(folder.last())) {
      write(); // best weights and a line of the log without a checkpoint could not go on
    }
    boolean best = evaluation.top1() > position.bestTop1();
    double seconds = pace.seconds();
    var result =
        new Monitor.EpochResult(
            position.epoch() + 1,
            position.update(),
            learningRate(position.update() - 1),
            trainLoss,
            evaluation,
            imagesPerSecond,
            seconds,
            best);
    if (best) {
      Map<String, String> metadata = InputDescription.of(train).toMetadata();
      metadata.put("epoch", Integer.toString(result.epoch()));
      metadata.put("top1", Double.toString(evaluation.top1()));
      Weights.save(folder.best(), weights.result(), metadata);
    }
    lossSum.zero_();
    Decay.Plateau.Seen seen =
        config.schedule().after(position.plateau(), position.epoch() + 1, evaluation.top1());
    position = position.afterEpoch(evaluation.top1(), seconds, seen);
    log.append(result);
    events.epoch(result, weights.result());
    write();
    monitor.epoch(result);
    return evaluation;
  }

  /** A checkpoint, unless the weights came to nothing. */
  private void save() {
    if (position.trained() > 0) {
      double _ = meanLoss();
    }
    divergence.check(weights, position.epoch());
    write();
  }

  private void write() {
    position = position.at(pace.seconds());
    checkpoints.save(position);
    lastCheckpointNanos = System.nanoTime();
  }

  private void report(Monitor monitor, int batches) {
    if (secondsSince(lastProgressNanos) < PROGRESS_SECONDS || position.trained() == 0) {
      return; // reading the loss makes the host wait for the device
    }
    lastProgressNanos = System.nanoTime();
    double loss = meanLoss();
    double imagesPerSecond = pace.imagesPerSecond();
    double rate = learningRate(Math.max(0, position.update() - 1));
    events.progress(position.update(), loss, rate, imagesPerSecond);
    int epochsLeft = config.schedule().totalEpochs() - position.epoch();
    double batchesLeft = (double) epochsLeft * batches - position.batch();
    double imagesLeft = batchesLeft / batches * loading.images(train.size());
    monitor.progress(
        new Monitor.Progress(
            position.epoch() + 1,
            config.schedule().totalEpochs(),
            position.batch(),
            batches,
            loss,
            imagesPerSecond,
            pace.secondsLeft(imagesLeft, epochsLeft)));
  }

  /** Mean training loss of the epoch in progress; a run that has diverged ends here. */
  private double meanLoss() {
    return divergence.finite(
        "training loss", lossSum.item_double() / position.trained(), position.epoch());
  }

  private static double secondsSince(long nanos) {
    return (System.nanoTime() - nanos) / 1e9;
  }

  /** Others may train in the folder now; the model is still there. */
  private void endRun() {
    gradient.close();
    events.close();
    if (lock != null) {
      lock.close();
    }
  }

  /** Frees the model and all that belongs to its training. */
  @Override
  public void close() {
    endRun();
    weights.close();
    model.close();
    lossSum.close();
    random.close();
  }
}
