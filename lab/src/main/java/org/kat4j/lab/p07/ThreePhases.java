package org.kat4j.lab.p07;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.function.kan.KanLayer;
import org.kat4j.function.kan.KanStack;
import org.kat4j.function.kan.Selection;
import org.kat4j.function.kan.Selector;
import org.kat4j.lab.Diverged;
import org.kat4j.lab.Measured;
import org.kat4j.lab.Trial;
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
import org.kat4j.torch.Pass;
import org.kat4j.torch.RandomStream;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;

/**
 * Trains a pool of bases in float32 with AdamW on all rows: all members together for 40 % of the
 * steps, a falling temperature of the choice for 20 %, the chosen members alone for 40 %. One
 * cosine goes over all phases.
 *
 * @param steps updates of all phases
 */
record ThreePhases(int steps) {
  private static final double TOGETHER = 0.4;
  private static final double SHARPENED = 0.6;
  private static final double COLDEST = 0.05;

  /**
   * A network whose layers choose their basis, each layer one.
   *
   * @param pool to choose from
   * @param hidden width of the hidden layer
   */
  record Pool(List<KanLayer.Spec> pool, int hidden) {
    Pool {
      pool = List.copyOf(pool);
    }

    private List<Selection> build(int in, Context context) {
      return List.of(layer(in, hidden, context), layer(hidden, 1, context));
    }

    private Selection layer(int in, int out, Context context) {
      List<KanLayer> members = pool.stream().map(member -> member.build(in, out, context)).toList();
      return new Selection(members, out, Selector.Granularity.LAYER, context);
    }

    /** Trained numbers before the choice. */
    long parameters(int in) {
      try (Scope _ = Scope.open()) {
        List<Selection> layers = build(in, Context.cpu(0).withDevice(Device.META));
        return StateDict.parameterCount(stack(layers));
      }
    }
  }

  /** Rows on a device: {@code x [rows, in]}, {@code y [rows, 1]}. */
  private record Placed(Tensor x, Tensor y) {
    static Placed of(Rows rows, Rows.Part part, Device device) {
      long count = part.y().length;
      return new Placed(
          Memory.to(Tensor.create(part.x(), count, rows.inputs()), device),
          Memory.to(Tensor.create(part.y(), count, 1), device));
    }

    double error(KanStack network) {
      try (Scope _ = Scope.open();
          var _ = Scope.noGradients()) {
        Tensor out = network.forward(x, Pass.evaluation());
        return Math.sqrt(Memory.doubles(Losses.meanSquaredError(out, y))[0]);
      }
    }
  }

  Measured run(Rows rows, Trial trial) {
    Device device = trial.place().device();
    try (Scope _ = Scope.open()) {
      Placed train = Placed.of(rows, rows.train(), device);
      Placed validation = Placed.of(rows, rows.validation(), device);
      Context context =
          new Context(device, DType.FLOAT32, new RandomStream(trial.seed()), 0, 1, true);
      List<Selection> layers = ((Pool) trial.arm().spec()).build(rows.inputs(), context);
      try {
        device.synchronize();
        long start = System.nanoTime();
        KanStack chosen = train(layers, train, trial);
        device.synchronize();
        double seconds = (System.nanoTime() - start) / 1e9;
        double score = validation.error(chosen);
        if (!Double.isFinite(score)) {
          throw new Diverged("the validation error is " + score);
        }
        double test =
            trial.last() ? Placed.of(rows, rows.test(), device).error(chosen) : Double.NaN;
        return new Measured(score, test, steps, seconds, List.of(), extras(layers, chosen));
      } finally {
        Scope.free(StateDict.of(stack(layers)).values());
      }
    }
  }

  /** The network of the chosen members, trained. */
  private KanStack train(List<Selection> layers, Placed train, Trial trial) {
    calibrate(layers, train.x);
    var schedule = new CosineSchedule(trial.rate(), steps, 0, 0, 0, false);
    int together = (int) (TOGETHER * steps);
    int sharpened = (int) (SHARPENED * steps);
    KanStack pool = stack(layers);
    try (var updates = new Updates(pool, train, trial.rate())) {
      for (int step = 0; step < sharpened; step++) {
        if (step >= together) {
          double share = (double) (step - together) / (sharpened - together);
          layers.forEach(layer -> layer.selector().sharpen(Math.pow(COLDEST, share)));
        }
        updates.step(schedule.at(step));
      }
    }
    KanStack chosen = new KanStack("layers", layers.stream().map(Selection::pruned).toList());
    try (var updates = new Updates(chosen, train, trial.rate())) {
      for (int step = sharpened; step < steps; step++) {
        updates.step(schedule.at(step));
      }
    }
    return chosen;
  }

  /** Each layer by what the one before it gives. */
  private static void calibrate(List<Selection> layers, Tensor x) {
    try (Scope _ = Scope.open();
        var _ = Scope.noGradients()) {
      Tensor input = x;
      for (Selection layer : layers) {
        layer.selector().calibrate(input);
        input = layer.forward(input, Pass.evaluation());
      }
    }
  }

  private static KanStack stack(List<Selection> layers) {
    return new KanStack("layers", List.copyOf(layers));
  }

  /** Which member each layer chose, by how much, and what is left of the parameters. */
  private static Map<String, Double> extras(List<Selection> layers, KanStack chosen) {
    Map<String, Double> extras = new LinkedHashMap<>();
    for (int l = 0; l < layers.size(); l++) {
      long member = Memory.longs(layers.get(l).selector().choice())[0];
      extras.put("layer %d: member".formatted(l + 1), (double) member);
      extras.put(
          "layer %d: its weight".formatted(l + 1),
          Memory.doubles(layers.get(l).selector().probabilities().max())[0]);
    }
    extras.put("parameters after the choice", (double) StateDict.parameterCount(chosen));
    return extras;
  }

  /** Updates of a network's parameters with an optimizer that starts anew. */
  private static final class Updates implements AutoCloseable {
    private final KanStack network;
    private final Placed train;
    private final SequencedMap<String, Tensor> parameters;
    private final Optimizer optimizer;
    private final RandomStream random = new RandomStream(0); // nothing draws from it

    Updates(KanStack network, Placed train, double rate) {
      this.network = network;
      this.train = train;
      parameters = StateDict.trained(network);
      optimizer =
          new AdamW.Spec(rate, 0, 0.9, 0.999, 1e-8).build(ParameterGroup.single(parameters, 0));
    }

    void step(double rate) {
      try (Scope _ = Scope.open()) {
        Tensor out = network.forward(train.x, Pass.training(random));
        Losses.meanSquaredError(out, train.y).backward();
        optimizer.step(rate);
        StateDict.clearGradients(parameters);
      }
    }

    @Override
    public void close() {
      Scope.free(optimizer.state().values());
    }
  }
}
