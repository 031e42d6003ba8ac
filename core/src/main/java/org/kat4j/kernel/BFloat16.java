package org.kat4j.kernel;

import static org.kat4j.kernel.NativeMemory.ALL;

import java.lang.foreign.ValueLayout;

/** bfloat16, the upper half of a float32, to and from float32. */
final class BFloat16 {
  static final int INFINITY = 0x7f80_0000;
  static final int QUIET_NAN = 0x7fc0_0000;

  private BFloat16() {}

  static float widen(short half) {
    return Float.intBitsToFloat(half << Short.SIZE);
  }

  /** Rounds to nearest, ties to even, as libtorch does. */
  static short narrow(float value) {
    return narrow(Float.floatToRawIntBits(value));
  }

  private static short narrow(int bits) {
    boolean nan = (bits & Integer.MAX_VALUE) > INFINITY; // rounding could carry it over to -0
    int rounded = nan ? QUIET_NAN : bits + 0x7fff + ((bits >>> Short.SIZE) & 1);
    return (short) (rounded >>> Short.SIZE);
  }

  /** Widens {@code count} neighbouring elements. */
  static void widen(long source, long target, int count) {
    for (int i = 0; i < count; i++) {
      int bits = ALL.get(ValueLayout.JAVA_SHORT, source + 2L * i) << Short.SIZE;
      ALL.set(ValueLayout.JAVA_INT, target + 4L * i, bits);
    }
  }

  /** Narrows {@code count} neighbouring elements. */
  static void narrow(long source, long target, int count) {
    for (int i = 0; i < count; i++) {
      int bits = ALL.get(ValueLayout.JAVA_INT, source + 4L * i);
      ALL.set(ValueLayout.JAVA_SHORT, target + 2L * i, narrow(bits));
    }
  }
}
