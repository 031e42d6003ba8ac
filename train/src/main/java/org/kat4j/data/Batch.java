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
  private final boolean mixed;
  private boolean closed;

  Batch(BatchMemory memory, BatchMemory.Block block, int count, ImageSet set, boolean mixed) {
    this.memory = memory;
    this.block = block;
    this.count = count;
    this.mixed = mixed;
    this.channels = set.channels();
    this.height = set.height();
    this.width = set.width();
  }

  /**
   * Number of images; smaller than the batch size in the last batch of an epoch and where broken
   * files were left out, at worst 0.
   */
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

  /** Whether images were mixed with partners: then targets are soft. */
  public boolean isMixed() {
    return mixed;
  }

  /** Class of the partner of each image as int64 {@code [count]}; of mixed batches. */
  public MemorySegment partnerLabels() {
    checkOpen();
    return block.partnerLabels().asSlice(0, ValueLayout.JAVA_LONG.byteSize() * count);
  }

  /**
   * Share of each image's own class in its target, from 0 to 1, as float32 {@code [count]}; of
   * mixed batches.
   */
  public MemorySegment shares() {
    checkOpen();
    return block.shares().asSlice(0, ValueLayout.JAVA_FLOAT.byteSize() * count);
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
