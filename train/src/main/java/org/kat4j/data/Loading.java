package org.kat4j.data;

import org.kat4j.augment.Augmentation;
import org.kat4j.augment.Mixing;
import org.kat4j.error.UserException;

/**
 * How a set is turned into batches.
 *
 * @param batchSize images per batch, at least 1
 * @param shuffle whether this is training: the order is drawn from (seed, epoch), and a last batch
 *     of one image is left out
 * @param dropLast whether to leave out a last batch that is not full
 * @param augmentation what happens to each image
 * @param mixing what happens between images
 * @param seed of order, augmentation and mixing
 * @param workers threads that make batches, at least 1
 */
public record Loading(
    int batchSize,
    boolean shuffle,
    boolean dropLast,
    Augmentation augmentation,
    Mixing mixing,
    long seed,
    int workers) {
  /** timm's sampler of repeated augmentation shows this many images, or a multiple. */
  private static final int REPEATED_ROUND = 256;

  public Loading {
    if (batchSize < 1) {
      throw new UserException("batch size is %d: give at least 1".formatted(batchSize));
    }
    if (workers < 1) {
      throw new UserException("loader threads are %d: give at least 1".formatted(workers));
    }
  }

  /** All images in order, as they are, for an evaluation. */
  public static Loading inOrder(int batchSize, int workers) {
    return new Loading(
        batchSize, false, false, Augmentation.NONE, Mixing.NONE, /* seed= */ 0, workers);
  }

  /** The same without a last batch that is not full. */
  public Loading droppingLast() {
    return new Loading(batchSize, shuffle, true, augmentation, mixing, seed, workers);
  }

  /** Threads that serve a set while this machine trains: images in memory need one. */
  public static int defaultWorkers(ImageSet set) {
    return set.isDecoded() ? Math.max(1, Runtime.getRuntime().availableProcessors() - 1) : 1;
  }

  /**
   * Images of an epoch over a set of {@code size}: all of them, or with repeated augmentation as
   * many shown as there are, cut to a multiple of 256. Source: timm's {@code RepeatAugSampler}.
   */
  public int images(int size) {
    boolean cut = augmentation.repeats() > 1 && size >= REPEATED_ROUND;
    return cut ? size / REPEATED_ROUND * REPEATED_ROUND : size;
  }

  /** Batches of an epoch over a set of {@code size}; see {@link LastBatch} for training. */
  public int batches(int size) {
    int images = images(size);
    if (dropLast) {
      return images / batchSize;
    }
    return shuffle ? LastBatch.batches(images, batchSize) : Math.ceilDiv(images, batchSize);
  }
}
