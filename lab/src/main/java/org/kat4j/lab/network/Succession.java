package org.kat4j.lab.network;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.kat4j.data.Feed;
import org.kat4j.data.RowBatch;
import org.kat4j.lab.Curve;
import org.kat4j.lab.Experiment;
import org.kat4j.lab.Measured;
import org.kat4j.lab.Study;
import org.kat4j.lab.Training;
import org.kat4j.lab.Trial;
import org.kat4j.lab.Workplace;
import org.kat4j.task.Measure;
import org.kat4j.task.Scores;
import org.kat4j.task.row.RowTask;
import org.kat4j.train.Decay;
import org.kat4j.train.Loop;

/**
 * Trains a network on tasks one after another, in float32 with Adam, and never again on those
 * before: what is left of them at the end. One optimizer, one head for the classes of all tasks; of
 * each task as many batches an epoch as the smallest one has.
 *
 * <p>With A(i, j) the accuracy on task i after task j and n tasks, the score is the mean of A(i,
 * n); backward transfer, the mean of A(i, n) - A(i, i) over all tasks, stands beside it. Source:
 * sheet 09 (d).
 *
 * @param epochs passes over the rows of a task
 * @param batch rows of an update
 */
public record Succession(int epochs, int batch) {
  /** The mean over all tasks after the last one. */
  public static final Measure ACCURACY = new Measure("mean accuracy", "%", true, false);

  /** Makes the tasks, in their order; called once. */
  @FunctionalInterface
  public interface Source {
    List<Rows> open(Workplace place);
  }

  /** The opening of a study whose arms are models of rows. */
  public Study.Opening on(Source source) {
    return place -> {
      List<Rows> tasks = source.open(place);
      String data = tasks.stream().map(Rows::checksum).collect(Collectors.joining("; "));
      return new Experiment(data + "; " + this, trial -> run(tasks, trial));
    };
  }

  private Measured run(List<Rows> rows, Trial trial) {
    try (InTurn tasks = new InTurn(rows.stream().map(part -> part.task(trial)).toList(), epochs)) {
      var training = Training.adam(rows.size() * epochs, batch, new Decay.Constant());
      try (Loop<RowBatch> loop = Loop.of(training.of(trial, tasks), tasks)) {
        return measured(loop, tasks.tasks(), trial);
      }
    }
  }

  private Measured measured(Loop<RowBatch> loop, List<RowTask> tasks, Trial trial) {
    Curve curve = new Curve(ACCURACY);
    double[][] test = new double[tasks.size()][]; // [after this task][on this task]
    while (!loop.isFinished()) {
      loop.epoch(Loop.Listener.NONE);
      int done = loop.epochs() + 1;
      if (done % epochs == 0) {
        double loss = loop.meanLoss();
        double seen = mean(accuracies(tasks, loop, task -> task.validation(batch)));
        curve.add((long) done * loop.batches(), loss, seen);
        if (trial.last()) {
          test[done / epochs - 1] = accuracies(tasks, loop, task -> task.test(batch));
        }
      }
      loop.finishEpoch();
    }
    return trial.last()
        ? curve
            .measured(mean(test[tasks.size() - 1]), loop.trainingSeconds())
            .withExtras(extras(test))
        : curve.measured(Double.NaN, loop.trainingSeconds());
  }

  private static double[] accuracies(
      List<RowTask> tasks, Loop<RowBatch> loop, Function<RowTask, Feed<RowBatch>> part) {
    return tasks.stream()
        .mapToDouble(task ->
            Scores.measured(part.apply(task), task.of(loop.model()).meter(), loop.device())
                .of(Measure.ACCURACY))
        .toArray();
  }

  private static double mean(double[] accuracies) {
    return Arrays.stream(accuracies).average().orElse(Double.NaN);
  }

  private static Map<String, Double> extras(double[][] accuracy) {
    Map<String, Double> extras = new LinkedHashMap<>();
    double[] last = accuracy[accuracy.length - 1];
    double transfer = 0;
    for (int task = 0; task < last.length; task++) {
      transfer += (last[task] - accuracy[task][task]) / last.length;
    }
    extras.put("backward transfer", transfer);
    for (int after = 0; after < accuracy.length; after++) {
      for (int task = 0; task <= after; task++) {
        extras.put("task %d after task %d".formatted(task + 1, after + 1), accuracy[after][task]);
      }
    }
    return extras;
  }
}
