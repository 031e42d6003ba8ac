package org.kat4j.kernel;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.ref.Reference;
import org.bytedeco.pytorch.Tensor;

/** Tensor memory by address. */
final class NativeMemory {
  /**
   * All of native memory, so that an address is an offset. One constant segment instead of one for
   * each tensor lets the compiler fold every check of kind, liveness and owner out of the loops;
   * that addresses stay inside their tensors is checked once, by {@link TiledRational}.
   */
  static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

  private NativeMemory() {}

  /**
   * Where the elements begin. An address does not keep its tensor: whoever goes on with nothing
   * else closes the tensor afterwards, gives it back, or puts a {@link Reference#reachabilityFence}
   * behind the last use.
   */
  static long address(Tensor tensor) {
    try (var data = tensor.data_ptr()) {
      return data == null ? 0 : data.address(); // an empty tensor has none
    }
  }

  /** A thread of a GPU may read 16 bytes at once: a view that starts between them is copied. */
  static Tensor aligned(Tensor tensor) {
    return address(tensor) % 16 == 0 ? tensor : tensor.clone();
  }

  /** All elements of a small CPU tensor in row-major order. */
  static double[] read(Tensor tensor) {
    if (!tensor.is_cpu()) {
      throw new IllegalArgumentException(
          "coefficients on another device than x: move them to the CPU");
    }
    try (Tensor flat = tensor.contiguous()) {
      double[] values = new double[Math.toIntExact(flat.numel())];
      long address = address(flat);
      ElementKind kind = ElementKind.of(flat);
      for (int i = 0; i < values.length; i++) {
        long at = address + (long) i * kind.stored;
        values[i] =
            switch (kind) {
              case FLOAT32 -> ALL.get(ValueLayout.JAVA_FLOAT, at);
              case FLOAT64 -> ALL.get(ValueLayout.JAVA_DOUBLE, at);
              case BFLOAT16 -> BFloat16.widen(ALL.get(ValueLayout.JAVA_SHORT, at));
            };
      }
      return values;
    }
  }

  /** Fills a small contiguous CPU tensor. */
  static void write(Tensor tensor, double[] values) {
    long address = address(tensor);
    ElementKind kind = ElementKind.of(tensor);
    for (int i = 0; i < values.length; i++) {
      long at = address + (long) i * kind.stored;
      switch (kind) {
        case FLOAT32 -> ALL.set(ValueLayout.JAVA_FLOAT, at, (float) values[i]);
        case FLOAT64 -> ALL.set(ValueLayout.JAVA_DOUBLE, at, values[i]);
        case BFLOAT16 -> ALL.set(ValueLayout.JAVA_SHORT, at, BFloat16.narrow((float) values[i]));
      }
    }
    Reference.reachabilityFence(tensor);
  }
}
