package org.kat4j.data;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.BooleanSupplier;
import org.kat4j.augment.Augmentation;
import org.kat4j.error.UserException;

/**
 * Makes batches on threads of its own, ahead of the training loop.
 *
 * <p>What an epoch yields is a function of the set, the augmentation and (seed, epoch) alone: the
 * order comes from one random stream, the augmentation of the image at a position of that order
 * from another. Hence the batches are bit-equal whatever the number of threads, and an epoch can be
 * continued at any batch.
 */
public final class Loader {
  private static final int DEFAULT_WORKERS = 1;

  // First part of the keys, so that the two kinds of random stream never meet.
  private static final long ORDER = 1;
  private static final long AUGMENTATION = 2;

  private final ImageSet set;
  private final int batchSize;
  private final Augmentation augmentation;
  private final long seed;
  private final int epoch;
  private final int[] order;
  private final float[][] normalized;

  private Loader(
      ImageSet set,
      int batchSize,
      boolean shuffle,
      Augmentation augmentation,
      long seed,
      int epoch) {
    this.set = set;
    this.batchSize = batchSize;
    this.augmentation = augmentation;
    this.seed = seed;
    this.epoch = epoch;
    this.order = shuffle ? RandomStream.of(ORDER, seed, epoch).permutation(set.size()) : new int[0];
    this.normalized = normalizedValues(set);
  }

  /**
   * {@link #epoch(ImageSet, int, boolean, boolean, Augmentation, long, int, int, int)}, 1 thread.
   */
  public static Batches epoch(
      ImageSet set,
      int batchSize,
      boolean shuffle,
      boolean dropLast,
      Augmentation augmentation,
      long seed,
      int epoch,
      int firstBatch) {
    return epoch(
        set, batchSize, shuffle, dropLast, augmentation, seed, epoch, firstBatch, DEFAULT_WORKERS);
  }

  /**
   * The batches of one epoch.
   *
   * @param batchSize images per batch, at least 1
   * @param shuffle whether to go through the set in an order drawn from (seed, epoch)
   * @param dropLast whether to leave out a last batch that is not full
   * @param epoch number of the epoch, from 0
   * @param firstBatch batch to begin with, from 0: how many of this epoch were done already
   * @param workers threads that make batches, at least 1
   * @throws UserException if no batch can be made from these numbers
   */
  public static Batches epoch(
      ImageSet set,
      int batchSize,
      boolean shuffle,
      boolean dropLast,
      Augmentation augmentation,
      long seed,
      int epoch,
      int firstBatch,
      int workers) {
    if (batchSize < 1) {
      throw new UserException("batch size is %d: give at least 1".formatted(batchSize));
    }
    if (dropLast && batchSize > set.size()) {
      throw new UserException(
          "batch size is %d, but there are only %d images: give at most that many"
              .formatted(batchSize, set.size()));
    }
    int batches = batches(set.size(), batchSize, dropLast);
    if (firstBatch < 0 || firstBatch > batches) {
      throw new UserException(
          "first batch is %d, but the epoch has %d batches of %d images"
              .formatted(firstBatch, batches, batchSize));
    }
    if (workers < 1) {
      throw new UserException("loader threads are %d: give at least 1".formatted(workers));
    }
    Loader loader = new Loader(set, batchSize, shuffle, augmentation, seed, epoch);
    return new Batches(loader, firstBatch, batches, workers);
  }

  /** Number of batches in an epoch over {@code images} images. */
  public static int batches(int images, int batchSize, boolean dropLast) {
    return dropLast ? images / batchSize : Math.ceilDiv(images, batchSize);
  }

  /** Memory for batches of this loader. */
  BatchMemory memory() {
    int images = Math.min(batchSize, set.size());
    return new BatchMemory((long) images * imageLength(), images);
  }

  private int imageLength() {
    return set.channels() * set.height() * set.width();
  }

  /**
   * Makes batch {@code number} of the epoch.
   *
   * @param unwanted asked before each image; once true, the rest of the batch is left as it is
   */
  Batch make(int number, BatchMemory memory, BooleanSupplier unwanted) {
    int first = number * batchSize;
    int count = Math.min(batchSize, set.size() - first);
    Batch batch = new Batch(memory, memory.take(), count, set);
    try {
      fill(batch, first, unwanted);
      return batch;
    } catch (Throwable e) {
      batch.close();
      throw e;
    }
  }

  private void fill(Batch batch, int first, BooleanSupplier unwanted) {
    int length = imageLength();
    byte[] image = new byte[length];
    float[] values = new float[length];
    MemorySegment pixels = batch.pixels();
    MemorySegment labels = batch.labels();
    for (int i = 0; i < batch.count() && !unwanted.getAsBoolean(); i++) {
      int position = first + i;
      int index = order.length == 0 ? position : order[position];
      set.read(index, image, 0);
      augmentation.apply(
          image,
          set.channels(),
          set.height(),
          set.width(),
          RandomStream.of(AUGMENTATION, seed, epoch, position));
      normalize(image, values);
      MemorySegment.copy(values, 0, pixels, ValueLayout.JAVA_FLOAT, 4L * length * i, length);
      labels.setAtIndex(ValueLayout.JAVA_LONG, i, set.label(index));
    }
  }

  private void normalize(byte[] image, float[] values) {
    int area = set.height() * set.width();
    for (int channel = 0; channel < set.channels(); channel++) {
      float[] table = normalized[channel];
      for (int p = channel * area; p < (channel + 1) * area; p++) {
        values[p] = table[Byte.toUnsignedInt(image[p])];
      }
    }
  }

  /** {@code (pixel / 255 - mean) / std} of every pixel value, by channel. */
  private static float[][] normalizedValues(ImageSet set) {
    float[] mean = set.normalization().mean();
    float[] std = set.normalization().std();
    float[][] values = new float[set.channels()][256];
    for (int channel = 0; channel < values.length; channel++) {
      for (int pixel = 0; pixel < 256; pixel++) {
        values[channel][pixel] = (pixel / 255f - mean[channel]) / std[channel];
      }
    }
    return values;
  }
}
