package org.kat4j.serve;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.kat4j.image.DecodingLimit;

class DecodersTest {
  private static final long LARGE = 10_000_000;
  private static final long SMALL = 10_000;

  private static DecodingLimit later() {
    return DecodingLimit.in(1, TimeUnit.MINUTES);
  }

  /** As many large images as there may be, none of which ends. */
  @Test
  void smallImagesPassLargeOnes() throws Exception {
    try (Decoders decoders = new Decoders(4)) {
      CountDownLatch held = new CountDownLatch(1);
      List<CompletableFuture<Integer>> large = new ArrayList<>();
      while (true) {
        var result =
            decoders.submit(
                LARGE,
                later(),
                () -> {
                  held.await();
                  return 1;
                });
        if (result.isEmpty()) {
          break;
        }
        large.add(result.get());
      }
      assertThat(large).hasSizeLessThan(1000);
      for (int i = 0; i < 100; i++) {
        int number = i;
        assertThat(
                decoders
                    .submit(SMALL, later(), () -> number)
                    .orElseThrow()
                    .get(1, TimeUnit.MINUTES))
            .isEqualTo(number);
      }
      held.countDown();
      for (CompletableFuture<Integer> result : large) {
        assertThat(result.get(1, TimeUnit.MINUTES)).isEqualTo(1);
      }
    }
  }

  @Test
  void amongThoseThatWaitTheSmallestIsFirst() throws Exception {
    try (Decoders decoders = new Decoders(100)) {
      CountDownLatch held = new CountDownLatch(1);
      List<CompletableFuture<Long>> results = new ArrayList<>();
      List<Long> order = Collections.synchronizedList(new ArrayList<>());
      for (int i = 0; i < Runtime.getRuntime().availableProcessors(); i++) {
        decoders.submit(
            LARGE,
            later(),
            () -> {
              held.await();
              return 0L;
            });
      }
      int threads = Math.max(1, Runtime.getRuntime().availableProcessors() / 2);
      for (long pixels = LARGE + 12; pixels > LARGE; pixels--) {
        long own = pixels;
        decoders
            .submit(
                own,
                later(),
                () -> {
                  order.add(own);
                  return own;
                })
            .ifPresent(results::add);
      }
      held.countDown();
      for (CompletableFuture<Long> result : results) {
        result.get(1, TimeUnit.MINUTES);
      }
      for (int i = 0; i < order.size(); i++) { // as many at once as there are threads
        assertThat(order.get(i) - LARGE - 1).isBetween((long) i - threads, (long) i + threads);
      }
    }
  }

  @Test
  void whatWaitedTooLongIsNotBegun() throws Exception {
    try (Decoders decoders = new Decoders(4)) {
      boolean[] begun = new boolean[1];
      var result =
          decoders
              .submit(SMALL, DecodingLimit.in(-1, TimeUnit.SECONDS), () -> begun[0] = true)
              .orElseThrow();
      result.exceptionally(_ -> false).get(1, TimeUnit.MINUTES);
      assertThat(result.isCancelled()).isTrue();
      assertThat(begun[0]).isFalse();
    }
  }
}
