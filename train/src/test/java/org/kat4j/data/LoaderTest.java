package org.kat4j.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.kat4j.augment.Augmentation;
import org.kat4j.augment.Erasing;
import org.kat4j.augment.Interpolation;
import org.kat4j.augment.Mixing;
import org.kat4j.augment.RandAugment;
import org.kat4j.augment.ResizedCrop;
import org.kat4j.error.UserException;
import org.kat4j.torch.Memory;

@Timeout(10)
class LoaderTest {
  private static final Augmentation AUGMENTATION = new Augmentation(true, 2);
  private static final ImageSet SET = TestImages.numbered(50, 3, 4, 5);

  /** Pixels and labels of one batch, copied. */
  @SuppressWarnings("ArrayRecordComponent")
  private record Copy(List<Long> shape, float[] pixels, long[] labels) {
    static Copy of(ImageBatch batch) {
      return new Copy(
          Arrays.stream(batch.pixels().shape()).boxed().toList(),
          floats(batch.pixels()),
          Memory.longs(batch.labels()));
    }
  }

  private static float[] floats(Tensor tensor) {
    double[] values = Memory.doubles(tensor);
    float[] floats = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      floats[i] = (float) values[i];
    }
    return floats;
  }

  @Test
  void normalisesAndKeepsTheOrderWhenAskedTo() {
    List<Copy> batches = copies(Loader.epoch(SET, 8, false, false, Augmentation.NONE, 1, 0, 0));

    assertThat(batches).hasSize(7);
    assertThat(batches.getFirst().shape()).containsExactly(8L, 3L, 4L, 5L);
    assertThat(batches.getLast().shape()).containsExactly(2L, 3L, 4L, 5L);
    assertThat(batches.getFirst().labels()).containsExactly(0, 1, 2, 0, 1, 2, 0, 1);
    // Image 9 is the second of batch 1; its pixel 25 lies in channel 1 and is 7 * 9 + 25 = 88.
    float mean = SET.normalization().mean()[1];
    float std = SET.normalization().std()[1];
    assertThat(batches.get(1).pixels()[60 + 25]).isEqualTo((88 / 255f - mean) / std, within(1e-6f));
  }

  @Test
  void dropsOnlyAnIncompleteLastBatch() {
    assertThat(copies(Loader.epoch(SET, 8, true, true, AUGMENTATION, 1, 0, 0))).hasSize(6);
    assertThat(copies(Loader.epoch(SET, 10, true, true, AUGMENTATION, 1, 0, 0))).hasSize(5);
    assertThat(new Loading(8, true, true, AUGMENTATION, Mixing.NONE, 1, 1).batches(50))
        .isEqualTo(6);
    assertThat(new Loading(8, true, false, AUGMENTATION, Mixing.NONE, 1, 1).batches(50))
        .isEqualTo(7);
  }

  @Test
  void shufflingShowsEveryImageOnceInAnOrderOfSeedAndEpoch() {
    List<Copy> epoch = copies(Loader.epoch(SET, 8, true, false, Augmentation.NONE, 1, 0, 0));
    float mean = SET.normalization().mean()[0];
    float std = SET.normalization().std()[0];
    List<Integer> seen = new ArrayList<>();
    for (Copy batch : epoch) {
      for (int i = 0; i < batch.labels().length; i++) {
        // The first pixel of image k is 7 k modulo 256; 183 is the inverse of 7.
        int pixel = Math.round((batch.pixels()[60 * i] * std + mean) * 255);
        int image = 183 * pixel % 256;
        assertThat(batch.labels()[i]).isEqualTo(image % 3);
        seen.add(image);
      }
    }
    assertThat(seen)
        .hasSize(50)
        .doesNotHaveDuplicates()
        .isNotEqualTo(seen.stream().sorted().toList());

    assertThat(epoch.getFirst().pixels())
        .isNotEqualTo(first(1, 1))
        .isNotEqualTo(first(2, 0))
        .isEqualTo(first(1, 0));
  }

  private static float[] first(long seed, int epoch) {
    return copies(Loader.epoch(SET, 8, true, false, Augmentation.NONE, seed, epoch, 0))
        .getFirst()
        .pixels();
  }

  @Test
  void bitsDoNotDependOnTheNumberOfThreads() {
    List<Copy> one = copies(Loader.epoch(SET, 3, true, false, AUGMENTATION, 5, 2, 0, 1));
    List<Copy> four = copies(Loader.epoch(SET, 3, true, false, AUGMENTATION, 5, 2, 0, 4));
    assertThat(four).usingRecursiveComparison().isEqualTo(one);
  }

  private static Loading recipe(int workers) {
    Augmentation all =
        new Augmentation(
            true,
            0,
            new ResizedCrop(true, 0.08, 1, 0.75, 4.0 / 3, Interpolation.RANDOM),
            RandAugment.named("rand-m9-mstd0.5"),
            0,
            new Erasing(0.5, Erasing.Mode.PIXEL, 1, 0.02, 1.0 / 3, 0.3),
            1);
    Mixing mixing = new Mixing(0.8, 1, 1, 0.5, Mixing.Mode.ELEM, 0);
    return new Loading(8, true, false, all, mixing, 5, workers);
  }

  @Test
  void bitsOfTheWholeRecipeDoNotDependOnTheThreadsOrTheStart() {
    List<Copy> one = copies(Loader.epoch(SET, recipe(1), 2, 0));
    List<Copy> four = copies(Loader.epoch(SET, recipe(4), 2, 0));
    List<Copy> rest = copies(Loader.epoch(SET, recipe(2), 2, 4));
    assertThat(four).usingRecursiveComparison().isEqualTo(one);
    assertThat(rest).usingRecursiveComparison().isEqualTo(one.subList(4, 7));
  }

  /** Blends only: what comes out is the sum of what would have come out, by the batch's shares. */
  @Test
  void mixesPartnersAndTheirLabels() {
    Loading plain = new Loading(8, true, false, Augmentation.NONE, Mixing.NONE, 5, 1);
    Mixing mixup = new Mixing(1, 0, 1, 0.5, Mixing.Mode.ELEM, 0);
    Loading mixing = new Loading(8, true, false, Augmentation.NONE, mixup, 5, 1);
    try (Batches<ImageBatch> before = Loader.epoch(SET, plain, 0, 0);
        Batches<ImageBatch> after = Loader.epoch(SET, mixing, 0, 0);
        ImageBatch unmixed = before.next();
        ImageBatch mixed = after.next()) {
      assertThat(unmixed.mixed()).isNull();
      ImageBatch.Mixed mix = Objects.requireNonNull(mixed.mixed());
      long[] labels = Memory.longs(unmixed.labels());
      long[] partners = Memory.longs(mix.partners());
      float[] shares = floats(mix.shares());
      float[] unmixedPixels = floats(unmixed.pixels());
      float[] mixedPixels = floats(mixed.pixels());
      assertThat(Copy.of(mixed).labels()).isEqualTo(Copy.of(unmixed).labels());
      for (int i = 0; i < 8; i++) {
        assertThat(partners[i]).isEqualTo(labels[7 - i]);
        float share = shares[i];
        float own = unmixedPixels[60 * i];
        float other = unmixedPixels[60 * (7 - i)];
        // Half a level of rounding, divided by the standard deviation.
        float level = 0.51f / 255 / SET.normalization().std()[0];
        assertThat(mixedPixels[60 * i]).isEqualTo(share * own + (1 - share) * other, within(level));
      }
    }
  }

  /** Each image three times in a row of the order, and as many images as before. */
  @Test
  void repeatsImagesWithoutALongerEpoch() {
    Augmentation thrice =
        new Augmentation(false, 0, ResizedCrop.NONE, RandAugment.NONE, 0, Erasing.NONE, 3);
    Loading loading = new Loading(9, true, false, thrice, Mixing.NONE, 5, 2);
    assertThat(loading.images(50)).isEqualTo(50);
    assertThat(loading.images(600)).isEqualTo(512);
    List<Copy> epoch = copies(Loader.epoch(SET, loading, 0, 0));
    assertThat(epoch).hasSize(6);
    float[] first = epoch.getFirst().pixels();
    assertThat(first[0]).isEqualTo(first[60]).isEqualTo(first[120]).isNotEqualTo(first[180]);
  }

  /** Images 20 and 21 are broken: their batch is smaller, the others are as they were. */
  @Test
  void leavesOutBrokenImages() {
    ImageSet broken = new PartlyBroken(SET, index -> index == 20 || index == 21);
    List<Copy> all = copies(Loader.epoch(SET, Loading.inOrder(8, 2), 0, 0));
    List<Copy> fewer = copies(Loader.epoch(broken, Loading.inOrder(8, 2), 0, 0));
    assertThat(fewer.get(2).shape()).containsExactly(6L, 3L, 4L, 5L);
    assertThat(fewer.get(2).labels()).containsExactly(1, 2, 0, 1, 1, 2); // 16 .. 19, 22, 23
    assertThat(fewer.get(3)).usingRecursiveComparison().isEqualTo(all.get(3));
    List<Copy> single = copies(Loader.epoch(broken, Loading.inOrder(1, 2), 0, 0));
    assertThat(single.get(20).labels()).isEmpty();
  }

  @Test
  void refusesBatchesThatDoNotFitIntoMemory() {
    ImageSet huge =
        new DelegatingSet(SET) {
          @Override
          public int height() {
            return 8192;
          }

          @Override
          public int width() {
            return 8192;
          }

          @Override
          public int size() {
            return 1 << 20;
          }
        };
    assertThatThrownBy(() -> Loader.epoch(huge, Loading.inOrder(1 << 20, 1), 0, 0))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("lower batchSize or task.data.imageSize");
  }

  @Test
  void continuesInTheMiddleOfAnEpoch() {
    List<Copy> whole = copies(Loader.epoch(SET, 8, true, false, AUGMENTATION, 5, 2, 0));
    List<Copy> rest = copies(Loader.epoch(SET, 8, true, false, AUGMENTATION, 5, 2, 4));
    assertThat(rest).usingRecursiveComparison().isEqualTo(whole.subList(4, 7));
    assertThat(copies(Loader.epoch(SET, 8, true, false, AUGMENTATION, 5, 2, 7))).isEmpty();
  }

  @Test
  void aFailureComesOutAtItsBatch() {
    UserException corrupt = new UserException("image 20 is corrupt");
    try (Batches<ImageBatch> batches =
        Loader.epoch(failingAt(20, corrupt), 8, false, false, Augmentation.NONE, 1, 0, 0, 2)) {
      batches.next().close();
      batches.next().close();
      assertThatThrownBy(batches::next).isSameAs(corrupt);
    }
  }

  @Test
  void closingEarlyEndsTheThreadsAndFreesTheMemory() {
    Batches<ImageBatch> batches = Loader.epoch(SET, 2, true, false, AUGMENTATION, 1, 0, 0, 2);
    ImageBatch held = batches.next();
    var pixels = held.pixels();
    batches.close();

    assertThat(batches.hasNext()).isFalse();
    assertThatThrownBy(batches::next).isInstanceOf(NoSuchElementException.class);
    assertThat(Thread.getAllStackTraces().keySet())
        .noneMatch(thread -> thread.getName().startsWith("kat4j-loader"));
    assertThat(Memory.isFinite(pixels)).as("still there").isTrue();
    held.close();
    assertThatThrownBy(held::pixels).isInstanceOf(IllegalStateException.class);
  }

  /** The worker stands in the middle of a batch of 50: closing must not wait for the other 49. */
  @Test
  void closingDoesNotFinishTheBatch() {
    CountDownLatch firstRead = new CountDownLatch(1);
    List<Integer> read = new ArrayList<>();
    ImageSet slow =
        new DelegatingSet(SET) {
          @Override
          public void read(int index, byte[] target, int offset) {
            read.add(index);
            firstRead.countDown();
            sleepBriefly();
          }
        };
    try (Batches<ImageBatch> batches =
        Loader.epoch(slow, 50, false, false, Augmentation.NONE, 1, 0, 0, 1)) {
      assertThat(batches.hasNext()).isTrue();
      await(firstRead);
    }
    assertThat(read).hasSizeLessThan(25);
  }

  @Test
  void memoryIsUsedAgain() {
    var addresses = new HashSet<Long>();
    try (Batches<ImageBatch> batches =
        Loader.epoch(SET, 1, true, false, AUGMENTATION, 1, 0, 0, 1)) {
      while (batches.hasNext()) {
        try (ImageBatch batch = batches.next()) {
          addresses.add(batch.pixels().data_ptr().address());
        }
      }
    }
    // Four waiting, one being made, one in use.
    assertThat(addresses).hasSizeLessThanOrEqualTo(6);
  }

  @Test
  void refusesNumbersThatMakeNoBatch() {
    assertRefused("batch size is 0", 0, false, 0, 1);
    assertRefused("batch size is 51, but there are only 50 images", 51, true, 0, 1);
    assertRefused("first batch is 8, but the epoch has 7 batches", 8, false, 8, 1);
    assertRefused("loader threads are 0", 8, false, 0, 0);
  }

  private static void assertRefused(
      String message, int batchSize, boolean dropLast, int firstBatch, int workers) {
    assertThatThrownBy(() ->
            Loader.epoch(SET, batchSize, true, dropLast, AUGMENTATION, 1, 0, firstBatch, workers))
        .isInstanceOf(UserException.class)
        .hasMessageContaining(message);
  }

  private static List<Copy> copies(Batches<ImageBatch> batches) {
    List<Copy> copies = new ArrayList<>();
    try (batches) {
      while (batches.hasNext()) {
        try (ImageBatch batch = batches.next()) {
          copies.add(Copy.of(batch));
        }
      }
    }
    return copies;
  }

  private static void sleepBriefly() {
    try {
      Thread.sleep(20);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static ImageSet failingAt(int failing, RuntimeException failure) {
    return new DelegatingSet(SET) {
      @Override
      public void read(int index, byte[] target, int offset) {
        if (index == failing) {
          throw failure;
        }
        super.read(index, target, offset);
      }
    };
  }
}
