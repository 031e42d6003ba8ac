package org.kat4j.data;

import com.sun.management.OperatingSystemMXBean;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.kat4j.augment.Augmentation;
import org.kat4j.augment.Mixing;
import org.kat4j.error.UserException;
import org.kat4j.image.Picture;

/**
 * Makes batches on threads of its own, ahead of the training loop.
 *
 * <p>What an epoch yields is a function of the set, the augmentation, the mixing and (seed, epoch)
 * alone: the order comes from one random stream, the augmentation of the image at a position of
 * that order from another, the mixing of a batch from a third. Hence the batches are bit-equal
 * whatever the number of threads, and an epoch can be continued at any batch.
 */
public final class Loader {
  private static final int DEFAULT_WORKERS = 1;

  // First part of the keys, so that the kinds of random stream never meet.
  private static final long ORDER = 1;
  private static final long AUGMENTATION = 2;
  private static final long MIXING = 3;
  private static final long ERASING = 4;

  private static final long SMALL_BATCH_BYTES = 64 << 20;

  private final ImageSet set;
  private final Loading loading;
  private final int epoch;
  private final int images;
  private final int[] order;
  private final float[][] normalized;
  private final byte[] fill;

  private Loader(ImageSet set, Loading loading, int epoch) {
    this.set = set;
    this.loading = loading;
    this.epoch = epoch;
    this.images = loading.images(set.size());
    this.order =
        loading.shuffle()
            ? RandomStream.of(ORDER, loading.seed(), epoch).permutation(set.size())
            : new int[0];
    this.normalized = normalizedValues(set);
    this.fill = fill(set);
  }

