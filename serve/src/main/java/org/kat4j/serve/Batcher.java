package org.kat4j.serve;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.IntConsumer;

/**
 * Joins the inputs of concurrent requests into batches for the one thread that runs the model.
 *
 * <p>An input waits for others only while some are known to be on their way, and never longer than
 * the time set. The queue is bounded: what does not fit is turned away at once.
 */
final class Batcher implements AutoCloseable {
  private static final long IDLE_MILLIS = 100;

  private record Job(float[] input, CompletableFuture<double[]> result) {}

  private final Function<List<float[]>, List<double[]>> model;
  private final int maxBatch;
  private final long waitNanos;
  private final IntConsumer batchSizes;
  private final BlockingQueue<Job> queue;
  private final AtomicInteger onTheirWay = new AtomicInteger();
  private final Thread thread;
  private volatile boolean closed;

  /**
   * @param model one batch of inputs to their probabilities; called by one thread
   * @param batchSizes told of each batch
   */
  Batcher(
      Function<List<float[]>, List<double[]>> model, Settings settings, IntConsumer batchSizes) {
    this.model = model;
    this.maxBatch = settings.maxBatch();
    this.waitNanos = TimeUnit.MILLISECONDS.toNanos(settings.waitMillis());
    this.batchSizes = batchSizes;
    queue = new ArrayBlockingQueue<>(settings.queue());
    thread = Thread.ofPlatform().name("kat4j-model").daemon().start(this::run);
  }

  /** Somebody prepares an input; to be followed by {@link #arrived()}. */
  void coming() {
    onTheirWay.incrementAndGet();
  }

  /** An input was handed over, or will not come after all. */
  void arrived() {
    onTheirWay.decrementAndGet();
  }

  /** The probabilities of an input, later; empty when too many wait already. */
  Optional<CompletableFuture<double[]>> submit(float[] input) {
    Job job = new Job(input, new CompletableFuture<>());
    return !closed && queue.offer(job) ? Optional.of(job.result) : Optional.empty();
  }

  /** Inputs that wait. */
  int waiting() {
    return queue.size();
  }

  private void run() {
    try {
      while (!closed || !queue.isEmpty()) {
        Job first = queue.poll(IDLE_MILLIS, TimeUnit.MILLISECONDS);
        if (first != null) {
          answer(joined(first));
        }
      }
    } catch (InterruptedException e) {
      closed = true;
    }
    queue.forEach(job -> job.result.cancel(false));
  }

  private List<Job> joined(Job first) throws InterruptedException {
    List<Job> batch = new ArrayList<>(List.of(first));
    long end = System.nanoTime() + waitNanos;
    queue.drainTo(batch, maxBatch - batch.size());
    while (batch.size() < maxBatch && onTheirWay.get() > 0) {
      Job next = queue.poll(end - System.nanoTime(), TimeUnit.NANOSECONDS);
      if (next == null) {
        break;
      }
      batch.add(next);
      queue.drainTo(batch, maxBatch - batch.size());
    }
    return batch;
  }

  private void answer(List<Job> batch) {
    batchSizes.accept(batch.size());
    try {
      List<double[]> results = model.apply(batch.stream().map(Job::input).toList());
      for (int i = 0; i < results.size(); i++) {
        batch.get(i).result.complete(results.get(i));
      }
    } catch (RuntimeException | Error failure) { // this batch's, not the server's end
      batch.forEach(job -> job.result.completeExceptionally(failure));
    }
  }

  /** Answers what waits and ends. */
  @Override
  public void close() {
    closed = true;
    try {
      thread.join();
    } catch (InterruptedException e) {
      thread.interrupt();
      Thread.currentThread().interrupt();
    }
  }
}
