package org.kat4j.data;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;

/**
 * The blocks of memory that batches of one epoch are written into, used again and again.
 *
 * <p>Every block has its own arena, so that a batch still held when the epoch is closed keeps its
 * memory until it is closed itself.
 */
final class BatchMemory implements AutoCloseable {
  /** A cache line, which also satisfies every vector instruction. */
  private static final long ALIGNMENT = 64;

  /**
   * Memory of one full batch: pixels (float32), labels and the partners' labels (int64), the
   * images' shares of their targets (float32).
   */
  record Block(
      Arena arena,
      MemorySegment pixels,
      MemorySegment labels,
      MemorySegment partnerLabels,
      MemorySegment shares) {}

  private final long pixelsPerBatch;
  private final long imagesPerBatch;
  private final ArrayDeque<Block> free = new ArrayDeque<>();
  private boolean closed;

  BatchMemory(long pixelsPerBatch, long imagesPerBatch) {
    this.pixelsPerBatch = pixelsPerBatch;
    this.imagesPerBatch = imagesPerBatch;
  }

  /** A free block, or a new one; its arena is closed by {@link #giveBack} or {@link #close}. */
  @SuppressWarnings("MustBeClosedChecker")
  synchronized Block take() {
    Block block = free.poll();
    if (block != null) {
      return block;
    }
    Arena arena = Arena.ofShared();
    return new Block(
        arena,
        allocate(arena, pixelsPerBatch, ValueLayout.JAVA_FLOAT),
        allocate(arena, imagesPerBatch, ValueLayout.JAVA_LONG),
        allocate(arena, imagesPerBatch, ValueLayout.JAVA_LONG),
        allocate(arena, imagesPerBatch, ValueLayout.JAVA_FLOAT));
  }

  private static MemorySegment allocate(Arena arena, long count, ValueLayout element) {
    return arena.allocate(count * element.byteSize(), ALIGNMENT);
  }

  synchronized void giveBack(Block block) {
    if (closed) {
      block.arena().close();
    } else {
      free.push(block);
    }
  }

  /** Frees what is not in use now, and the rest as it comes back. */
  @Override
  public synchronized void close() {
    closed = true;
    free.forEach(block -> block.arena().close());
    free.clear();
  }
}
