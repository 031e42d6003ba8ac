package org.kat4j.lab.network;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.lab.Diverged;
import org.kat4j.lab.Experiment;
import org.kat4j.lab.Measured;
import org.kat4j.lab.Study;
import org.kat4j.lab.Trial;
import org.kat4j.lab.Workplace;
import org.kat4j.optim.AdamW;
import org.kat4j.optim.CosineSchedule;
import org.kat4j.optim.Optimizer;
import org.kat4j.optim.ParameterGroup;
import org.kat4j.torch.Context;
import org.kat4j.torch.DType;
import org.kat4j.torch.Device;
import org.kat4j.torch.Losses;
import org.kat4j.torch.Memory;
import org.kat4j.torch.RandomStream;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;

/**
 * Trains a network on rows, in float32 with AdamW: cross entropy for classes, squared error for
 * numbers.
 *
 * @param epochs passes over the training rows
 * @param batch rows of an update, 0 for all of them
 * @param weightDecay of all parameters
 * @param cosine whether the learning rate falls to 0 along a cosine; otherwise it stays
 */
public record Fit(int epochs, int batch, double weightDecay, boolean cosine) {
  private static final int POINTS = 25; // of a curve

  /** Makes the data; called once. */
  @FunctionalInterface
  public interface Source {
    Rows open(Workplace place);
  }

  /** The opening of a study whose arms are {@link Network.Spec}s. */
  public Study.Opening on(Source source) {
    return place -> {
      Rows rows = source.open(place);
      return new Experiment(rows.checksum() + "; " + this, trial -> run(rows, trial));
    };
  }

  private Measured run(Rows rows, Trial trial) {
    Device device = trial.place().device();
    try (Scope _ = Scope.open()) {
      PlacedRows train = PlacedRows.of(rows, rows.train(), device);
      PlacedRows validation = PlacedRows.of(rows, rows.validation(), device);
      Context context =
          new Context(device, DType.FLOAT32, new RandomStream(trial.seed()), 0, 1, true);
      Network network =
          ((Network.Spec) trial.arm().spec()).build(rows.inputs(), rows.outputs(), context);
      SequencedMap<String, Tensor> parameters = StateDict.trained(network);
      Optimizer optimizer =
          new AdamW.Spec(trial.rate(), weightDecay, 0.9, 0.999, 1e-8)
              .build(ParameterGroup.single(parameters, weightDecay));
      try {
        return train(rows, trial, network, optimizer, parameters, train, validation);
      } finally {
        Scope.free(StateDict.of(network).values());
        Scope.free(optimizer.state().values());
      }
    }
  }

  private Measured train(
      Rows rows,
      Trial trial,
      Network network,
      Optimizer optimizer,
      SequencedMap<String, Tensor> parameters,
      PlacedRows train,
      PlacedRows validation) {
    Device device = trial.place().device();
    RandomStream random = new RandomStream(-trial.seed());
    int size = batch == 0 ? train.size() : batch;
    int perEpoch = Math.ceilDiv(train.size(), size);
    long steps = (long) epochs * perEpoch;
    var schedule = new CosineSchedule(trial.rate(), steps, 0, 0, 0, false);
    List<Measured.Point> curve = new ArrayList<>();
    long step = 0;
    long nanos = 0;
    try (Tensor lossSum = Losses.zeroSum(device)) {
      long since = 0;
      for (int epoch = 0; epoch < epochs; epoch++) {
        device.synchronize();
        long start = System.nanoTime();
        int[] order = org.kat4j.data.RandomStream.of(trial.seed(), epoch).permutation(train.size());
        for (int b = 0; b < perEpoch; b++) {
          double rate = cosine ? schedule.at(step) : trial.rate();
          try (Scope _ = Scope.open()) {
            Tensor loss = train.batch(order, b * size, size).loss(network, random);
            loss.backward();
            optimizer.step(rate);
            StateDict.clearGradients(parameters);
            Losses.addTo(lossSum, loss);
          }
          step++;
        }
        device.synchronize();
        nanos += System.nanoTime() - start;
        boolean shown = (epoch + 1) * POINTS / epochs > epoch * POINTS / epochs;
        if (shown) {
          double mean = Memory.doubles(lossSum)[0] / (step - since);
          if (!Double.isFinite(mean)) {
            throw new Diverged("the training loss is " + mean + " after " + step + " steps");
          }
          curve.add(new Measured.Point(step, mean, validation.score(network)));
          lossSum.zero_();
          since = step;
        }
      }
    }
    double test =
        trial.last() ? PlacedRows.of(rows, rows.test(), device).score(network) : Double.NaN;
    return new Measured(validation.score(network), test, steps, nanos / 1e9, curve, Map.of());
  }
}
