package org.kat4j.lab.network;

import org.kat4j.data.LastBatch;
import org.kat4j.lab.Course;
import org.kat4j.lab.Experiment;
import org.kat4j.lab.Measured;
import org.kat4j.lab.Study;
import org.kat4j.lab.Trial;
import org.kat4j.lab.Workplace;
import org.kat4j.optim.AdamW;
import org.kat4j.optim.CosineSchedule;
import org.kat4j.torch.Device;
import org.kat4j.torch.RandomStream;
import org.kat4j.torch.Scope;

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
      Network network = Network.of(trial, rows.inputs(), rows.outputs());
      try (Course course =
          new Course(
              network, new AdamW.Spec(trial.rate(), weightDecay, 0.9, 0.999, 1e-8), 0, device)) {
        train(trial, network, course, train, validation);
        double test =
            trial.last() ? PlacedRows.of(rows, rows.test(), device).score(network) : Double.NaN;
        return course.measured(test);
      }
    }
  }

  private void train(
      Trial trial, Network network, Course course, PlacedRows train, PlacedRows validation) {
    RandomStream random = new RandomStream(-trial.seed());
    int size = batch == 0 ? train.size() : batch;
    int perEpoch = LastBatch.batches(train.size(), size);
    long steps = (long) epochs * perEpoch;
    var schedule = new CosineSchedule(trial.rate(), steps, 0, 0, 0, false);
    long step = 0;
    for (int epoch = 0; epoch < epochs; epoch++) {
      int[] order = org.kat4j.data.RandomStream.of(trial.seed(), epoch).permutation(train.size());
      for (int b = 0; b < perEpoch; b++) {
        int from = b * size;
        course.update(
            cosine ? schedule.at(step) : trial.rate(),
            () -> train.batch(order, from, size).loss(network, random));
        step++;
      }
      boolean shown = (epoch + 1) * POINTS / epochs > epoch * POINTS / epochs;
      if (shown) {
        course.point(() -> validation.score(network));
      }
    }
  }
}
