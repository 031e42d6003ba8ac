package org.kat4j.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.EnumMap;
import java.util.Map;

/** Native working memory of one thread, kept between calls because fresh memory is slow. */
final class Scratch {
  /** What a piece of scratch memory is for. */
  enum Use {
    TABLE,
    SUMS,
    WEIGHTS,
    WIDE_X,
    WIDE_UPSTREAM,
    WIDE_RESULT,
    PADDED_X,
    PADDED_UPSTREAM,
    PADDED_RESULT
  }

  private static final int ALIGNMENT = 64;
  private static final ThreadLocal<Scratch> OF_THREAD = ThreadLocal.withInitial(Scratch::new);

  private final Map<Use, MemorySegment> segments = new EnumMap<>(Use.class);

  private Scratch() {}

  static Scratch ofThread() {
    return OF_THREAD.get();
  }

  /** Address of at least {@code bytes} bytes of any content. */
  long address(Use use, long bytes) {
    MemorySegment segment = segments.get(use);
    if (segment == null || segment.byteSize() < bytes) {
      segment = Arena.ofAuto().allocate(bytes, ALIGNMENT);
      segments.put(use, segment);
    }
    return segment.address();
  }
}
