package org.kat4j.bench;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/** Counts the warnings that a kernel did not compile and composed operations stand in for it. */
final class CompilerFailures extends Handler {
  private static final Logger LOGGER = Logger.getLogger("org.kat4j.kernel.CudaPrograms");

  private final AtomicInteger count = new AtomicInteger();

  private CompilerFailures() {}

  /** From now on. */
  static CompilerFailures listen() {
    CompilerFailures failures = new CompilerFailures();
    LOGGER.addHandler(failures);
    return failures;
  }

  int count() {
    return count.get();
  }

  @Override
  public void publish(LogRecord message) {
    if (message.getLevel().intValue() >= Level.WARNING.intValue()) {
      count.incrementAndGet();
    }
  }

  @Override
  public void flush() {}

  @Override
  public void close() {}
}
