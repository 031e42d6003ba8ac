package org.kat4j.kernel;

import static org.kat4j.kernel.NativeMemory.ALL;

import java.lang.foreign.ValueLayout;
import org.kat4j.kernel.Scratch.Use;

/**
 * Sums of one thread, {@code [strips, terms, lanes]}: upstream * x^i / Q for each numerator
 * coefficient, then upstream * P / Q^2 * |x|^k for each denominator coefficient.
 */
final class Sums {
  /** Of the current block in float32, few enough addends for it; address. */
  final long block;

  /** Of all blocks before it. */
  final double[] total;

  final Scratch scratch;

  Sums(int size, Scratch scratch) {
    total = new double[size];
    this.scratch = scratch;
    block = scratch.address(Use.SUMS, (long) Float.BYTES * size);
    ALL.asSlice(block, (long) Float.BYTES * size).fill((byte) 0);
  }

  /** Moves the sums of a block over. */
  void endBlock() {
    for (int i = 0; i < total.length; i++) {
      long at = block + (long) Float.BYTES * i;
      total[i] += ALL.get(ValueLayout.JAVA_FLOAT, at);
      ALL.set(ValueLayout.JAVA_FLOAT, at, 0);
    }
  }
}
