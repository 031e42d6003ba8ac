package org.kat4j.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Collections;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.kat4j.error.UserException;

/** Sizes beyond those of Java's arrays and buffers; what is not read need not be there. */
class LargeMemoryTest {
  private static final long ELEMENTS = 3L << 29; // 6 GiB of float32

  @Test
  void tensorsOverMoreThanTwoGibibytes() {
    try (Arena arena = Arena.ofConfined();
        Scope _ = Scope.open()) {
      MemorySegment two = arena.allocateFrom(ValueLayout.JAVA_FLOAT, 1.5f, 2.5f);
      MemorySegment large = MemorySegment.ofAddress(two.address()).reinterpret(4 * ELEMENTS);
      Tensor floats = Memory.floats(large, ELEMENTS);
      assertThat(floats.numel()).isEqualTo(ELEMENTS);
      assertThat(Memory.doubles(floats.narrow(0, 0, 2))).containsExactly(1.5, 2.5);

      MemorySegment three = arena.allocateFrom(ValueLayout.JAVA_LONG, 3);
      MemorySegment wide = MemorySegment.ofAddress(three.address()).reinterpret(8 * ELEMENTS);
      Tensor longs = Memory.longs(wide, ELEMENTS);
      assertThat(Memory.longs(longs.narrow(0, 0, 1))).containsExactly(3);
    }
  }

  @Test
  void moreThanAnArrayHoldsIsAMistakeInOneLine() {
    var rows = Collections.nCopies(1 << 21, new float[1 << 11]);
    assertThatThrownBy(() -> Memory.batch(rows, 1 << 11))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("4,294,967,296 numbers at once are more than an array holds");
  }
}
