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
import org.kat4j.torch.Pass;
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
  private static final int ROWS_AT_ONCE = 2000; // of an evaluation

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

  /** Rows on a device. */
  private record Placed(Tensor x, Tensor y) {
    static Placed of(Rows rows, Rows.Part part, Device device) {
      int n = rows.size(part);
      Tensor x = Tensor.create(part.x(), n, rows.inputs());
      Tensor y;
      if (rows.classes()) {
        long[] labels = new long[n];
        for (int i = 0; i < n; i++) {
          labels[i] = (long) part.y()[i];
        }
        y = Tensor.create(labels);
      } else {
        y = Tensor.create(part.y(), n, rows.outputs());
      }
      return new Placed(Memory.to(x, device), Memory.to(y, device));
    }

    long size() {
      return x.size(0);
    }
  }

  private Measured run(Rows rows, Trial trial) {
    Device device = trial.place().device();
    try (Scope _ = Scope.open()) {
      Placed train = Placed.of(rows, rows.train(), device);
      Placed validation = Placed.of(rows, rows.validation(), device);
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
        for (Tensor tensor : StateDict.of(network).values()) {
          tensor.close();
        }
        for (Tensor tensor : optimizer.state().values()) {
          tensor.close();
        }
      }
    }
  }

  private Measured train(
      Rows rows,
      Trial trial,
      Network network,
      Optimizer optimizer,
      SequencedMap<String, Tensor> parameters,
      Placed train,
      Placed validation) {
    Device device = trial.place().device();
    RandomStream random = new RandomStream(-trial.seed());
    int size = batch == 0 ? (int) train.size() : batch;
    int perEpoch = Math.ceilDiv((int) train.size(), size);
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
        int[] order =
            org.kat4j.data.RandomStream.of(trial.seed(), epoch).permutation((int) train.size());
        for (int b = 0; b < perEpoch; b++) {
          double rate = cosine ? schedule.at(step) : trial.rate();
          try (Scope _ = Scope.open()) {
            Tensor loss = loss(rows, network, batch(train, order, b * size, size, device), random);
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
          curve.add(new Measured.Point(step, mean, score(rows, network, validation)));
          lossSum.zero_();
          since = step;
        }
      }
    }
    double test =
        trial.last() ? score(rows, network, Placed.of(rows, rows.test(), device)) : Double.NaN;
    return new Measured(
        score(rows, network, validation), test, steps, nanos / 1e9, curve, Map.of());
  }

  private static Placed batch(Placed all, int[] order, int from, int size, Device device) {
    int count = Math.min(size, order.length - from);
    if (count == order.length) {
      return all;
    }
    long[] chosen = new long[count];
    for (int i = 0; i < count; i++) {
      chosen[i] = order[from + i];
    }
    Tensor index = Memory.to(Tensor.create(chosen), device);
    return new Placed(all.x.index_select(0, index), all.y.index_select(0, index));
  }

  private static Tensor loss(Rows rows, Network network, Placed batch, RandomStream random) {
    Tensor out = network.forward(batch.x, Pass.training(random)); // [rows, outputs]
    return rows.classes() ? Losses.crossEntropy(out, batch.y, 0) : out.sub(batch.y).square().mean();
  }

  /** Percent of right classes, or the root of the mean squared error. */
  private static double score(Rows rows, Network network, Placed data) {
    double sum = 0;
    try (var _ = Scope.noGradients()) {
      for (long from = 0; from < data.size(); from += ROWS_AT_ONCE) {
        try (Scope _ = Scope.open()) {
          long count = Math.min(ROWS_AT_ONCE, data.size() - from);
          Tensor out = network.forward(data.x.narrow(0, from, count), Pass.evaluation());
          Tensor y = data.y.narrow(0, from, count);
          sum +=
              rows.classes()
                  ? Losses.countInTop(out, y, 1).item_long()
                  : out.sub(y).square().sum().item_double();
        }
      }
    }
    return rows.classes()
        ? 100 * sum / data.size()
        : Math.sqrt(sum / (data.size() * rows.outputs()));
  }
}
