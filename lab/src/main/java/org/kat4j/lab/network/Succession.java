package org.kat4j.lab.network;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.kat4j.data.LastBatch;
import org.kat4j.lab.Course;
import org.kat4j.lab.Experiment;
import org.kat4j.lab.Measured;
import org.kat4j.lab.Study;
import org.kat4j.lab.Trial;
import org.kat4j.lab.Workplace;
import org.kat4j.optim.AdamW;
import org.kat4j.task.Measure;
import org.kat4j.torch.Device;
import org.kat4j.torch.RandomStream;
import org.kat4j.torch.Scope;

/**
 * Trains a network on tasks one after another, in float32 with Adam, and never again on those
 * before: what is left of them at the end. One optimizer, one head for the classes of all tasks.
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

  /** The opening of a study whose arms are {@link Network.Spec}s. */
  public Study.Opening on(Source source) {
    return place -> {
      List<Rows> tasks = source.open(place);
      String data = tasks.stream().map(Rows::checksum).collect(Collectors.joining("; "));
      return new Experiment(data + "; " + this, trial -> run(tasks, trial));
    };
  }

  private Measured run(List<Rows> tasks, Trial trial) {
    Device device = trial.place().device();
    Rows first = tasks.getFirst();
    try (Scope _ = Scope.open()) {
      Network network = Network.of(trial, first.inputs(), first.outputs());
      List<PlacedRows> validation =
          tasks.stream().map(task -> PlacedRows.of(task, task.validation(), device)).toList();
      List<PlacedRows> test =
          trial.last()
              ? tasks.stream().map(task -> PlacedRows.of(task, task.test(), device)).toList()
              : List.of();
      try (Course course =
          new Course(network, new AdamW.Spec(trial.rate(), 0, 0.9, 0.999, 1e-8), 0, device)) {
        double[][] accuracy = new double[tasks.size()][]; // [after this task][on this task]
        for (int task = 0; task < tasks.size(); task++) {
          Rows rows = tasks.get(task);
          learn(task, PlacedRows.of(rows, rows.train(), device), trial, network, course);
          course.point(() -> mean(accuracies(validation, network)));
          accuracy[task] = accuracies(test, network);
        }
        return trial.last()
            ? course.measured(mean(accuracy[tasks.size() - 1])).withExtras(extras(accuracy))
            : course.measured(Double.NaN);
      }
    }
  }

  private void learn(int task, PlacedRows train, Trial trial, Network network, Course course) {
    RandomStream random = new RandomStream(-trial.seed());
    for (int epoch = 0; epoch < epochs; epoch++) {
      int[] order =
          org.kat4j.data.RandomStream.of(trial.seed(), task, epoch).permutation(train.size());
      for (int b = 0; b < LastBatch.batches(order.length, batch); b++) {
        int at = b * batch;
        course.update(trial.rate(), () -> train.batch(order, at, batch).loss(network, random));
      }
    }
  }

  private static double[] accuracies(List<PlacedRows> parts, Network network) {
    return parts.stream().mapToDouble(part -> part.score(network)).toArray();
  }

  private static double mean(double[] accuracies) {
    double sum = 0;
    for (double accuracy : accuracies) {
      sum += accuracy;
    }
    return sum / accuracies.length;
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
