package org.kat4j.cli;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** Ctrl-C and termination let the work at hand end in order, with what it has. */
final class Interruption {
  private static final long SECONDS_TO_STOP = 60;

  private Interruption() {}

  /** Work that ends soon after its thread is interrupted. */
  static <T> T endsEarly(Supplier<T> work) {
    return stops(Thread.currentThread()::interrupt, work);
  }

  /**
   * Runs the work; the process goes down no sooner than it has returned.
   *
   * @param stop asks the work to end, from another thread
   */
  static <T> T stops(Runnable stop, Supplier<T> work) {
    CountDownLatch done = new CountDownLatch(1);
    Thread hook =
        new Thread(() -> {
          stop.run();
          try {
            boolean _ = done.await(SECONDS_TO_STOP, TimeUnit.SECONDS);
          } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
          }
        });
    Runtime.getRuntime().addShutdownHook(hook);
    try {
      return work.get();
    } finally {
      done.countDown();
      try {
        Runtime.getRuntime().removeShutdownHook(hook);
      } catch (IllegalStateException shuttingDown) {
        // The hook is what brought us here.
      }
    }
  }
}
