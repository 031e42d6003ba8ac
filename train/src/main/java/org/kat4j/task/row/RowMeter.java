package org.kat4j.task.row;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.data.RowBatch;
import org.kat4j.error.UserException;
import org.kat4j.task.Measure;
import org.kat4j.task.Meter;
import org.kat4j.task.Scores;
import org.kat4j.torch.Device;
import org.kat4j.torch.Losses;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;

/** Percent of right classes, or the root of the mean squared error; the mean loss beside it. */
final class RowMeter implements Meter<RowBatch> {
  /** Mean cross entropy in nats, or the mean squared error. */
  static final Measure LOSS = new Measure("loss", "", false, false);

  private final RowObjective objective;
  private final Tensor sum; // float64 scalar: of the losses of all rows
  private final Tensor right; // int64 [1]: rows whose class is right
  private long rows;
  private long numbers; // targets

  RowMeter(RowObjective objective) {
    this.objective = objective;
    Device device = Device.of(StateDict.of(objective.model()).firstEntry().getValue());
    sum = Losses.zeroSum(device);
    right = Losses.zeroCounts(device, 1);
  }

  @Override
  public void add(RowBatch batch) {
    Tensor out = objective.outputs(batch, Pass.evaluation());
    if (objective.classes()) {
      Losses.addTo(sum, Losses.summedCrossEntropy(out, batch.y()));
      right.add_(Losses.countInTop(out, batch.y(), 1));
    } else {
      Losses.addTo(sum, out.sub(objective.numbers(batch)).square().sum());
    }
    rows += batch.samples();
    numbers += batch.y().numel();
  }

  @Override
  public Scores read() {
    if (rows == 0) {
      throw new UserException("there are no rows to evaluate on");
    }
    double loss = Memory.doubles(sum)[0] / (objective.classes() ? rows : numbers);
    SequencedMap<Measure, Double> values = new LinkedHashMap<>();
    values.put(LOSS, loss);
    if (objective.classes()) {
      values.put(Measure.ACCURACY, 100.0 * Memory.longs(right)[0] / rows);
    } else {
      values.put(Measure.RMSE, objective.unit() * Math.sqrt(loss));
    }
    Scope.free(List.of(sum, right));
    return new Scores(values, Optional.empty());
  }
}
