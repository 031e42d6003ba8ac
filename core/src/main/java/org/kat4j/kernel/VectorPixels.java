package org.kat4j.kernel;

import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.I2B;
import static jdk.incubator.vector.VectorOperators.ZERO_EXTEND_B2I;
import static org.kat4j.kernel.YccWeights.BLUE_FROM_CB;
import static org.kat4j.kernel.YccWeights.GREEN_FROM_CB;
import static org.kat4j.kernel.YccWeights.GREEN_FROM_CR;
import static org.kat4j.kernel.YccWeights.MIDDLE;
import static org.kat4j.kernel.YccWeights.RED_FROM_CR;

import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * Pixels as lanes of integers.
 *
 * <p>Loaded only where the module jdk.incubator.vector is present; see {@link Kernels}.
 */
final class VectorPixels implements PixelKernel {
  private static final VectorSpecies<Integer> SPECIES = species();
  private static final int LANES = SPECIES.length();
  private static final VectorSpecies<Byte> BYTES =
      VectorSpecies.of(byte.class, VectorShape.forBitSize(LANES * Byte.SIZE));

  private final ScalarPixels narrow = new ScalarPixels();

  /** At least 8 lanes, so that their bytes fill the smallest vector there is, 64 bits. */
  private static VectorSpecies<Integer> species() {
    return IntVector.SPECIES_PREFERRED.length() < 8
        ? IntVector.SPECIES_256
        : IntVector.SPECIES_PREFERRED;
  }

  @Override
  public void sum(byte[] from, int start, int pitch, Sums sums, byte[] to, int at, int length) {
    if (length < LANES) {
      narrow.sum(from, start, pitch, sums, to, at, length);
      return;
    }
    for (int i = 0; i < sums.starts().length; i++) {
      int source = start + sums.starts()[i] * pitch;
      int first = sums.first(i);
      int end = first + sums.counts()[i];
      for (int j = 0; j < length; j += LANES) {
        int column = Math.min(j, length - LANES); // the last vector may overlap the one before
        sum(from, source + column, pitch, sums.weights(), first, end)
            .intoArray(to, at + i * length + column);
      }
    }
  }

  private static ByteVector sum(
      byte[] from, int source, int pitch, int[] weights, int first, int end) {
    IntVector sum = IntVector.broadcast(SPECIES, Sums.HALF);
    for (int k = first, place = source; k < end; k++, place += pitch) {
      sum = sum.add(load(from, place).mul(weights[k]));
    }
    return clip(sum.lanewise(ASHR, Sums.FRACTION_BITS));
  }

  @Override
  public void toRgb(byte[] planes) {
    int area = planes.length / 3;
    int i = 0;
    for (; i + LANES <= area; i += LANES) {
      IntVector luma = load(planes, i);
      IntVector blue = load(planes, area + i).sub(MIDDLE);
      IntVector red = load(planes, 2 * area + i).sub(MIDDLE);
      IntVector green = blue.mul(GREEN_FROM_CB).add(red.mul(GREEN_FROM_CR));
      clip(luma.add(rounded(red.mul(RED_FROM_CR)))).intoArray(planes, i);
      clip(luma.add(rounded(green))).intoArray(planes, area + i);
      clip(luma.add(rounded(blue.mul(BLUE_FROM_CB)))).intoArray(planes, 2 * area + i);
    }
    ScalarPixels.toRgb(planes, i);
  }

  private static IntVector rounded(IntVector value) {
    return value.add(YccWeights.HALF).lanewise(ASHR, YccWeights.FRACTION_BITS);
  }

  private static IntVector load(byte[] bytes, int place) {
    return (IntVector)
        ByteVector.fromArray(BYTES, bytes, place).convertShape(ZERO_EXTEND_B2I, SPECIES, 0);
  }

  private static ByteVector clip(IntVector value) {
    return (ByteVector) value.max(0).min(255).convertShape(I2B, BYTES, 0);
  }
}
