package org.kat4j.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.kat4j.augment.Augmentation;
import org.kat4j.error.UserException;

@Timeout(10)
class LoaderTest {
  private static final Augmentation AUGMENTATION = new Augmentation(true, 2);
  private static final ImageSet SET = TestImages.numbered(50, 3, 4, 5);

  /** Pixels and labels of one batch, copied. */
  @SuppressWarnings("ArrayRecordComponent")
  private record Copy(List<Long> shape, float[] pixels, long[] labels) {
    static Copy of(Batch batch) {
      return new Copy(
          Arrays.stream(batch.shape()).boxed().toList(),
          batch.pixels().toArray(ValueLayout.JAVA_FLOAT),
          batch.labels().toArray(ValueLayout.JAVA_LONG));
    }
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
    assertThat(Loader.batches(50, 8, true)).isEqualTo(6);
    assertThat(Loader.batches(50, 8, false)).isEqualTo(7);
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
    try (Batches batches =
        Loader.epoch(failingAt(20, corrupt), 8, false, false, Augmentation.NONE, 1, 0, 0, 2)) {
      batches.next().close();
      batches.next().close();
      assertThatThrownBy(batches::next).isSameAs(corrupt);
    }
  }

  @Test
  void closingEarlyEndsTheThreadsAndFreesTheMemory() {
    Batches batches = Loader.epoch(SET, 2, true, false, AUGMENTATION, 1, 0, 0, 2);
    Batch held = batches.next();
    var pixels = held.pixels();
    batches.close();

    assertThat(batches.hasNext()).isFalse();
    assertThatThrownBy(batches::next).isInstanceOf(NoSuchElementException.class);
    assertThat(Thread.getAllStackTraces().keySet())
        .noneMatch(thread -> thread.getName().startsWith("kat4j-loader"));
    assertThat(pixels.scope().isAlive()).isTrue();
    held.close();
    assertThat(pixels.scope().isAlive()).isFalse();
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
    try (Batches batches = Loader.epoch(slow, 50, false, false, Augmentation.NONE, 1, 0, 0, 1)) {
      assertThat(batches.hasNext()).isTrue();
      await(firstRead);
    }
    assertThat(read).hasSizeLessThan(25);
  }

  @Test
  void memoryIsUsedAgain() {
    var addresses = new HashSet<Long>();
    try (Batches batches = Loader.epoch(SET, 1, true, false, AUGMENTATION, 1, 0, 0, 1)) {
      while (batches.hasNext()) {
        try (Batch batch = batches.next()) {
          addresses.add(batch.pixels().address());
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

  private static List<Copy> copies(Batches batches) {
    List<Copy> copies = new ArrayList<>();
    try (batches) {
      while (batches.hasNext()) {
        try (Batch batch = batches.next()) {
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

  /** Reads from another set. */
  private static class DelegatingSet implements ImageSet {
    private final ImageSet set;

    DelegatingSet(ImageSet set) {
      this.set = set;
    }

    @Override
    public int size() {
      return set.size();
    }

    @Override
    public List<String> classNames() {
      return set.classNames();
    }

    @Override
    public int channels() {
      return set.channels();
    }

    @Override
    public int height() {
      return set.height();
    }

    @Override
    public int width() {
      return set.width();
    }

    @Override
    public int label(int index) {
      return set.label(index);
    }

    @Override
    public void read(int index, byte[] target, int offset) {
      set.read(index, target, offset);
    }

    @Override
    public Normalization normalization() {
      return set.normalization();
    }
  }
}