  /**
   * {@link #epoch(ImageSet, int, boolean, boolean, Augmentation, long, int, int, int)}, 1 thread.
   */
  public static Batches<ImageBatch> epoch(
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

  /** {@link #epoch(ImageSet, Loading, int, int)} without mixing. */
  public static Batches<ImageBatch> epoch(
      ImageSet set,
      int batchSize,
      boolean shuffle,
      boolean dropLast,
      Augmentation augmentation,
      long seed,
      int epoch,
      int firstBatch,
      int workers) {
    Loading loading =
        new Loading(batchSize, shuffle, dropLast, augmentation, Mixing.NONE, seed, workers);
    return epoch(set, loading, epoch, firstBatch);
  }

  /**
   * The batches of one epoch.
   *
   * @param epoch number of the epoch, from 0
   * @param firstBatch batch to begin with, from 0: how many of this epoch were done already
   * @throws UserException if no batch can be made from these numbers
   */
  public static Batches<ImageBatch> epoch(
      ImageSet set, Loading loading, int epoch, int firstBatch) {
    int images = loading.images(set.size());
    if (loading.dropLast() && loading.batchSize() > images) {
      throw new UserException(
          "batch size is %d, but there are only %d images: give at most that many"
              .formatted(loading.batchSize(), images));
    }
    int batches = loading.batches(set.size());
    if (firstBatch < 0 || firstBatch > batches) {
      throw new UserException(
          "first batch is %d, but the epoch has %d batches of %d images"
              .formatted(firstBatch, batches, loading.batchSize()));
    }
    checkMemory(set, loading.batchSize());
    Loader loader = new Loader(set, loading, epoch);
    return new LoadedBatches(loader, firstBatch, batches, loading.workers());
  }

  /**
   * Says before anything is allocated that batches would not fit.
   *
   * @throws UserException if those waiting would take more than half of the machine's memory or of
   *     Java's heap
   */
  public static void checkMemory(ImageSet set, int batchSize) {
    long images = Math.min(batchSize, set.size());
    long bytes = images * imageLength(set);
    long waiting = prefetch(bytes) + 1L;
    long machine =
        ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getTotalMemorySize();
    long heap = Runtime.getRuntime().maxMemory();
    boolean fits = waiting * Float.BYTES * bytes <= machine / 2 && 2 * bytes <= heap / 2;
    if (!fits) {
      throw new UserException(
          "batches of %d images of %d x %d x %d pixels take %.1f GB each, and %d of them are at hand: lower batchSize or task.data.imageSize"
              .formatted(
                  images,
                  set.channels(),
                  set.height(),
                  set.width(),
                  Float.BYTES * bytes / 1e9,
                  waiting));
    }
  }

  /** Batches that may be made or wait at once: fewer where they are large. */
  private static int prefetch(long bytes) {
    return bytes * Float.BYTES <= SMALL_BATCH_BYTES ? 4 : 2;
  }

  int prefetch() {
    return prefetch((long) batchImages() * imageLength(set));
  }

  /** Memory for batches of this loader. */
  BatchMemory memory() {
    return new BatchMemory((long) batchImages() * imageLength(set), batchImages());
  }

  private int batchImages() {
    return Math.min(loading.batchSize(), images);
  }

  private static int imageLength(ImageSet set) {
    return set.channels() * set.height() * set.width();
  }

  /** Images of batch {@code number}. */
  int count(int number) {
    return Math.min(loading.batchSize(), images - number * loading.batchSize());
  }

  /** An image of a batch as the model is to see it, before mixing; null if it is left out. */
  byte @Nullable [] read(int number, int place) {
    int position = number * loading.batchSize() + place;
    Augmentation augmentation = loading.augmentation();
    try {
      Picture picture;
      if (augmentation.resizedCrop().enabled()) {
        picture = set.picture(index(position));
      } else {
        byte[] pixels = new byte[imageLength(set)];
        set.read(index(position), pixels, 0);
        picture = new Picture(set.channels(), set.height(), set.width(), pixels);
      }
      RandomStream random = RandomStream.of(AUGMENTATION, loading.seed(), epoch, position);
      return augmentation.apply(picture, set.height(), set.width(), fill, random).pixels();
    } catch (SkippedImage _) {
      return null;
    }
  }

  private int index(int position) {
    return order.length == 0 ? position : order[position / loading.augmentation().repeats()];
  }

  /** A batch that was finished. */
  ImageBatch batch(BatchMemory memory, BatchMemory.Block block, int count) {
    return ImageBatch.loaded(memory, block, count, set, loading.mixing().isEnabled());
  }

  /**
   * Writes the images that were read, those left out closed up: mixed, normalised, erased.
   *
   * @return how many there are
   */
  int finish(int number, byte[] @Nullable [] read, BatchMemory.Block block) {
    int[] places = places(read);
    Mixing.Mix[] mixes = mixes(number, places.length);
    byte[] mixed = new byte[imageLength(set)];
    float[] values = new float[mixed.length];
    for (int i = 0; i < places.length; i++) {
      int position = number * loading.batchSize() + places[i];
      int partner = places.length - 1 - i;
      byte[] image = Objects.requireNonNull(read[places[i]]);
      if (mixes[i] != Mixing.Mix.NONE) {
        byte[] other = Objects.requireNonNull(read[places[partner]]);
        Mixing.apply(mixes[i], image, other, mixed, set.height(), set.width());
        image = mixed;
      }
      normalize(image, values);
      loading
          .augmentation()
          .erasing()
          .apply(
              values,
              set.channels(),
              set.height(),
              set.width(),
              RandomStream.of(ERASING, loading.seed(), epoch, position));
      put(block, i, values);
      block.labels().setAtIndex(ValueLayout.JAVA_LONG, i, label(number, places[i]));
      if (loading.mixing().isEnabled()) {
        block.partnerLabels().setAtIndex(ValueLayout.JAVA_LONG, i, label(number, places[partner]));
        block.shares().setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) mixes[i].share());
      }
    }
    return places.length;
  }

  private static int[] places(byte[] @Nullable [] read) {
    int[] places = new int[read.length];
    int count = 0;
    for (int i = 0; i < read.length; i++) {
      if (read[i] != null) {
        places[count++] = i;
      }
    }
    return Arrays.copyOf(places, count);
  }

  private Mixing.Mix[] mixes(int number, int count) {
    if (loading.mixing().isOn(epoch)) {
      RandomStream random = RandomStream.of(MIXING, loading.seed(), epoch, number);
      return loading.mixing().draw(count, set.height(), set.width(), random);
    }
    Mixing.Mix[] none = new Mixing.Mix[count];
    Arrays.fill(none, Mixing.Mix.NONE);
    return none;
  }

  private int label(int number, int place) {
    return set.label(index(number * loading.batchSize() + place));
  }

  private static void put(BatchMemory.Block block, int place, float[] values) {
    long offset = (long) Float.BYTES * values.length * place;
    MemorySegment.copy(values, 0, block.pixels(), ValueLayout.JAVA_FLOAT, offset, values.length);
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

  /** The mean colour in bytes. */
  private static byte[] fill(ImageSet set) {
    float[] mean = set.normalization().mean();
    byte[] fill = new byte[mean.length];
    for (int channel = 0; channel < fill.length; channel++) {
      fill[channel] = (byte) Math.clamp(Math.round(255 * mean[channel]), 0, 255);
    }
    return fill;
  }
}
