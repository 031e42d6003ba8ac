package org.kat4j.task.row;

import org.bytedeco.pytorch.Tensor;
import org.kat4j.data.RowBatch;
import org.kat4j.model.RowModel;
import org.kat4j.task.Meter;
import org.kat4j.task.Objective;
import org.kat4j.torch.DType;
import org.kat4j.torch.Losses;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Pass;
import org.kat4j.torch.StateDict;

/**
 * Cross entropy of classes, or the mean squared error of numbers.
 *
 * @param classes whether targets are classes
 * @param unit what 1 is worth in the target's own units
 * @param dtype of the model
 */
record RowObjective(RowModel model, boolean classes, double unit, DType dtype)
    implements Objective<RowBatch> {
  static RowObjective of(RowModel model, RowData data) {
    DType dtype = DType.of(StateDict.of(model).firstEntry().getValue());
    return new RowObjective(model, data.classes(), data.unit(), dtype);
  }

  @Override
  public Tensor loss(RowBatch batch, Pass pass) {
    Tensor out = outputs(batch, pass);
    return classes
        ? Losses.crossEntropy(out, batch.y(), 0)
        : Losses.meanSquaredError(out, numbers(batch));
  }

  /** {@code [rows, outputs]}. */
  Tensor outputs(RowBatch batch, Pass pass) {
    return model.forward(Memory.to(batch.x(), dtype), pass);
  }

  /** Targets in the model's precision. */
  Tensor numbers(RowBatch batch) {
    return Memory.to(batch.y(), dtype);
  }

  @Override
  public Meter<RowBatch> meter() {
    return new RowMeter(this);
  }
}
