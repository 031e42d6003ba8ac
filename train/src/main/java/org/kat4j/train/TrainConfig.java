package org.kat4j.train;

import java.util.Map;
import org.kat4j.config.Check;
import org.kat4j.config.Config;
import org.kat4j.config.Records;
import org.kat4j.error.UserException;
import org.kat4j.model.Model;
import org.kat4j.optim.AdamW;
import org.kat4j.optim.Ema;
import org.kat4j.optim.GradientClip;
import org.kat4j.optim.Optimizer;
import org.kat4j.task.Task;
import org.kat4j.task.image.ImageClassification;
import org.kat4j.torch.Precision;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Everything that determines a training run, as written to {@code config.yaml}.
 *
 * @param model the network; its input is fitted to the task's data
 * @param task data, and what is asked of the model
 * @param optimizer how weights move
 * @param layerDecay factor of the learning rate from each layer to the one below, 1 for the same
 *     rate
 * @param schedule how long, and the learning rate over time
 * @param batchSize samples of a batch
 * @param dropLast whether a last batch that is not full is left out
 * @param accumulation batches of an update
 * @param clipNorm limit of the gradients in the sense of {@code clipMode}, 0 for no limit
 * @param clipMode what is limited: one norm, each value, or each unit beside its weights
 * @param ema moving average of the weights, which is then what is evaluated and kept as best
 * @param patience epochs without a better score before the end, 0 for none
 * @param keep which weights are the result
 * @param evaluateEvery epochs between two evaluations; the last one is always evaluated
 * @param seed of initial weights, order of samples, augmentation and drop path
 * @param device cpu, cuda or cuda:N
 * @param precision arithmetic of the forward and backward pass; parameters, optimizer and
 *     evaluation are in float32, or with float64 in that
 * @param threads threads of one operation, 0 for all cores
 * @param loaderThreads threads that read and change samples, 0 to let kat4j choose; the samples do
 *     not depend on it
 * @param checkpointSeconds seconds between checkpoints inside an epoch; one is written after each
 *     epoch in any case
 * @param fineTuning weights to start from, and parameters that are treated apart
 */
public record TrainConfig(
    Model.Spec model,
    Task.Spec task,
    Optimizer.Spec optimizer,
    double layerDecay,
    Schedule schedule,
    int batchSize,
    boolean dropLast,
    int accumulation,
    double clipNorm,
    GradientClip clipMode,
    Ema.Spec ema,
    int patience,
    Keep keep,
    int evaluateEvery,
    long seed,
    String device,
    Precision precision,
    int threads,
    int loaderThreads,
    int checkpointSeconds,
    FineTuning fineTuning) {
  /** Which weights are the result of a training. */
  public enum Keep {
    /** Those of the last epoch. */
    LAST,
    /** Those with the best score on the validation samples. */
    BEST
  }

  /** Where keys have moved that older configurations have. */
  private static final Map<String, String> MOVED =
      Map.of(
          "data", "task.data",
          "augmentation", "task.augmentation",
          "mixing", "task.mixing",
          "loss", "task.loss",
          "labelSmoothing", "task.labelSmoothing");

  public TrainConfig {
    Check.positive("layerDecay", layerDecay);
    Check.between("batchSize", batchSize, 1, 1_000_000);
    Check.between("accumulation", accumulation, 1, 1_000_000);
    Check.inRange("clipNorm", clipNorm, 0, Double.POSITIVE_INFINITY);
    Check.between("patience", patience, 0, 1_000_000);
    Check.between("evaluateEvery", evaluateEvery, 1, 1_000_000);
    if (schedule.decay() instanceof Decay.Plateau plateau
        && plateau.fromBest()
        && keep != Keep.BEST) {
      throw new IllegalArgumentException("schedule.decay.fromBest = true: needs keep = best");
    }
    Check.between("threads", threads, 0, 4096);
    Check.between("loaderThreads", loaderThreads, 0, 4096);
    Check.between("checkpointSeconds", checkpointSeconds, 1, 1_000_000);
  }

  /** The quickstart: a small KAT on the embedded strokes. */
  public static TrainConfig example() {
    return new TrainConfig(
        ImageClassification.Spec.example().usualModel(),
        ImageClassification.Spec.example(),
        new AdamW.Spec(2e-3, 0.05, 0.9, 0.999, 1e-8),
        1,
        new Schedule(6, 0.5, 1e-5, 1e-5, true),
        64,
        true,
        1,
        1,
        GradientClip.NORM,
        Ema.Spec.NONE,
        0,
        Keep.LAST,
        1,
        1,
        "cpu",
        Precision.FLOAT32,
        0,
        0,
        60,
        FineTuning.NONE);
  }

  /**
   * The quickstart with everything replaced that a tree gives. Where it chooses another task, that
   * task's usual model takes the place of the quickstart's.
   *
   * @param source where the tree comes from, for messages
   * @throws UserException where a key is unknown, has moved, or has an impossible value
   */
  public static TrainConfig bind(ObjectNode tree, String source) {
    MOVED.forEach((old, now) -> {
      if (tree.has(old)) {
        throw new UserException("%s: %s has moved to %s".formatted(source, old, now));
      }
    });
    TrainConfig defaults = example();
    if (tree.has("task")) {
      ObjectNode alone = JsonNodeFactory.instance.objectNode();
      alone.set("task", tree.get("task"));
      Task.Spec task = Config.bind(alone, defaults, source).task();
      defaults = defaults.withModel(task.usualModel());
    }
    return Config.bind(tree, defaults, source);
  }

  /**
   * The model's input and output fitted to what is asked.
   *
   * @throws UserException where the model is not made for this task
   */
  public TrainConfig fittedTo(Task<?> opened) {
    return withModel(model.fittedTo(opened.signature()));
  }

  /** The same for another model. */
  public TrainConfig withModel(Model.Spec other) {
    return Records.with(this, Map.of("model", other));
  }

  /** The same with another learning rate of the optimizer. */
  public TrainConfig withRate(double lr) {
    return Records.with(this, Map.of("optimizer", Records.with(optimizer, Map.of("lr", lr))));
  }
}
