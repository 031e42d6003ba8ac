package org.kat4j.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RandomStreamTest {

  @Test
  void isAFunctionOfItsKey() {
    assertThat(RandomStream.of(1, 2).nextLong()).isEqualTo(RandomStream.of(1, 2).nextLong());
    assertThat(RandomStream.of(1, 2).nextLong()).isNotEqualTo(RandomStream.of(2, 1).nextLong());
    assertThat(RandomStream.of(1).nextLong()).isNotEqualTo(RandomStream.of(1, 0).nextLong());
    // Pinned: saved runs are continued from these streams.
    assertThat(RandomStream.of(1, 2, 3).nextLong()).isEqualTo(4326446844226130699L);
  }

  @Test
  void boundedNumbersAreUniform() {
    int[] counts = new int[7];
    RandomStream random = RandomStream.of(5);
    for (int i = 0; i < 70_000; i++) {
      counts[random.nextInt(7)]++;
    }
    // Five standard deviations, sqrt(70000 * 1/7 * 6/7) = 92.6 each.
    assertThat(Arrays.stream(counts)).allMatch(count -> Math.abs(count - 10_000) < 463);
  }

  @Test
  void neighbouringKeysAreUnrelated() {
    double sum = 0;
    for (int i = 0; i < 10_000; i++) {
      sum +=
          (RandomStream.of(3, i).nextDouble() - .5) * (RandomStream.of(3, i + 1).nextDouble() - .5);
    }
    // A product of two independent centred uniforms has variance 1/144: five deviations of the
    // mean.
    assertThat(Math.abs(sum / 10_000)).isLessThan(5.0 / 12 / 100);
  }

  @Test
  void permutationHoldsEveryNumberOnce() {
    int[] order = RandomStream.of(9).permutation(1000);
    assertThat(order).isNotEqualTo(IntStream.range(0, 1000).toArray());
    assertThat(order).containsExactlyInAnyOrder(IntStream.range(0, 1000).toArray());
  }
}
