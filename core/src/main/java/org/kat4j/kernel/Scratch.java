package org.kat4j.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;

/** Native working memory of one thread, kept between calls because fresh memory is slow. */
final class Scratch {
  /** What a piece of scratch memory is for. */
  enum Use {
    TABLE,
    SUMS,
    WEIGHTS,
    WEIGHTED_VALUES,
    WIDE_X,
    WIDE_UPSTREAM,
    WIDE_RESULT,
    PADDED_X,
    PADDED_UPSTREAM,
    PADDED_RESULT,
    PANELS
  }

  private static final int ALIGNMENT = 64;
  private static final ThreadLocal<Scratch> OF_THREAD = ThreadLocal.withInitial(Scratch::new);

  private final Map<Use, MemorySegment> segments = new EnumMap<>(Use.class);

  private final Map<Use, float[]> arrays = new EnumMap<>(Use.class);

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

  /** An array of at least {@code size} floats of any content. */
  float[] floats(Use use, int size) {
    float[] array = arrays.get(use);
    if (array == null || array.length < size) {
      array = new float[size];
      arrays.put(use, array);
    }
    return array;
  }

  /** An array whose first {@code size} floats are 0. */
  float[] zeros(Use use, int size) {
    float[] array = floats(use, size);
    Arrays.fill(array, 0, size, 0);
    return array;
  }

  /** Address of an aligned copy. */
  long copy(Use use, float[] array) {
    long bytes = (long) Float.BYTES * array.length;
    long address = address(use, bytes);
    MemorySegment.copy(MemorySegment.ofArray(array), 0, NativeMemory.ALL, address, bytes);
    return address;
  }
}
