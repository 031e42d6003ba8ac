package org.kat4j.lab.p07;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.data.LastBatch;
import org.kat4j.data.RandomStream;
import org.kat4j.error.DivergedException;
import org.kat4j.function.kan.Selector;
import org.kat4j.lab.Experiment;
import org.kat4j.lab.Measured;
import org.kat4j.lab.Study;
import org.kat4j.lab.Trial;
import org.kat4j.lab.network.Fit;
import org.kat4j.lab.network.Network;
import org.kat4j.lab.network.PlacedRows;
import org.kat4j.lab.network.Rows;
import org.kat4j.optim.AdamW;
import org.kat4j.optim.CosineSchedule;
import org.kat4j.optim.Optimizer;
import org.kat4j.optim.ParameterGroup;
import org.kat4j.torch.Context;
import org.kat4j.torch.DType;
import org.kat4j.torch.Device;
import org.kat4j.torch.Losses;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;

/**
 * Trains a pool of bases in float32 with AdamW as {@link Fit} trains fixed ones: all members
 * together for 40 % of the steps, a falling temperature of the choice for 20 %, the chosen members
 * alone for 40 %. One cosine goes over all phases.
 *
 * @param epochs passes over the training rows
 * @param batch rows of an update, 0 for all of them
 */
record ThreePhases(int epochs, int batch) {
  private static final double TOGETHER = 0.4;
  private static final double SHARPENED = 0.6;
  private static final double COLDEST = 0.05;

  /** The opening of a study of pools and of fixed networks, all along the same cosine. */
  Study.Opening on(Fit.Source source) {
    return place -> {
      Rows rows = source.open(place);
      Experiment fixed = new Fit(epochs, batch, 0, true).on(_ -> rows).open(place);
      return new Experiment(
          fixed.determinedBy() + "; " + this,
          trial ->
              trial.arm().spec() instanceof Pool pool
                  ? run(pool, rows, trial)
                  : fixed.body().run(trial));
    };
  }

  private Measured run(Pool pool, Rows rows, Trial trial) {
    Device device = trial.place().device();
    try (Scope _ = Scope.open()) {
      PlacedRows train = PlacedRows.of(rows, rows.train(), device);
      PlacedRows validation = PlacedRows.of(rows, rows.validation(), device);
      var random = new org.kat4j.torch.RandomStream(trial.seed());
      Context context = new Context(device, DType.FLOAT32, random, 0, 1, true);
      Pool.Choosing network = pool.build(rows.inputs(), rows.outputs(), context);
      try {
        device.synchronize();
        long start = System.nanoTime();
        var batches = new Batches(train, trial.seed());
        Network chosen = train(network, batches, trial.rate());
        device.synchronize();
        double seconds = (System.nanoTime() - start) / 1e9;
        double test =
            trial.last() ? PlacedRows.of(rows, rows.test(), device).score(chosen) : Double.NaN;
        double score = validation.score(chosen);
        return new Measured(
            score, test, batches.steps(), seconds, List.of(), extras(network, chosen));
      } finally {
        StateDict.free(network);
      }
    }
  }

  /** The network of the chosen members, trained. */
  private Network train(Pool.Choosing pool, Batches batches, double rate) {
    int steps = batches.steps();
    int together = (int) (TOGETHER * steps);
    int sharpened = (int) (SHARPENED * steps);
    try (Scope _ = Scope.open()) {
      pool.calibrate(batches.at(0).x());
    }
    try (var updates = new Updates(pool, batches, rate)) {
      updates.run(0, together);
      for (int step = together; step < sharpened; step++) {
        double share = (double) (step - together) / (sharpened - together);
        pool.selectors().forEach(selector -> selector.sharpen(Math.pow(COLDEST, share)));
        updates.run(step, step + 1);
      }
      updates.check();
    }
    Network chosen = pool.pruned();
    try (var updates = new Updates(chosen, batches, rate)) {
      updates.run(sharpened, steps);
      updates.check();
    }
    return chosen;
  }

  /** Which member each layer chose, by how much, and what is left of the parameters. */
  private static Map<String, Double> extras(Pool.Choosing network, Network chosen) {
    Map<String, Double> extras = new LinkedHashMap<>();
    int number = 1;
    for (Selector<?> selector : network.selectors()) {
      String layer = "layer %d: ".formatted(number++);
      extras.put(layer + "member", (double) Memory.longs(selector.choice())[0]);
      extras.put(layer + "its weight", Memory.doubles(selector.probabilities().max())[0]);
    }
    extras.put("parameters after the choice", (double) StateDict.parameterCount(chosen));
    return extras;
  }

  /** The rows of each step, in the order in which {@link Fit} takes them. */
  private final class Batches {
    private final PlacedRows rows;
    private final long seed;
    private final int size;
    private final int perEpoch;
    private int[] order = {};
    private int epoch = -1;

    Batches(PlacedRows rows, long seed) {
      this.rows = rows;
      this.seed = seed;
      size = batch == 0 ? rows.size() : batch;
      perEpoch = LastBatch.batches(rows.size(), size);
    }

    int steps() {
      return epochs * perEpoch;
    }

    PlacedRows at(int step) {
      if (step / perEpoch != epoch) {
        epoch = step / perEpoch;
        order = RandomStream.of(seed, epoch).permutation(rows.size());
      }
      return rows.batch(order, step % perEpoch * size, size);
    }
  }

  /** Updates of a network's parameters with an optimizer that starts anew. */
  private static final class Updates implements AutoCloseable {
    private final Network network;
    private final Batches batches;
    private final CosineSchedule schedule;
    private final SequencedMap<String, Tensor> parameters;
    private final Optimizer optimizer;
    private final org.kat4j.torch.RandomStream random;
    private final Tensor lossSum;

    Updates(Network network, Batches batches, double rate) {
      this.network = network;
      this.batches = batches;
      schedule = new CosineSchedule(rate, batches.steps(), 0, 0, 0, false);
      parameters = StateDict.trained(network);
      optimizer =
          new AdamW.Spec(rate, 0, 0.9, 0.999, 1e-8).build(ParameterGroup.single(parameters, 0));
      random = new org.kat4j.torch.RandomStream(-batches.seed);
      lossSum = Losses.zeroSum(Device.of(batches.rows.x()));
    }

    void run(int from, int to) {
      for (int step = from; step < to; step++) {
        try (Scope _ = Scope.open()) {
          Tensor loss = batches.at(step).loss(network, random);
          loss.backward();
          optimizer.step(schedule.at(step));
          StateDict.clearGradients(parameters);
          Losses.addTo(lossSum, loss);
        }
      }
    }

    /** A loss that was no number once leaves a sum that is none. */
    void check() {
      DivergedException.finite(
          "sum of the training losses", Memory.doubles(lossSum)[0], "after a phase");
    }

    @Override
    public void close() {
      lossSum.close();
      optimizer.close();
    }
  }
}
