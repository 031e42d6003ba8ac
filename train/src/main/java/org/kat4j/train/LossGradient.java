package org.kat4j.train;

import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.kat4j.data.Batch;
import org.kat4j.kernel.CudaGraph;
import org.kat4j.model.Model;
import org.kat4j.task.Objective;
import org.kat4j.torch.Device;
import org.kat4j.torch.Losses;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Precision;
import org.kat4j.torch.RandomStream;
import org.kat4j.torch.StateDict;

/**
 * The loss of a batch and its gradient, which is added to that of the parameters.
 *
 * <p>On a GPU the two passes over a full batch are recorded once and then started as a whole: a
 * small model is through with an operation before the host has asked for the next.
 */
final class LossGradient<B extends Batch> implements AutoCloseable {
  private final TrainConfig config;
  private final Model model;
  private final Objective<B> objective;
  private final Device device;
  private final RandomStream random;
  private final UnaryOperator<Tensor> scaled;
  private boolean recordable;
  private @Nullable RecordedGradient<B> recorded;

  /**
   * @param objective whose loss it is
   * @param random what dropout and drop path draw from
   * @param scaled from a loss to what the backward pass starts from
   */
  LossGradient(
      TrainConfig config,
      Model model,
      Objective<B> objective,
      Device device,
      RandomStream random,
      UnaryOperator<Tensor> scaled) {
    this.config = config;
    this.model = model;
    this.objective = objective;
    this.device = device;
    this.random = random;
    this.scaled = scaled;
    // An accumulated gradient lies in memory of its own, and the scale of float16 is the host's.
    recordable =
        device.type() == Device.Type.CUDA
            && config.accumulation() == 1
            && config.precision() != Precision.FLOAT16
            && objective.sameWorkEveryTime();
  }

  /**
   * Of the next batch.
   *
   * @param groupSize batches of the update that it belongs to
   * @return the loss, a scalar of the caller's scope
   */
  Tensor add(B batch, int groupSize) {
    if (recordable && batch.samples() == config.batchSize()) {
      if (recorded == null) {
        record(batch);
      }
      if (recorded != null) {
        return recorded.replay(batch, random);
      }
    }
    Tensor loss = loss(Batch.on(device, batch), Pass.training(random));
    config.precision().backward(scaled.apply(Losses.divided(loss, groupSize)));
    return loss;
  }

  private void record(B batch) {
    try {
      recorded =
          new RecordedGradient<>(
              this::loss, config.precision(), StateDict.of(model), batch, device);
    } catch (RuntimeException failure) {
      recordable = false;
      CudaGraph.warn("training steps run, small models slower,", failure);
    }
  }

  private Tensor loss(B batch, Pass pass) {
    try (var _ = config.precision().on(device)) {
      return objective.loss(batch, pass);
    }
  }

  /** Frees what was recorded. */
  @Override
  public void close() {
    if (recorded != null) {
      recorded.close();
      recorded = null;
    }
  }
}
