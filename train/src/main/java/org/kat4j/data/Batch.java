package org.kat4j.data;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Some images and labels, ready for a model, in memory outside the Java heap.
 *
 * <p>The memory belongs to the {@link Batches} that made it and is used again after {@link #close}:
 * copy what must live longer.
 */
public final class Batch implements AutoCloseable {
  private final BatchMemory.Block block;
  private final BatchMemory memory;
  private final int count;
  private final int channels;
  private final int height;
  private final int width;
  private boolean closed;

  Batch(BatchMemory memory, BatchMemory.Block block, int count, ImageSet set) {
    this.memory = memory;
    this.block = block;
    this.count = count;
    this.channels = set.channels();
    this.height = set.height();
    this.width = set.width();
  }

  /** Number of images; smaller than the batch size only in the last batch of an epoch. */
  public int count() {
    return count;
  }

  /** {@code [count, channels, height, width]}. */
  public long[] shape() {
    return new long[] {count, channels, height, width};
  }

  /** Normalised pixels as float32 {@code [count, channels, height, width]}. */
  public MemorySegment pixels() {
    checkOpen();
    return block
        .pixels()
        .asSlice(0, ValueLayout.JAVA_FLOAT.byteSize() * count * channels * height * width);
  }

  /** Class of each image as int64 {@code [count]}. */
  public MemorySegment labels() {
    checkOpen();
    return block.labels().asSlice(0, ValueLayout.JAVA_LONG.byteSize() * count);
  }

  /** Gives the memory back; the segments must not be used any more. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      memory.giveBack(block);
    }
  }

  private void checkOpen() {
    if (closed) {
      throw new IllegalStateException("the batch is closed and its memory may hold another one");
    }
  }
}
