package org.kat4j.lab.p07;

import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.data.Batch;
import org.kat4j.data.Batches;
import org.kat4j.function.kan.Selector;
import org.kat4j.lab.Curve;
import org.kat4j.lab.Experiment;
import org.kat4j.lab.Measured;
import org.kat4j.lab.Study;
import org.kat4j.lab.Training;
import org.kat4j.lab.Trial;
import org.kat4j.model.Model;
import org.kat4j.task.Task;
import org.kat4j.torch.Device;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;
import org.kat4j.train.Loop;
import org.kat4j.train.TrainConfig;

/**
 * Trains a pool of bases as others are trained, in three phases: all members together for 40 % of
 * the epochs, a falling temperature of the choice for 20 %, the chosen members alone, by an
 * optimizer that starts anew, for 40 %. One schedule goes over all phases.
 *
 * @param training of pools and of fixed models
 */
record ThreePhases(Training training) {
  private static final double TOGETHER = 0.4;
  private static final double SHARPENED = 0.6;
  private static final double COLDEST = 0.05;

  /** The opening of a study of pools and of fixed models. */
  Study.Opening on(Training.Source source) {
    return place -> {
      Training.Data data = source.open(place);
      Experiment fixed = training.on(_ -> data).open(place);
      return new Experiment(
          fixed.determinedBy() + "; three phases",
          trial ->
              Choice.isIn((Model.Spec) trial.arm().spec())
                  ? run(data, trial)
                  : fixed.body().run(trial));
    };
  }

  private Measured run(Training.Data data, Trial trial) {
    try (Task<?> task = data.task(trial)) {
      return run(task, trial);
    }
  }

  private <B extends Batch> Measured run(Task<B> task, Trial trial) {
    TrainConfig config = training.of(trial, task);
    int together = (int) Math.round(TOGETHER * training.epochs());
    int sharpened = (int) Math.round(SHARPENED * training.epochs());
    try (Loop<B> pool = Loop.of(config, task)) {
      Choice choice = Choice.of(pool.model());
      calibrate(choice, task, config);
      pool.run(new Sharpening(choice, together * pool.batches(), sharpened * pool.batches()));
      Curve curve = new Curve(task.primary());
      try (Loop<B> chosen = Loop.of(config, task, choice.chosen(), sharpened)) {
        chosen.run(curve);
        double test = trial.last() ? chosen.test().of(task.primary()) : Double.NaN;
        return curve
            .measured(test, pool.trainingSeconds() + chosen.trainingSeconds())
            .withExtras(extras(choice, chosen.model()));
      }
    }
  }

  private static <B extends Batch> void calibrate(Choice choice, Task<B> task, TrainConfig config) {
    var how = new Task.Feeding(config.batchSize(), config.dropLast(), config.seed(), 0);
    try (Batches<B> batches = task.training(how).epoch(0, 0);
        Scope _ = Scope.open();
        B first = batches.next()) {
      Tensor inputs = first.tensors().getFirst();
      choice.calibrate(Memory.to(inputs, Device.parse(config.device())));
    }
  }

  /** Lets the temperature fall from one batch to another, where it ends. */
  private static final class Sharpening implements Loop.Listener {
    private final Choice choice;
    private final int from;
    private final int to;
    private int done;

    Sharpening(Choice choice, int from, int to) {
      this.choice = choice;
      this.from = from;
      this.to = to;
    }

    @Override
    public boolean goesOn() {
      if (done >= from && done < to) {
        double share = (double) (done - from) / (to - from);
        choice.selectors().forEach(selector -> selector.sharpen(Math.pow(COLDEST, share)));
      }
      return done < to;
    }

    @Override
    public void batchDone() {
      done++;
    }
  }

  /** Which member each layer chose, by how much, and what is left of the parameters. */
  private static Map<String, Double> extras(Choice choice, Model chosen) {
    Map<String, Double> extras = new LinkedHashMap<>();
    int number = 1;
    try (Scope _ = Scope.open()) {
      for (Selector<?> selector : choice.selectors()) {
        String layer = "layer %d: ".formatted(number++);
        extras.put(layer + "member", (double) Memory.longs(selector.choice())[0]);
        extras.put(layer + "its weight", Memory.doubles(selector.probabilities().max())[0]);
      }
    }
    extras.put("parameters after the choice", (double) StateDict.parameterCount(chosen));
    return extras;
  }
}
