package org.kat4j.data;

import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The batches of one epoch, in order, made ahead by the worker threads of a {@link Loader}.
 *
 * <p>For one consuming thread. Closing it, early or not, stops the workers; close every batch too.
 */
final class LoadedBatches implements Batches<ImageBatch> {
  private final Loader loader;
  private final BatchMemory memory;
  private final int end;
  private final int prefetch; // batches that may be made or wait at once
  private final Thread[] workers;

  private final Lock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  // All below is guarded by the lock; workers also look at closed without it.
  private final @Nullable Outcome[] waiting;
  private final List<Making> unfinished = new ArrayList<>();
  private @Nullable Making current; // the one whose images are being handed out
  private int nextToMake;
  private int nextToGive;
  private volatile boolean closed;

  /** What came of making one batch. */
  private sealed interface Outcome {
    /** Of so many images. */
    record Made(BatchMemory.Block block, int count) implements Outcome {}

    record Failed(Throwable cause) implements Outcome {}
  }

  /** A batch whose images are read by whichever worker is free. */
  private static final class Making {
    final int number;
    final BatchMemory.Block block;
    final byte[] @Nullable [] images;
    int claimed;
    int done;
    volatile @Nullable Throwable failure;

    Making(int number, BatchMemory.Block block, int count) {
      this.number = number;
      this.block = block;
      this.images = new byte[count][];
    }
  }

  /** One image to read. */
  private record Claim(Making making, int place) {}

  LoadedBatches(Loader loader, int first, int end, int workers) {
    this.loader = loader;
    this.memory = loader.memory();
    this.end = end;
    this.prefetch = loader.prefetch();
    this.waiting = new Outcome[prefetch];
    this.nextToMake = first;
    this.nextToGive = first;
    this.workers = new Thread[workers];
    for (int i = 0; i < this.workers.length; i++) {
      this.workers[i] =
          Thread.ofPlatform().daemon().name("kat4j-loader-" + i).start(this::makeBatches);
    }
  }

  @Override
  public boolean hasNext() {
    lock.lock();
    try {
      return !closed && nextToGive < end;
    } finally {
      lock.unlock();
    }
  }

  /**
   * The next batch, which the caller closes; waits until it is made.
   *
   * @throws RuntimeException what went wrong in the worker, at the batch where it went wrong
   * @throws NoSuchElementException after the last batch or after {@link #close}
   */
  @Override
  public ImageBatch next() {
    return switch (take()) {
      case Outcome.Made(BatchMemory.Block block, int count) ->
          loader.batch(memory, block, count); // on the thread that frees it
      case Outcome.Failed(RuntimeException cause) -> throw cause;
      case Outcome.Failed(Error cause) -> throw cause;
      case Outcome.Failed(Throwable cause) -> throw new IllegalStateException(cause);
    };
  }

  private Outcome take() {
    lock.lock();
    try {
      while (!closed && nextToGive < end) {
        int place = nextToGive % prefetch;
        Outcome outcome = waiting[place];
        if (outcome != null) {
          waiting[place] = null;
          nextToGive++;
          changed.signalAll();
          return outcome;
        }
        changed.awaitUninterruptibly();
      }
      throw new NoSuchElementException("no batch is left in this epoch");
    } finally {
      lock.unlock();
    }
  }

  /** Stops the workers, waits for their end and frees the memory of all batches given back. */
  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    joinWorkers();
    for (int i = 0; i < prefetch; i++) {
      if (waiting[i] instanceof Outcome.Made(BatchMemory.Block block, int _)) {
        memory.giveBack(block);
      }
      waiting[i] = null;
    }
    unfinished.forEach(making -> memory.giveBack(making.block));
    unfinished.clear();
    memory.close();
  }

  private void joinWorkers() {
    boolean interrupted = false;
    for (Thread worker : workers) {
      while (worker.isAlive()) {
        try {
          worker.join();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void makeBatches() {
    for (Claim claim = claim(); claim != null; claim = claim()) {
      Making making = claim.making();
      try {
        if (making.failure == null) {
          making.images[claim.place()] = loader.read(making.number, claim.place());
        }
      } catch (Throwable e) {
        making.failure = e;
      }
      if (isLast(making)) {
        offer(making, outcome(making));
      }
    }
  }

  /** An image to read, once there is a place for its batch; null when there is none left. */
  private @Nullable Claim claim() {
    lock.lock();
    try {
      while (!closed) {
        if (current != null && current.claimed < current.images.length) {
          return new Claim(current, current.claimed++);
        }
        if (nextToMake >= end) {
          return null;
        }
        if (nextToMake < nextToGive + prefetch) {
          begin(nextToMake++);
        } else {
          changed.awaitUninterruptibly();
        }
      }
      return null;
    } finally {
      lock.unlock();
    }
  }

  private void begin(int number) {
    try {
      current = new Making(number, memory.take(), loader.count(number));
      unfinished.add(current);
    } catch (Throwable e) { // no memory: whoever waits for this batch must hear of it
      waiting[number % prefetch] = new Outcome.Failed(e);
      changed.signalAll();
    }
  }

  private boolean isLast(Making making) {
    lock.lock();
    try {
      return ++making.done == making.images.length;
    } finally {
      lock.unlock();
    }
  }

  private Outcome outcome(Making making) {
    Throwable failure = making.failure;
    try {
      if (failure == null) {
        return new Outcome.Made(
            making.block, loader.finish(making.number, making.images, making.block));
      }
    } catch (Throwable e) {
      failure = e;
    }
    memory.giveBack(making.block);
    return new Outcome.Failed(failure);
  }

  private void offer(Making making, Outcome outcome) {
    lock.lock();
    try {
      unfinished.remove(making);
      waiting[making.number % prefetch] = outcome;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }
}
