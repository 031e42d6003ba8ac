package org.kat4j.train;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.kat4j.data.Batch;
import org.kat4j.data.Batches;
import org.kat4j.data.Feed;
import org.kat4j.data.LastBatch;
import org.kat4j.error.UserException;
import org.kat4j.model.Model;
import org.kat4j.model.Transfer;
import org.kat4j.task.Objective;
import org.kat4j.task.Scores;
import org.kat4j.task.Task;
import org.kat4j.torch.Context;
import org.kat4j.torch.Device;
import org.kat4j.torch.Host;
import org.kat4j.torch.Losses;
import org.kat4j.torch.OutOfMemory;
import org.kat4j.torch.RandomStream;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;

/**
 * The training loop: batches of a task go through a model, their gradients move its weights. It
 * knows no files; {@link Trainer} is the loop with a run folder.
 *
 * <p>What comes of it is determined by the configuration and the task: same both, same device, same
 * threads = same weights, also when it was saved and restored in between.
 *
 * <p>It owns its model: closing it frees weights, average and the optimizer's state.
 *
 * @param <B> what a batch holds
 */
public final class Loop<B extends Batch> implements AutoCloseable {
  private static final long TRAINING_STREAM =
      0x9E3779B97F4A7C15L; // keeps drop path apart from the initial weights
  private static final String RANDOM = "random/stream";
  private static final String LOSS = "progress/loss_sum";
  private static final String OBJECTIVE = "objective/";
  private static final String BEST = "best/";

  /** Follows a loop, on its thread. */
  public interface Listener {
    /** Between two updates: whether to go on with this epoch. */
    default boolean goesOn() {
      return true;
    }

    /** One more batch is done. */
    default void batchDone() {}

    /** The epoch in progress was evaluated, and its weights are worth keeping. */
    default void evaluated(Monitor.EpochResult result) {}

    /** The epoch that was evaluated is done. */
    default void epochDone(Monitor.EpochResult result) {}

    /** Goes on to the end. */
    Listener NONE = new Listener() {};
  }

  private final TrainConfig config;
  private final Task<B> task;
  private final Device device;
  private final Feed<B> training;
  private final Model model;
  private final WeightUpdate weights;
  private final Objective<B> objective;
  private final LossGradient<B> gradient;
  private final RandomStream random;
  private final Tensor lossSum; // float64 scalar: summed training loss of the epoch in progress
  private final KeptWeights kept;
  private final Divergence divergence;

  private @Nullable Transfer transfer;
  private Checkpoint position = Checkpoint.START;
  private Pace pace = new Pace(0);
  private boolean released;

  Loop(TrainConfig config, Task<B> task, Divergence divergence) {
    this(config, task, divergence, null);
  }

  /**
   * @param given the model to train, null to build that of the configuration
   */
  private Loop(TrainConfig config, Task<B> task, Divergence divergence, @Nullable Model given) {
    this.config = config;
    this.task = task;
    this.divergence = divergence;
    training =
        task.training(
            new Task.Feeding(
                config.batchSize(), config.dropLast(), config.seed(), config.loaderThreads()));
    if (config.threads() > 0) {
      Host.setThreads(config.threads());
    }
    device = Device.parse(config.device());
    config.precision().requireOn(device);
    boolean fresh = config.fineTuning().init().isEmpty();
    try (RandomStream initial = new RandomStream(config.seed())) {
      Context context = new Context(device, config.precision().parameters(), initial, 0, 1, true);
      model =
          given == null
              ? Assembly.model(config.model(), fresh ? context : context.forOverwriting(), task)
              : given;
      @Nullable Model averaged = null;
      try {
        objective = task.of(model);
        averaged =
            config.ema().isEnabled()
                ? Assembly.model(config.model(), context.forOverwriting(), task)
                : null;
        weights = new WeightUpdate(config, model, averaged);
      } catch (RuntimeException failed) {
        model.close();
        if (averaged != null) {
          averaged.close();
        }
        throw failed;
      }
    }
    random = new RandomStream(config.seed() ^ TRAINING_STREAM);
    gradient = new LossGradient<>(config, model, objective, device, random, weights::scaled);
    lossSum = Losses.zeroSum(device);
    kept = new KeptWeights(StateDict.of(weights.result()));
  }

  /** A loop that begins anew. */
  public static <B extends Batch> Loop<B> of(TrainConfig config, Task<B> task) {
    Loop<B> loop = new Loop<>(config, task, new Divergence());
    try {
      loop.initialise();
      return loop;
    } catch (RuntimeException failed) {
      loop.close();
      throw failed;
    }
  }

