package org.kat4j.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

/** Elementary functions of panels against those of {@link StrictMath}. */
class ElementaryPanelsTest {
  private static final int ROWS = 1 << 12;

  private final MemorySegment x = Arena.ofAuto().allocate(8L * ROWS, 64);
  private final MemorySegment sines = Arena.ofAuto().allocate(8L * ROWS, 64);
  private final MemorySegment cosines = Arena.ofAuto().allocate(8L * ROWS, 64);

  private void fill(double low, double high, boolean wide) {
    for (int i = 0; i < ROWS; i++) {
      set(i, low + (high - low) * i / (ROWS - 1), wide);
    }
  }

  private void set(int i, double value, boolean wide) {
    if (wide) {
      x.setAtIndex(ValueLayout.JAVA_DOUBLE, i, value);
    } else {
      x.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) value);
    }
  }

  private static double get(MemorySegment from, int i, boolean wide) {
    return wide
        ? from.getAtIndex(ValueLayout.JAVA_DOUBLE, i)
        : from.getAtIndex(ValueLayout.JAVA_FLOAT, i);
  }

  /** Relative to the result: the polynomial's error and two roundings. */
  private void exponentials(double low, boolean wide, double tolerance) {
    fill(low, 0, wide);
    double[] given = new double[ROWS];
    for (int i = 0; i < ROWS; i++) {
      given[i] = get(x, i, wide);
    }
    if (wide) {
      DoublePanels.exp(x.address(), ROWS);
    } else {
      FloatPanels.exp(x.address(), ROWS);
    }
    for (int i = 0; i < ROWS; i++) {
      double expected = StrictMath.exp(given[i]);
      assertThat(get(x, i, wide)).isCloseTo(expected, within(tolerance * expected));
    }
  }

  @Test
  void exponentialsOfNumbersThatAreNotPositive() {
    exponentials(-2, false, 0x1p-22);
    exponentials(-87.3, false, 0x1p-22);
    exponentials(-2, true, 0x1p-51);
    exponentials(-708, true, 0x1p-51);
  }

  @Test
  void exponentialsAtTheEnds() {
    for (boolean wide : new boolean[] {false, true}) {
      fill(0, 0, wide);
      set(1, Double.NaN, wide);
      set(2, Double.NEGATIVE_INFINITY, wide);
      set(3, -1e30, wide);
      if (wide) {
        DoublePanels.exp(x.address(), 64);
      } else {
        FloatPanels.exp(x.address(), 64);
      }
      assertThat(get(x, 0, wide)).isEqualTo(1);
      assertThat(get(x, 1, wide)).isNaN();
      assertThat(get(x, 2, wide)).isZero();
      assertThat(get(x, 3, wide)).isZero();
    }
  }

  private void angles(boolean wide, double tolerance) {
    if (wide) {
      DoublePanels.sinCos(x.address(), sines.address(), cosines.address(), ROWS);
    } else {
      FloatPanels.sinCos(x.address(), sines.address(), cosines.address(), ROWS);
    }
    for (int i = 0; i < ROWS; i++) {
      double angle = get(x, i, wide);
      double sin = StrictMath.sin(angle);
      double cos = StrictMath.cos(angle);
      if (Double.isNaN(sin)) {
        assertThat(get(sines, i, wide)).isNaN();
        assertThat(get(cosines, i, wide)).isNaN();
      } else {
        assertThat(get(sines, i, wide)).isCloseTo(sin, within(tolerance));
        assertThat(get(cosines, i, wide)).isCloseTo(cos, within(tolerance));
      }
    }
  }

  /** One unit in the last place below 1. */
  @Test
  void sinesAndCosines() {
    for (double range : new double[] {1, 10, 1000, 32_000}) {
      fill(-range, range, false);
      angles(false, 0x1p-23);
      fill(-range, 1.01 * range, true);
      angles(true, 0x1p-52);
    }
  }

  @Test
  void anglesThatAreLargeOrNoNumbers() {
    for (boolean wide : new boolean[] {false, true}) {
      fill(-3e9, 5e9, wide);
      set(100, Double.NaN, wide);
      set(200, Double.POSITIVE_INFINITY, wide);
      angles(wide, wide ? 0x1p-52 : 0x1p-23);
    }
  }
}
