package org.kat4j.data;

import java.util.List;
import java.util.NoSuchElementException;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.kat4j.torch.Device;
import org.kat4j.torch.Memory;

/**
 * Batches of samples that lie in memory, on the host or a device.
 *
 * @param all every sample, one batch
 * @param batchSize samples of a batch; as many as there are or more: all of them, untouched
 * @param shuffled whether this is training: the order is drawn from (seed, epoch), and a last batch
 *     of one sample is left out
 * @param dropLast whether a last batch that is not full is left out too
 * @param seed of the order
 */
public record MemoryFeed<B extends Batch>(
    B all, int batchSize, boolean shuffled, boolean dropLast, long seed) implements Feed<B> {
  private static final long ORDER = 1; // the kind of random stream, as in Loader

  /** All samples in order, for an evaluation. */
  public static <B extends Batch> MemoryFeed<B> inOrder(B all, int batchSize) {
    return new MemoryFeed<>(all, batchSize, false, false, 0);
  }

  @Override
  public int samples() {
    return all.samples();
  }

  @Override
  public int batches() {
    if (dropLast && batchSize <= samples()) {
      return samples() / batchSize;
    }
    return shuffled ? LastBatch.batches(samples(), batchSize) : Math.ceilDiv(samples(), batchSize);
  }

  @Override
  public Batches<B> epoch(int epoch, int firstBatch) {
    boolean whole = batchSize >= samples();
    long[] order =
        whole || !shuffled
            ? null
            : longs(RandomStream.of(ORDER, seed, epoch).permutation(samples()));
    return new Batches<>() {
      private int next = firstBatch;

      @Override
      public boolean hasNext() {
        return next < batches();
      }

      @Override
      public B next() {
        if (!hasNext()) {
          throw new NoSuchElementException("no batch is left in this epoch");
        }
        int from = next++ * batchSize;
        return whole ? all : part(order, from, Math.min(batchSize, samples() - from));
      }

      @Override
      public void close() {}
    };
  }

  private B part(long @Nullable [] order, int from, int count) {
    List<Tensor> tensors = all.tensors();
    if (order == null) {
      return Batch.like(all, tensors.stream().map(t -> t.narrow(0, from, count)).toList());
    }
    long[] chosen = new long[count];
    System.arraycopy(order, from, chosen, 0, count);
    Tensor index = Memory.to(Tensor.create(chosen), Device.of(tensors.getFirst()));
    return Batch.like(all, tensors.stream().map(t -> t.index_select(0, index)).toList());
  }

  private static long[] longs(int[] values) {
    long[] longs = new long[values.length];
    for (int i = 0; i < values.length; i++) {
      longs[i] = values[i];
    }
    return longs;
  }
}
