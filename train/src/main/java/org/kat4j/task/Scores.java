package org.kat4j.task;

import java.util.LinkedHashMap;
import java.util.Optional;
import java.util.SequencedMap;
import org.kat4j.data.Batch;
import org.kat4j.data.Batches;
import org.kat4j.data.Feed;
import org.kat4j.error.UserException;
import org.kat4j.torch.Device;
import org.kat4j.torch.Scope;

/**
 * How good a model is by several measures.
 *
 * @param values by measure, in the order in which they are shown
 * @param detail what the numbers were made of, such as a confusion matrix, where there is such
 */
public record Scores(SequencedMap<Measure, Double> values, Optional<Record> detail) {
  /** What to say of a model that gives no numbers. */
  public static final String NO_NUMBER =
      "the model's output is no number: its weights hold NaN or are too large; take others";

  public Scores {
    values = new LinkedHashMap<>(values);
  }

  /**
   * Puts all samples of a feed through a model: the evaluation loop of every task.
   *
   * @param meter of the model
   * @param device of the model's weights
   */
  public static <B extends Batch> Scores measured(Feed<B> feed, Meter<B> meter, Device device) {
    try (Batches<B> batches = feed.epoch(0, 0);
        var _ = Scope.noGradients()) {
      while (batches.hasNext()) {
        try (Scope _ = Scope.open();
            B batch = batches.next()) {
          if (batch.samples() > 0) { // else all of its files are broken
            meter.add(Batch.on(device, batch));
          }
        }
      }
    }
    return meter.read();
  }

  /**
   * The score by one of the measures.
   *
   * @throws IllegalArgumentException where it is not among them
   */
  public double of(Measure measure) {
    Double value = values.get(measure);
    if (value == null) {
      throw new IllegalArgumentException(
          measure.name() + " was not measured, only " + values.keySet());
    }
    return value;
  }

  /**
   * Makes sure that the model gave numbers: NaN would count as one class or another.
   *
   * @throws UserException when it did not
   */
  public void requireNumbers() {
    if (values.values().stream().anyMatch(score -> score.isNaN())) {
      throw new UserException(NO_NUMBER);
    }
  }

  /** The scores by the names of their measures. */
  public SequencedMap<String, Double> byName() {
    SequencedMap<String, Double> named = new LinkedHashMap<>();
    values.forEach((measure, value) -> named.put(measure.name(), value));
    return named;
  }
}
