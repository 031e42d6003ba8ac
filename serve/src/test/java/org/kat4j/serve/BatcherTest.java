package org.kat4j.serve;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

class BatcherTest {
  private static final Duration SOON = Duration.ofSeconds(5);

  private final List<Integer> sizes = Collections.synchronizedList(new ArrayList<>());
  private final CountDownLatch open = new CountDownLatch(1);

  private static Settings settings(int maxBatch, int queue, int waitMillis) {
    return new Settings("127.0.0.1", 0, 1000, 1000, maxBatch, waitMillis, queue, 3);
  }

  /** A model that doubles, once it may. */
  private List<double[]> twice(List<float[]> inputs) {
    try {
      open.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    if (inputs.getFirst()[0] < 0) {
      throw new IllegalArgumentException("negative");
    }
    return inputs.stream().map(input -> new double[] {2 * input[0]}).toList();
  }

  @Test
  void whatWaitsGoesTogetherUpToTheLargestBatch() {
    try (var batcher = new Batcher(this::twice, settings(4, 100, 0), sizes::add)) {
      List<CompletableFuture<double[]>> results = new ArrayList<>();
      for (int i = 0; i < 10; i++) {
        results.add(batcher.submit(new float[] {i}).orElseThrow());
      }
      open.countDown();
      for (int i = 0; i < 10; i++) {
        assertThat(results.get(i)).succeedsWithin(SOON).isEqualTo(new double[] {2 * i});
      }
    }
    assertThat(sizes).allMatch(size -> size <= 4).hasSizeLessThanOrEqualTo(4);
    assertThat(sizes.stream().mapToInt(Integer::intValue).sum()).isEqualTo(10);
  }

  @Test
  void whatDoesNotFitTheQueueIsTurnedAway() {
    try (var batcher = new Batcher(this::twice, settings(1, 2, 0), sizes::add)) {
      int taken = 0;
      for (int i = 0; i < 10; i++) {
        taken += batcher.submit(new float[] {i}).isPresent() ? 1 : 0;
      }
      assertThat(taken).isBetween(2, 3); // one may be with the model already
      open.countDown();
    }
  }

  @Test
  void aFailingBatchFailsItsOwnImagesOnly() {
    open.countDown();
    try (var batcher = new Batcher(this::twice, settings(1, 10, 0), sizes::add)) {
      assertThat(batcher.submit(new float[] {-1}).orElseThrow()).failsWithin(SOON);
      assertThat(batcher.submit(new float[] {1}).orElseThrow()).succeedsWithin(SOON);
    }
  }

  /** With nobody on the way an image does not wait; with somebody it does. */
  @Test
  void waitsOnlyForThoseOnTheirWay() throws Exception {
    open.countDown();
    try (var batcher = new Batcher(this::twice, settings(2, 10, 60_000 / 6), sizes::add)) {
      assertThat(batcher.submit(new float[] {1}).orElseThrow()).succeedsWithin(SOON);
      batcher.coming();
      CompletableFuture<double[]> first = batcher.submit(new float[] {1}).orElseThrow();
      Thread.sleep(50);
      assertThat(first).isNotDone();
      CompletableFuture<double[]> second = batcher.submit(new float[] {2}).orElseThrow();
      batcher.arrived();
      assertThat(first).succeedsWithin(SOON);
      assertThat(second).succeedsWithin(SOON);
    }
    assertThat(sizes).containsExactly(1, 2);
  }

  @Test
  void closingAnswersWhatWaits() {
    CompletableFuture<double[]> last;
    try (var batcher = new Batcher(this::twice, settings(1, 10, 0), sizes::add)) {
      batcher.submit(new float[] {1});
      last = batcher.submit(new float[] {2}).orElseThrow();
      open.countDown();
    }
    assertThat(last).isCompleted();
  }
}
