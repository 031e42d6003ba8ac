package org.kat4j.task.row;

import org.bytedeco.pytorch.Tensor;
import org.kat4j.data.RowBatch;
import org.kat4j.model.RowModel;
import org.kat4j.task.Meter;
import org.kat4j.task.Objective;
import org.kat4j.torch.Losses;
import org.kat4j.torch.Pass;

/**
 * Cross entropy of classes, or the mean squared error of numbers.
 *
 * @param classes whether targets are classes
 */
record RowObjective(RowModel model, boolean classes) implements Objective<RowBatch> {
  @Override
  public Tensor loss(RowBatch batch, Pass pass) {
    Tensor out = model.forward(batch.x(), pass); // [rows, outputs]
    return classes
        ? Losses.crossEntropy(out, batch.y(), 0)
        : Losses.meanSquaredError(out, batch.y());
  }

  @Override
  public Meter<RowBatch> meter() {
    return new RowMeter(model, classes);
  }
}
