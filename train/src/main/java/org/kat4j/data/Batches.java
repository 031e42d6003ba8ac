package org.kat4j.data;

import java.util.Iterator;

/**
 * The batches of one epoch, in order, for one consuming thread.
 *
 * <p>Close it, early or not, and every batch too.
 *
 * @param <B> what a batch holds
 */
public interface Batches<B extends Batch> extends Iterator<B>, AutoCloseable {
  /**
   * The next batch, which the caller closes.
   *
   * @throws java.util.NoSuchElementException after the last one
   */
  @Override
  B next();

  @Override
  void close();
}
