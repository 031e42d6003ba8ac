package org.kat4j.serve;

import java.util.Comparator;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.PriorityBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.kat4j.image.DecodingLimit;

/**
 * The threads that make images into inputs: of the platform, because a decoder holds on to the
 * thread it runs on, and all virtual threads of the server would wait for it.
 *
 * <p>Large images have threads of their own, half as many as there are cores: however many of them
 * come, small ones get through. Among those that wait the smallest goes first. What waits is
 * bounded, and what waited too long is not begun.
 */
final class Decoders implements AutoCloseable {
  private static final long LARGE_PIXELS = 500_000; // some 10 ms of work
  private static final int MOST_LARGE_WAITING = 16;
  private static final int CORES = Runtime.getRuntime().availableProcessors();

  private final Lane small;
  private final Lane large;

  /**
   * @param mostWaiting small images that may wait
   */
  Decoders(int mostWaiting) {
    small = new Lane("kat4j-decode", CORES, mostWaiting);
    large = new Lane("kat4j-decode-large", Math.max(1, CORES / 2), MOST_LARGE_WAITING);
  }

  /**
   * Runs work, later; empty when too much waits already.
   *
   * @param pixels of the image
   * @param limit when the work is not worth beginning any more: its result is cancelled
   */
  <T> Optional<CompletableFuture<T>> submit(long pixels, DecodingLimit limit, Callable<T> work) {
    return (pixels > LARGE_PIXELS ? large : small).submit(pixels, limit, work);
  }

  @Override
  public void close() {
    small.threads.shutdownNow();
    large.threads.shutdownNow();
  }

  private record Job(long pixels, long number, Runnable work) implements Runnable {
    static final Comparator<Runnable> SMALLEST_FIRST =
        Comparator.<Runnable>comparingLong(job -> ((Job) job).pixels)
            .thenComparingLong(job -> ((Job) job).number);

    @Override
    public void run() {
      work.run();
    }
  }

  private static final class Lane {
    private final ThreadPoolExecutor threads;
    private final int most;
    private final AtomicInteger there = new AtomicInteger(); // waiting or running
    private final AtomicLong numbers = new AtomicLong();

    Lane(String name, int count, int mostWaiting) {
      most = count + mostWaiting;
      threads =
          new ThreadPoolExecutor(
              count,
              count,
              0,
              TimeUnit.SECONDS,
              new PriorityBlockingQueue<>(11, Job.SMALLEST_FIRST),
              Thread.ofPlatform().name(name + "-", 0).daemon().factory());
    }

    <T> Optional<CompletableFuture<T>> submit(long pixels, DecodingLimit limit, Callable<T> work) {
      if (there.incrementAndGet() > most) {
        there.decrementAndGet();
        return Optional.empty();
      }
      CompletableFuture<T> result = new CompletableFuture<>();
      Runnable job =
          () -> {
            try {
              if (limit.passed()) {
                result.cancel(false);
              } else {
                result.complete(work.call());
              }
            } catch (Exception | Error failure) { // this image's, not the thread's end
              result.completeExceptionally(failure);
            } finally {
              there.decrementAndGet();
            }
          };
      try {
        threads.execute(new Job(pixels, numbers.incrementAndGet(), job));
      } catch (RejectedExecutionException closed) {
        there.decrementAndGet();
        return Optional.empty();
      }
      return Optional.of(result);
    }
  }
}
