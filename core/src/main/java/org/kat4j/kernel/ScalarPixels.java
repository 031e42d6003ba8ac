package org.kat4j.kernel;

import static org.kat4j.kernel.YccWeights.BLUE_FROM_CB;
import static org.kat4j.kernel.YccWeights.GREEN_FROM_CB;
import static org.kat4j.kernel.YccWeights.GREEN_FROM_CR;
import static org.kat4j.kernel.YccWeights.MIDDLE;
import static org.kat4j.kernel.YccWeights.RED_FROM_CR;

import java.util.Arrays;

/** Plain loops: the twin of {@link VectorPixels}, and what runs without the vector module. */
final class ScalarPixels implements PixelKernel {
  @Override
  public void sum(byte[] from, int start, int pitch, Sums sums, byte[] to, int at, int length) {
    int[] line = new int[length];
    for (int i = 0; i < sums.starts().length; i++) {
      Arrays.fill(line, Sums.HALF);
      int source = start + sums.starts()[i] * pitch;
      for (int k = 0; k < sums.counts()[i]; k++, source += pitch) {
        int weight = sums.weights()[sums.first(i) + k];
        for (int j = 0; j < length; j++) {
          line[j] += weight * (from[source + j] & 0xff);
        }
      }
      for (int j = 0; j < length; j++) {
        to[at + i * length + j] = clip(line[j] >> Sums.FRACTION_BITS);
      }
    }
  }

  @Override
  public void toRgb(byte[] planes) {
    toRgb(planes, 0);
  }

  /** All pixels from {@code first} on. */
  static void toRgb(byte[] planes, int first) {
    int area = planes.length / 3;
    for (int i = first; i < area; i++) {
      int luma = planes[i] & 0xff;
      int blue = (planes[area + i] & 0xff) - MIDDLE;
      int red = (planes[2 * area + i] & 0xff) - MIDDLE;
      planes[i] = clip(luma + rounded(RED_FROM_CR * red));
      planes[area + i] = clip(luma + rounded(GREEN_FROM_CB * blue + GREEN_FROM_CR * red));
      planes[2 * area + i] = clip(luma + rounded(BLUE_FROM_CB * blue));
    }
  }

  private static int rounded(int value) {
    return (value + YccWeights.HALF) >> YccWeights.FRACTION_BITS;
  }

  private static byte clip(int value) {
    return (byte) Math.clamp(value, 0, 255);
  }
}
