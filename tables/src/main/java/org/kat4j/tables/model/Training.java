package org.kat4j.tables.model;

import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.kat4j.config.Records;
import org.kat4j.data.RowBatch;
import org.kat4j.model.RowModel;
import org.kat4j.model.Signature;
import org.kat4j.optim.AdamW;
import org.kat4j.tables.Problem;
import org.kat4j.tables.Task;
import org.kat4j.task.row.RowData;
import org.kat4j.task.row.RowTask;
import org.kat4j.torch.Precision;
import org.kat4j.train.Decay;
import org.kat4j.train.Loop;
import org.kat4j.train.Schedule;
import org.kat4j.train.TrainConfig;

/**
 * How a network is trained on a table: by the training loop, and the weights of the best validation
 * loss at the end where there are validation rows.
 *
 * <p>Features are taken as they are: scale them before, by the training rows. Targets of a
 * regression are brought to mean 0 and deviation 1 of the training rows and predictions back, if
 * {@code scaledTarget} says so.
 *
 * @param config of the loop; its task stands for rows in memory
 * @param scaledTarget whether a regression's targets are standardised
 */
public record Training(TrainConfig config, boolean scaledTarget) {
  /**
   * Adam at a constant rate in float32; targets are standardised.
   *
   * @param batch rows of a step; at least as many as there are: all of them
   */
  public static Training adam(double lr, int batch, int epochs) {
    return new Training(
        Records.with(
            TrainConfig.example(),
            Map.of(
                "model",
                new RowTask.InMemory().usualModel(),
                "task",
                new RowTask.InMemory(),
                "optimizer",
                new AdamW.Spec(lr, 0, 0.9, 0.999, 1e-8),
                "schedule",
                new Schedule(epochs, 0, 0, 0, true, false, new Decay.Constant()),
                "batchSize",
                batch,
                "dropLast",
                false,
                "clipNorm",
                0.0,
                "keep",
                TrainConfig.Keep.BEST)),
        true);
  }

  /** Adam, 1e-3, batches of 64, 100 epochs: sheet 10's. */
  public static Training usual() {
    return adam(1e-3, 64, 100);
  }

  /**
   * The same, ended by the validation loss.
   *
   * @param patience epochs without a better loss before the end; 0: all epochs
   * @param halveAfter epochs without a better loss before half the rate goes on from the best
   *     weights; 0: never
   */
  public Training withPatience(int patience, int halveAfter) {
    Decay decay =
        halveAfter == 0 ? new Decay.Constant() : new Decay.Plateau(halveAfter - 1, 0.5, 0, true);
    return with(
        Map.of(
            "patience",
            patience,
            "schedule",
            Records.with(config.schedule(), Map.of("decay", decay))));
  }

  public Training withSeed(long seed) {
    return with(Map.of("seed", seed));
  }

  public Training withEpochs(int most) {
    return with(Map.of("schedule", Records.with(config.schedule(), Map.of("epochs", most))));
  }

  public Training withRate(double lr) {
    return new Training(config.withRate(lr), scaledTarget);
  }

  /** The same in float32 or float64. */
  public Training withPrecision(Precision precision) {
    return with(Map.of("precision", precision));
  }

  /** At most. */
  public int epochs() {
    return config.schedule().epochs();
  }

  private Training with(Map<String, ?> values) {
    return new Training(Records.with(config, values), scaledTarget);
  }

  /**
   * Trains a network; the caller closes it.
   *
   * @param network its features and outputs become those of the problem
   * @param validation rows that choose the epoch; null: the last epoch's weights
   * @throws org.kat4j.error.DivergedException if a loss or the weights are no numbers any more
   */
  public Fitted fit(RowModel.Spec network, Problem train, @Nullable Problem validation) {
    var signature = new Signature.Rows(train.features().size(), train.outputs());
    TrainConfig own = config.withModel(network.fittedTo(signature));
    var target = scaledTarget ? Fitted.Target.of(train) : Fitted.Target.AS_IT_IS;
    var dtype = config.precision().parameters();
    RowBatch rows = target.rows(train, dtype);
    RowBatch held =
        validation == null ? target.noRows(train, dtype) : target.rows(validation, dtype);
    var data =
        new RowData(
            "table",
            train.task() == Task.CLASSIFICATION,
            train.outputs(),
            rows,
            held,
            target.noRows(train, dtype),
            "in memory");
    try (RowTask task = new RowTask(data, RowTask.LOSS);
        Loop<RowBatch> loop = Loop.of(own, task)) {
      loop.run(Loop.Listener.NONE);
      int epoch = loop.resultEpoch();
      return new Fitted(RowModel.of(loop.release()), train.task(), target, dtype, epoch);
    }
  }
}
