package org.kat4j.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

class ParallelTest {
  private static List<Integer> count(int parts) {
    AtomicIntegerArray calls = new AtomicIntegerArray(parts);
    Parallel.forRange(parts, calls::incrementAndGet);
    return IntStream.range(0, parts).mapToObj(calls::get).toList();
  }

  @Test
  void everyPartRunsOnce() {
    for (int parts : new int[] {0, 1, 2, 3, 100}) {
      assertThat(count(parts)).hasSize(parts).allMatch(calls -> calls == 1);
    }
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void partsRunAtTheSameTime() {
    assertThat(Parallel.isAvailable()).isTrue();
    int threads = torch.get_num_threads();
    try {
      torch.set_num_threads(2);
      CountDownLatch both = new CountDownLatch(2); // opens only if two threads are inside
      Parallel.forRange(
          2,
          _ -> {
            both.countDown();
            try {
              assertThat(both.await(10, TimeUnit.SECONDS)).isTrue();
            } catch (InterruptedException interrupted) {
              throw new IllegalStateException(interrupted);
            }
          });
    } finally {
      torch.set_num_threads(threads);
    }
  }

  @Test
  void failuresReachTheCaller() {
    assertThatIllegalStateException()
        .isThrownBy(() ->
            Parallel.forRange(
                8,
                part -> {
                  if (part == 3) {
                    throw new IllegalStateException("part 3");
                  }
                }))
        .withMessage("part 3");
    assertThat(count(8)).allMatch(calls -> calls == 1); // and the threads go on
  }

  @Test
  void nestedCallsRunOnTheirThread() {
    AtomicIntegerArray calls = new AtomicIntegerArray(12);
    Parallel.forRange(
        3, outer -> Parallel.forRange(4, inner -> calls.incrementAndGet(4 * outer + inner)));
    assertThat(IntStream.range(0, 12).map(calls::get)).allMatch(c -> c == 1);
  }

  @Test
  void manyCallersAtOnce() throws InterruptedException, ExecutionException {
    try (ExecutorService callers = Executors.newFixedThreadPool(4)) {
      var futures = Stream.generate(() -> callers.submit(() -> count(50))).limit(40).toList();
      for (Future<List<Integer>> future : futures) {
        assertThat(future.get()).allMatch(calls -> calls == 1);
      }
    }
  }
}
