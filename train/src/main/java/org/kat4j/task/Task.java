package org.kat4j.task;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;
import org.kat4j.data.Batch;
import org.kat4j.data.Feed;
import org.kat4j.image.Picture;
import org.kat4j.model.Model;
import org.kat4j.model.Signature;

/**
 * Opened data, and what is asked of a model: everything that distinguishes training on images from
 * training on text. It builds no models and runs no loops.
 *
 * @param <B> what a batch holds
 */
public interface Task<B extends Batch> extends AutoCloseable {
  /**
   * A task as data, in YAML under {@code task}: a record with a {@link org.kat4j.config.Kind}.
   * Further kinds are announced by a {@link org.kat4j.config.Kinds} of their module.
   */
  interface Spec {
    /**
     * Opens the data.
     *
     * @param root folder with the files of published sets, null to look in the cache only
     * @param seed decides what is held out
     * @throws org.kat4j.error.UserException if they are missing or cannot be used
     */
    Task<?> open(@Nullable Path root, long seed);

    /** The model that is trained where none is named. */
    Model.Spec usualModel();

    /** A short name of the data, for a folder. */
    String name();
  }

  /**
   * How samples become training batches.
   *
   * @param batchSize samples of a batch
   * @param dropLast whether a last batch that is not full is left out
   * @param seed of everything random
   * @param threads that read samples, 0 to let the task choose
   */
  record Feeding(int batchSize, boolean dropLast, long seed, int threads) {}

  /** The data in a few words: {@code strokes: 4000 training, 1000 validation images}. */
  String describe();

  /** What is counted while it trains, in the plural: images, tokens. */
  String unit();

  /** How many of these a sample of a feed is. */
  default int unitsOfSample() {
    return 1;
  }

  /** Tells the training data from others, so that a run does not go on with data that changed. */
  String checksum();

  /** What a model must take and give. */
  Signature signature();

  /** The measure that decides which weights are the best. */
  Measure primary();

  /** What inputs and outputs mean, for the metadata of weights. */
  Map<String, String> meaning();

  /**
   * The training samples.
   *
   * @throws org.kat4j.error.UserException where batches of this size cannot be made
   */
  Feed<B> training(Feeding how);

  /** The samples that a model is chosen by. */
  Feed<B> validation(int batchSize);

  /** Samples that nothing is chosen by; those of the validation where there are no others. */
  default Feed<B> test(int batchSize) {
    return validation(batchSize);
  }

  /** Whether {@link #test} has other samples than {@link #validation}. */
  default boolean hasTest() {
    return false;
  }

  /**
   * What is asked of this model.
   *
   * @throws org.kat4j.error.UserException where it is of another kind
   */
  Objective<B> of(Model model);

  /** The key of the configuration that makes samples smaller, for advice where memory is short. */
  String sizeKey();

  /** Some training samples as pictures, by what they show; none where they cannot be drawn. */
  default SequencedMap<String, Picture> pictures() {
    return new LinkedHashMap<>();
  }

  /** Lets go of the data. */
  @Override
  default void close() {}
}
