package org.kat4j.data;

/**
 * Where a loop's batches come from: a data set in batches, read by threads, resident in memory or
 * drawn as it goes.
 *
 * <p>What it yields is a function of its seed, the epoch and the place in the epoch, and of nothing
 * else: a run that goes on at any batch sees what it would have seen.
 *
 * @param <B> what a batch holds
 */
public interface Feed<B extends Batch> {
  /** Samples of an epoch. */
  int samples();

  /** Batches of an epoch. */
  int batches();

  /**
   * The batches of one epoch.
   *
   * @param epoch its number, from 0
   * @param firstBatch batch to begin with, from 0: how many of this epoch were done already
   */
  Batches<B> epoch(int epoch, int firstBatch);
}
