package org.kat4j.train;

import java.nio.file.Files;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.kat4j.data.Batch;
import org.kat4j.data.Batches;
import org.kat4j.data.ImageData;
import org.kat4j.data.ImageSet;
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
 */
public final class Trainer {
  private static final double PROGRESS_SECONDS = 0.2;
  private static final String MEMORY_ADVICE =
      "lower batchSize (raise accumulation instead), data.imageSize or the model's width and depth";
  private static final long TRAINING_STREAM =
      0x9E3779B97F4A7C15L; // keeps drop path apart from the initial weights

  /**
   * How a run ended.
   *
   * @param evaluation of the last weights on the validation images
   * @param test of the last weights on the set's second split; the same evaluation unless images
   *     were held out
   * @param parameters trainable numbers
   * @param seconds time spent, all processes of the run together
   * @param finished false when it was stopped early
   */
  public record Result(
      Evaluation evaluation, Evaluation test, long parameters, double seconds, boolean finished) {}

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
  private final MetricsLog log;
  private final RunEvents events;

  private @Nullable Transfer transfer;
  private Checkpoint position;
  private volatile boolean stopRequested;
  private long lastUpdate = Long.MAX_VALUE;
  private long startedNanos;
  private long imagesSinceStart;
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
    loading = loading(config, train);
    Loader.checkMemory(train, config.batchSize());
    if (config.threads() > 0) {
      Host.setThreads(config.threads());
    }
    device = Device.parse(config.device());
    config.precision().requireOn(device);
    Context context =
        new Context(device, DType.FLOAT32, new RandomStream(config.seed()), 0, 1, true);
    boolean fresh = config.fineTuning().init().isEmpty();
    model = build(config.model(), fresh ? context : context.forOverwriting());
    Model averaged =
        config.ema().isEnabled() ? build(config.model(), context.forOverwriting()) : null;
    weights = new WeightUpdate(config, model, averaged);
    random = new RandomStream(config.seed() ^ TRAINING_STREAM);
    gradient = new LossGradient(config, model, device, random, weights::scaled);
    lossSum = Losses.zeroSum(device);
    log = new MetricsLog(folder.metrics());
    events = new RunEvents(folder.events());
    position = Checkpoint.START;
  }

  private static Loading loading(TrainConfig config, ImageSet train) {
    Loading all =
        new Loading(
            config.batchSize(),
            true,
            /* dropLast= */ false,
            config.augmentation(),
            config.mixing(),
            config.seed(),
            config.loaderThreads() > 0 ? config.loaderThreads() : Loading.defaultWorkers(train));
    boolean hasFullBatch = all.images(train.size()) >= config.batchSize();
    return config.dropLast() && hasFullBatch ? all.droppingLast() : all;
  }

  /** Some fields go together badly, which shows only when the parts are built. */
  private static Model build(Model.Spec spec, Context context) {
    try {
      return spec.build(context);
    } catch (IllegalArgumentException unfit) {
      throw new UserException("model: " + unfit.getMessage(), unfit);
    } catch (RuntimeException failure) {
      throw OutOfMemory.explained(failure, MEMORY_ADVICE);
    }
  }

  /** A new run; its folder is made once everything else is known to be sound. */
  public static Trainer start(TrainConfig config, RunFolder folder, ImageData data) {
    Trainer trainer = new Trainer(config, folder, data);
    trainer.initialise();
    folder.create(config);
    return trainer;
  }

  /** The run of a folder from its last checkpoint, or from the start where there is none yet. */
  public static Trainer resume(RunFolder folder, ImageData data) {
    Trainer trainer = new Trainer(folder.readConfig(), folder, data);
    if (Files.exists(folder.last())) {
      trainer.position =
          Checkpoint.load(folder.last(), trainer.weights, trainer.random, trainer.lossSum);
    } else {
      trainer.initialise();
    }
    trainer.log.keepFirst(trainer.position.epoch());
    return trainer;
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
    try (events;
        gradient) {
      return train(monitor);
    }
  }

  private Result train(Monitor monitor) {
    if (position.equals(Checkpoint.START)) {
      events.images(train);
    }
    startedNanos = System.nanoTime();
    lastCheckpointNanos = startedNanos;
    double secondsBefore = position.seconds();
    Evaluation evaluation = null;
    while (position.epoch() < config.schedule().totalEpochs()) {
      if (!trainEpoch(monitor, secondsBefore)) {
        save(secondsBefore);
        Evaluation now = evaluated(validation);
        return new Result(now, now, StateDict.parameterCount(model), elapsed(secondsBefore), false);
      }
      evaluation = finishEpoch(monitor, secondsBefore);
    }
    if (evaluation == null) { // the run was complete before
      evaluation = evaluated(validation);
    }
    Evaluation onTest = validation == test ? evaluation : evaluated(test);
    return new Result(
        evaluation, onTest, StateDict.parameterCount(model), elapsed(secondsBefore), true);
  }

  private Evaluation evaluated(ImageSet images) {
    return Evaluation.of(weights.result(), images, config.batchSize());
  }

  private int batchesPerEpoch() {
    return loading.batches(train.size());
  }

  private long updatesPerEpoch() {
    return Math.ceilDiv(batchesPerEpoch(), config.accumulation());
  }

  /** The rest of the epoch in progress; false when it was stopped. */
  private boolean trainEpoch(Monitor monitor, double secondsBefore) {
    int batches = batchesPerEpoch();
    try (Batches epoch = Loader.epoch(train, loading, position.epoch(), position.batch())) {
      while (position.batch() < batches) {
        // Gradients of a half accumulated update are not part of a checkpoint: stop between updates
        // only.
        boolean betweenUpdates = position.batch() % config.accumulation() == 0;
        if (betweenUpdates && (stopRequested || position.update() >= lastUpdate)) {
          return false;
        }
        if (betweenUpdates && secondsSince(lastCheckpointNanos) > config.checkpointSeconds()) {
          save(secondsBefore);
        }
        try (Batch batch = epoch.next()) {
          step(batch, batches);
        } catch (RuntimeException failure) {
          throw OutOfMemory.explained(failure, MEMORY_ADVICE);
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
    try (Scope _ = Scope.open()) {
      if (batch.count() > 0) { // all of its files may be broken
        Losses.addTo(lossSum, gradient.add(batch, groupSize));
      }
      if (lastOfGroup) {
        weights.apply(learningRate(position.update()), position.update());
      }
    }
    imagesSinceStart += batch.count();
    position = position.afterBatch(lastOfGroup);
  }

  private double learningRate(long update) {
    return config
        .schedule()
        .lr(config.optimizer().lr(), update, updatesPerEpoch(), position.plateau());
  }

  private Evaluation finishEpoch(Monitor monitor, double secondsBefore) {
    double trainLoss = meanLoss();
    double imagesPerSecond = imagesSinceStart / secondsSince(startedNanos);
    Evaluation evaluation = evaluated(validation);
    boolean best = evaluation.top1() > position.bestTop1();
    double seconds = elapsed(secondsBefore);
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
    save(secondsBefore);
    monitor.epoch(result);
    return evaluation;
  }

  private void save(double secondsBefore) {
    position = position.at(elapsed(secondsBefore));
    position.save(folder.last(), weights, random, lossSum, InputDescription.of(train));
    lastCheckpointNanos = System.nanoTime();
  }

  private void report(Monitor monitor, int batches) {
    if (secondsSince(lastProgressNanos) < PROGRESS_SECONDS) {
      return; // reading the loss makes the host wait for the device
    }
    lastProgressNanos = System.nanoTime();
    double imagesPerSecond = imagesSinceStart / secondsSince(startedNanos);
    double loss = meanLoss();
    double rate = learningRate(Math.max(0, position.update() - 1));
    events.progress(position.update(), loss, rate, imagesPerSecond);
    long batchesLeft =
        (long) (config.schedule().totalEpochs() - position.epoch()) * batches - position.batch();
    monitor.progress(
        new Monitor.Progress(
            position.epoch() + 1,
            config.schedule().totalEpochs(),
            position.batch(),
            batches,
            loss,
            imagesPerSecond,
            batchesLeft * config.batchSize() / imagesPerSecond));
  }

  /** Mean training loss of the epoch in progress; a run that has diverged ends here. */
  private double meanLoss() {
    return DivergedException.finite(
        "training loss",
        lossSum.item_double() / position.batch(),
        "in epoch %d: lower optimizer.lr, or set clipNorm; %s is from before"
            .formatted(position.epoch() + 1, folder.last()));
  }

  private double elapsed(double secondsBefore) {
    return secondsBefore + secondsSince(startedNanos);
  }

  private static double secondsSince(long nanos) {
    return (System.nanoTime() - nanos) / 1e9;
  }
}
