package org.kat4j.data.text;

import java.util.NoSuchElementException;
import java.util.stream.LongStream;
import org.kat4j.data.Batches;
import org.kat4j.data.Feed;
import org.kat4j.data.RandomStream;

/**
 * Windows of a text: at random places for training, one after the other for an evaluation.
 *
 * @param tokens the text, longer than a window
 * @param context tokens of a window
 * @param batchSize windows of a batch
 * @param batches of an epoch
 * @param random whether the places are drawn, from (seed, epoch, batch)
 * @param seed of the places
 */
public record WindowFeed(
    Tokens tokens, int context, int batchSize, int batches, boolean random, long seed)
    implements Feed<TokenBatch> {
  private static final long PLACES = 5; // the kind of random stream, behind those of images

  /** As many windows as the text has, at random places, or so many batches. */
  public static WindowFeed drawn(
      Tokens tokens, int context, int batchSize, int batches, long seed) {
    int whole = Math.toIntExact(Math.max(1, windows(tokens, context) / batchSize));
    return new WindowFeed(tokens, context, batchSize, batches == 0 ? whole : batches, true, seed);
  }

  /** All whole windows, without overlap. */
  public static WindowFeed inOrder(Tokens tokens, int context, int batchSize) {
    int batches = Math.toIntExact(Math.ceilDiv(windows(tokens, context), batchSize));
    return new WindowFeed(tokens, context, batchSize, batches, false, 0);
  }

  /** The last token of a window has one that follows it. */
  private static long windows(Tokens tokens, int context) {
    return (tokens.size() - 1) / context;
  }

  @Override
  public int samples() {
    return random
        ? Math.multiplyExact(batches, batchSize)
        : Math.toIntExact(windows(tokens, context));
  }

  @Override
  public Batches<TokenBatch> epoch(int epoch, int firstBatch) {
    return new Batches<>() {
      private int next = firstBatch;

      @Override
      public boolean hasNext() {
        return next < batches;
      }

      @Override
      public TokenBatch next() {
        if (!hasNext()) {
          throw new NoSuchElementException("no batch is left in this epoch");
        }
        return TokenBatch.of(tokens, starts(epoch, next++), context);
      }

      @Override
      public void close() {}
    };
  }

  private long[] starts(int epoch, int batch) {
    if (random) {
      RandomStream places = RandomStream.of(PLACES, seed, epoch, batch);
      long[] starts = new long[batchSize];
      for (int i = 0; i < batchSize; i++) {
        starts[i] = Math.floorMod(places.nextLong(), tokens.size() - context);
      }
      return starts;
    }
    long from = (long) batch * batchSize;
    long to = Math.min(from + batchSize, windows(tokens, context));
    return LongStream.range(from, to).map(window -> window * context).toArray();
  }
}
