package org.kat4j.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Vectors against plain loops, to the bit, at lengths around the vector widths. */
class PixelTwinTest {
  private final PixelKernel vectors = new VectorPixels();
  private final PixelKernel loops = new ScalarPixels();
  private final Random random = new Random(1);

  @ParameterizedTest
  @ValueSource(ints = {1, 7, 8, 9, 15, 16, 17, 31, 32, 33, 100})
  void sumsOfLines(int length) {
    int pitch = length + 3;
    int start = 5;
    byte[] from = bytes(start + 6 * pitch);
    int most = 4;
    int[] weights = new int[3 * most];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = random.nextInt(-PixelKernel.Sums.ONE / 4, PixelKernel.Sums.ONE);
    }
    var sums = new PixelKernel.Sums(new int[] {1, 2, 2}, new int[] {3, 1, 4}, weights, most);
    byte[] expected = new byte[2 + 3 * length];
    byte[] actual = new byte[2 + 3 * length];
    loops.sum(from, start, pitch, sums, expected, 2, length);
    vectors.sum(from, start, pitch, sums, actual, 2, length);
    assertThat(actual).isEqualTo(expected);
    // The sum of one line by hand: the second has a single weight.
    long value = (1L << 21) + (long) weights[most] * (from[start + 2 * pitch] & 0xff);
    assertThat(expected[2 + length]).isEqualTo((byte) Math.clamp(value >> 22, 0, 255));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 8, 15, 16, 17, 40, 1000})
  void colours(int pixels) {
    byte[] expected = bytes(3 * pixels);
    byte[] actual = expected.clone();
    loops.toRgb(expected);
    vectors.toRgb(actual);
    assertThat(actual).isEqualTo(expected);
  }

  private byte[] bytes(int count) {
    byte[] bytes = new byte[count];
    random.nextBytes(bytes);
    return bytes;
  }
}
