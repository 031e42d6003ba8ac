package org.kat4j.kernel;

import static org.kat4j.kernel.NativeMemory.ALL;

import java.nio.ByteOrder;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * bfloat16 to and from float32 by vectors; {@link BFloat16} has the formulas. The compiler makes no
 * vectors of its plain loops, because source and target might overlap.
 */
final class BFloat16Vectors {
  private static final VectorSpecies<Integer> WIDE = IntVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Short> NARROW =
      VectorSpecies.of(short.class, VectorShape.forBitSize(WIDE.vectorBitSize() / 2));
  private static final ByteOrder ORDER = ByteOrder.nativeOrder();
  private static final int LANES = WIDE.length();

  private BFloat16Vectors() {}

  static void widen(long source, long target, int count) {
    int whole = WIDE.loopBound(count);
    for (int i = 0; i < whole; i += LANES) {
      ((IntVector)
              ShortVector.fromMemorySegment(NARROW, ALL, source + 2L * i, ORDER)
                  .convertShape(VectorOperators.ZERO_EXTEND_S2I, WIDE, 0))
          .lanewise(VectorOperators.LSHL, Short.SIZE)
          .intoMemorySegment(ALL, target + 4L * i, ORDER);
    }
    BFloat16.widen(source + 2L * whole, target + 4L * whole, count - whole);
  }

  static void narrow(long source, long target, int count) {
    int whole = WIDE.loopBound(count);
    for (int i = 0; i < whole; i += LANES) {
      IntVector bits = IntVector.fromMemorySegment(WIDE, ALL, source + 4L * i, ORDER);
      IntVector odd = bits.lanewise(VectorOperators.LSHR, Short.SIZE).and(1);
      IntVector rounded = bits.add(0x7fff).add(odd);
      rounded
          .blend(
              BFloat16.QUIET_NAN,
              bits.and(Integer.MAX_VALUE).compare(VectorOperators.GT, BFloat16.INFINITY))
          .lanewise(VectorOperators.LSHR, Short.SIZE)
          .convertShape(VectorOperators.I2S, NARROW, 0)
          .intoMemorySegment(ALL, target + 2L * i, ORDER);
    }
    BFloat16.narrow(source + 4L * whole, target + 2L * whole, count - whole);
  }
}
