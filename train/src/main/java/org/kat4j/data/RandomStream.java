package org.kat4j.data;

import java.util.random.RandomGenerator;

/**
 * A stream of random numbers named by a key, such as (seed, epoch, position): equal keys give equal
 * streams on every machine, whatever thread asks and in whatever order.
 *
 * <p>Source: SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, OOPSLA
 * 2014). The methods below are ours, because the library does not promise to keep its default
 * algorithms for bounded numbers.
 */
public final class RandomStream implements RandomGenerator {
  private static final long GOLDEN_GAMMA = 0x9E3779B97F4A7C15L;

  private long state;

  private RandomStream(long state) {
    this.state = state;
  }

  /** The stream of this key. The order of the parts matters. */
  public static RandomStream of(long... key) {
    long state = key.length;
    for (long part : key) {
      state = mix(state + GOLDEN_GAMMA) ^ mix(part * GOLDEN_GAMMA + 1);
    }
    return new RandomStream(mix(state));
  }

  @Override
  public long nextLong() {
    state += GOLDEN_GAMMA;
    return mix(state);
  }

  /** Uniform in {@code [0, 1)}, a multiple of 2^-53. */
  @Override
  public double nextDouble() {
    return (nextLong() >>> 11) * 0x1.0p-53;
  }

  /** Uniform in {@code [from, to)}. */
  @Override
  public double nextDouble(double from, double to) {
    return from + (to - from) * nextDouble();
  }

  /** Uniform in {@code [0, bound)} without bias: draws again in the incomplete last interval. */
  @Override
  public int nextInt(int bound) {
    if (bound <= 0) {
      throw new IllegalArgumentException("bound must be positive, got " + bound);
    }
    long limit = Long.MAX_VALUE - Long.MAX_VALUE % bound;
    long bits;
    do {
      bits = nextLong() >>> 1;
    } while (bits >= limit);
    return (int) (bits % bound);
  }

  @Override
  public boolean nextBoolean() {
    return nextLong() < 0;
  }

  /** Normal with mean 0 and deviation 1, by Box and Muller. */
  @Override
  public double nextGaussian() {
    return Math.sqrt(-2 * StrictMath.log(1 - nextDouble()))
        * StrictMath.cos(2 * Math.PI * nextDouble());
  }

  /** A uniformly random order of {@code 0 .. size - 1} (Fisher and Yates). */
  public int[] permutation(int size) {
    int[] order = new int[size];
    for (int i = 0; i < size; i++) {
      int other = nextInt(i + 1);
      order[i] = order[other];
      order[other] = i;
    }
    return order;
  }

  private static long mix(long value) {
    long mixed = (value ^ (value >>> 30)) * 0xBF58476D1CE4E5B9L;
    mixed = (mixed ^ (mixed >>> 27)) * 0x94D049BB133111EBL;
    return mixed ^ (mixed >>> 31);
  }
}