  /**
   * A loop that trains a model which is there already, such as the smaller one that an earlier loop
   * found, for the last epochs of a schedule. The loop owns the model from now on.
   *
   * @param config its model is not built
   * @param firstEpoch epochs of the schedule that are done
   */
  public static <B extends Batch> Loop<B> of(
      TrainConfig config, Task<B> task, Model model, int firstEpoch) {
    Loop<B> loop = new Loop<>(config, task, new Divergence(), model);
    loop.weights.begin();
    loop.position = Checkpoint.START.atEpoch(firstEpoch, firstEpoch * loop.updatesPerEpoch());
    return loop;
  }

  /** Takes over the weights to start from, where there are any. */
  void initialise() {
    if (!config.fineTuning().init().isEmpty()) {
      transfer = config.fineTuning().initialise(model);
    }
    weights.begin();
  }

  /** What was taken over from the weights to start from, where there were any. */
  Optional<Transfer> transfer() {
    return Optional.ofNullable(transfer);
  }

  /** The model that is trained. */
  Model trained() {
    return model;
  }

  /** The model that is evaluated and kept: the moving average of the weights where one is kept. */
  public Model model() {
    return weights.result();
  }

  public Device device() {
    return device;
  }

  /** Where it stands. */
  Checkpoint position() {
    return position;
  }

  Pace pace() {
    return pace;
  }

  /** Time spent on training steps by this loop, without evaluations. */
  public double trainingSeconds() {
    return pace.trainingSeconds();
  }

  /** Epochs that are done. */
  public int epochs() {
    return position.epoch();
  }

  /** Whether no epoch is left, or patience is; without validation samples there is no end to it. */
  public boolean isFinished() {
    boolean patient =
        config.patience() == 0
            || position.epoch() - position.bestEpoch() < config.patience()
            || !hasValidation();
    return position.epoch() >= config.schedule().totalEpochs() || !patient;
  }

  /** Whether the epoch in progress ends with a look at the loss, and at validation samples. */
  private boolean isLookedAt() {
    int done = position.epoch() + 1;
    return done % config.evaluateEvery() == 0 || done == config.schedule().totalEpochs();
  }

  private boolean hasValidation() {
    return task.validation(config.batchSize()).samples() > 0;
  }

  /** Epochs after which the weights of the result were those of {@link #model()}. */
  public int resultEpoch() {
    boolean best = config.keep() == TrainConfig.Keep.BEST && position.bestEpoch() > 0;
    return best ? position.bestEpoch() : position.epoch();
  }

  /** Batches of an epoch. */
  public int batches() {
    return training.batches();
  }

  /** What the task counts and is left, in epochs to come too. */
  double unitsLeft() {
    double epochsLeft = config.schedule().totalEpochs() - position.epoch();
    double batchesLeft = epochsLeft * batches() - position.batch();
    return batchesLeft / batches() * training.samples() * task.unitsOfSample();
  }

  /**
   * All epochs that are left; afterwards {@link #model()} has the weights that are the result.
   *
   * @return false when the listener stopped it
   * @throws org.kat4j.error.DivergedException where losses, scores or weights are no numbers
   */
  public boolean run(Listener listener) {
    while (!isFinished()) {
      if (!epoch(listener)) {
        return false;
      }
      Divergence.checkTrained(position);
      if (isLookedAt()) {
        look(listener);
      } else {
        finishEpoch();
      }
    }
    if (config.keep() == TrainConfig.Keep.BEST) {
      kept.giveBack();
    }
    return true;
  }

  private void look(Listener listener) {
    double trainLoss = meanLoss(); // waits for the device
    if (!hasValidation()) {
      checkSound();
      finishEpoch();
      return;
    }
    double samplesPerSecond = pace.samplesPerSecond();
    Scores scores = validate();
    checkSound();
    var result =
        new Monitor.EpochResult(
            position.epoch() + 1,
            position.update(),
            learningRate(position.update() - 1),
            trainLoss,
            scores,
            samplesPerSecond,
            pace.seconds(),
            task.primary().isBetter(scores.of(task.primary()), position.best()));
    listener.evaluated(result);
    finishEpoch(result);
    listener.epochDone(result);
  }

  /**
   * The rest of the epoch in progress.
   *
   * @return false when the listener stopped it
   */
  public boolean epoch(Listener listener) {
    try (Batches<B> epoch = training.epoch(position.epoch(), position.batch())) {
      pace.startEpoch();
      while (position.batch() < batches()) {
        // Gradients of a half accumulated update are not part of a checkpoint: stop between updates
        // only.
        if (position.batch() % config.accumulation() == 0 && !listener.goesOn()) {
          return false;
        }
        try (Scope _ = Scope.open();
            B batch = epoch.next()) {
          step(batch);
        } catch (RuntimeException failure) {
          throw OutOfMemory.explained(failure, Assembly.memoryAdvice(task));
        }
        listener.batchDone();
      }
    }
    return true;
  }

