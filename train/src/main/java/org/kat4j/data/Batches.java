package org.kat4j.data;

import java.util.Iterator;
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
public final class Batches implements Iterator<Batch>, AutoCloseable {
  /** Batches that may wait to be consumed. */
  private static final int PREFETCH = 4;

  private final Loader loader;
  private final BatchMemory memory;
  private final int end;
  private final Thread[] workers;

  private final Lock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  // All below is guarded by the lock; workers also look at closed without it.
  private final @Nullable Outcome[] waiting = new Outcome[PREFETCH];
  private int nextToMake;
  private int nextToGive;
  private volatile boolean closed;

  /** What came of making one batch. */
  private sealed interface Outcome {
    record Made(Batch batch) implements Outcome {}

    record Failed(Throwable cause) implements Outcome {}
  }

  Batches(Loader loader, int first, int end, int workers) {
    this.loader = loader;
    this.memory = loader.memory();
    this.end = end;
    this.nextToMake = first;
    this.nextToGive = first;
    this.workers = new Thread[Math.min(workers, PREFETCH)];
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
  public Batch next() {
    return switch (take()) {
      case Outcome.Made(Batch batch) -> batch;
      case Outcome.Failed(RuntimeException cause) -> throw cause;
      case Outcome.Failed(Error cause) -> throw cause;
      case Outcome.Failed(Throwable cause) -> throw new IllegalStateException(cause);
    };
  }

  private Outcome take() {
    lock.lock();
    try {
      while (!closed && nextToGive < end) {
        int place = nextToGive % PREFETCH;
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
    for (int i = 0; i < PREFETCH; i++) {
      if (waiting[i] instanceof Outcome.Made(Batch batch)) {
        batch.close();
      }
      waiting[i] = null;
    }
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
    for (int number = claim(); number >= 0; number = claim()) {
      Outcome outcome;
      try {
        outcome = new Outcome.Made(loader.make(number, memory, () -> closed));
      } catch (Throwable e) {
        outcome = new Outcome.Failed(e);
      }
      offer(number, outcome);
    }
  }

  /** The number of a batch to make, once there is a place to put it; -1 when there is none left. */
  private int claim() {
    lock.lock();
    try {
      while (!closed && nextToMake < end && nextToMake >= nextToGive + PREFETCH) {
        changed.awaitUninterruptibly();
      }
      return closed || nextToMake >= end ? -1 : nextToMake++;
    } finally {
      lock.unlock();
    }
  }

  private void offer(int number, Outcome outcome) {
    lock.lock();
    try {
      waiting[number % PREFETCH] = outcome;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }
}