  private void step(B batch) {
    int group =
        position.batch()
            / config.accumulation()
            * config.accumulation(); // first batch of this update
    int groupSize = Math.min(config.accumulation(), batches() - group);
    boolean lastOfGroup = position.batch() == group + groupSize - 1;
    boolean trained = !LastBatch.isLeftOut(batch.samples(), config.batchSize()); // broken files
    if (trained) {
      Losses.addTo(lossSum, gradient.add(batch, groupSize));
    }
    if (lastOfGroup) {
      weights.apply(learningRate(position.update()), position.update());
    }
    pace.count((long) batch.samples() * task.unitsOfSample());
    position = position.afterBatch(trained, lastOfGroup);
  }

  /** Learning rate of an update, counted from 0. */
  double learningRate(long update) {
    return config
        .schedule()
        .lr(config.optimizer().lr(), update, updatesPerEpoch(), position.plateau());
  }

  private long updatesPerEpoch() {
    return Math.ceilDiv(batches(), config.accumulation());
  }

  /**
   * Mean training loss of the epoch in progress; waits for the device.
   *
   * @throws org.kat4j.error.DivergedException where it is no number
   */
  public double meanLoss() {
    return divergence.finite(
        "training loss", lossSum.item_double() / position.trained(), position.epoch());
  }

  /**
   * How good the model is on the samples that it is chosen by.
   *
   * @throws org.kat4j.error.DivergedException where that is no number
   */
  public Scores validate() {
    return evaluate(task.validation(config.batchSize()));
  }

  /** The same for samples that nothing was chosen by, where there are such. */
  public Scores test() {
    return evaluate(task.test(config.batchSize()));
  }

  private Scores evaluate(Feed<B> feed) {
    Scores scores = pace.evaluating(() -> Scores.measured(feed, task.of(model()).meter(), device));
    scores
        .byName()
        .forEach((name, value) -> divergence.finite(name + " of the evaluation", value, epochs()));
    return scores;
  }

  /** The epoch is done, and was evaluated: the next one begins. */
  private void finishEpoch(Monitor.EpochResult result) {
    double score = result.scores().of(task.primary());
    Decay.Plateau.Seen seen =
        config.schedule().after(position.plateau(), position.epoch() + 1, score, task.primary());
    if (result.best() && config.keep() == TrainConfig.Keep.BEST) {
      kept.take();
    } else if (seen.steps() > position.plateau().steps() && stepsFromBest()) {
      kept.giveBack();
    }
    lossSum.zero_();
    position = position.afterEpoch(score, result.best(), pace.seconds(), seen);
  }

  private boolean stepsFromBest() {
    return config.schedule().decay() instanceof Decay.Plateau plateau && plateau.fromBest();
  }

  /** The epoch is done, and was not evaluated. */
  public void finishEpoch() {
    lossSum.zero_();
    position = position.afterEpoch(pace.seconds());
  }

  /** That the weights are worth keeping. */
  void checkSound() {
    divergence.check(weights, position.epoch());
  }

  /** Its position now, with the time that was spent. */
  Checkpoint mark() {
    position = position.at(pace.seconds());
    return position;
  }

  /** Everything beside the weights of {@link #model()} that is needed to go on. */
  SequencedMap<String, Tensor> state() {
    SequencedMap<String, Tensor> all = new LinkedHashMap<>(weights.state());
    all.put(RANDOM, random.state());
    all.put(LOSS, lossSum);
    objective.state().forEach((name, tensor) -> all.put(OBJECTIVE + name, tensor));
    kept.state().forEach((name, tensor) -> all.put(BEST + name, tensor));
    return all;
  }

  /** Goes on where {@link #state()} was taken; the weights of {@link #model()} are there. */
  void restore(Map<String, Tensor> saved, Checkpoint at) {
    weights.restore(saved);
    Map<String, Tensor> own = new LinkedHashMap<>();
    own.put(LOSS, lossSum);
    objective.state().forEach((name, tensor) -> own.put(OBJECTIVE + name, tensor));
    StateDict.copy(saved, own);
    Tensor stream = saved.get(RANDOM);
    if (stream == null) {
      throw new UserException(
          "tensor '" + RANDOM + "' is missing: this is no checkpoint to go on from");
    }
    random.restore(stream);
    kept.restore(saved, BEST);
    position = at;
    pace = new Pace(at.seconds());
  }

  /** The model of the result, which is the caller's from now on: closing the loop leaves it. */
  public Model release() {
    if (weights.result() != model) {
      StateDict.copy(StateDict.of(weights.result()), StateDict.of(model));
    }
    released = true;
    return model;
  }

  /** Ends what runs beside the model, which is still there. */
  void end() {
    gradient.close();
  }

  /** Frees the model, unless it was released, and all that belongs to its training. */
  @Override
  public void close() {
    end();
    weights.close();
    if (!released) {
      model.close();
    }
    kept.close();
    lossSum.close();
    random.close();
  }
}
