package org.kat4j.torch;

import java.util.Arrays;
import java.util.Locale;
import java.util.function.Supplier;

/**
 * How many tensors and numbers may be built: what a description from outside gets before it is
 * known to be sound. Without one there is no limit but that sizes must be exact.
 */
public final class Allowance {
  private static final ScopedValue<Allowance> CURRENT = ScopedValue.newInstance();

  private final String of;
  private long tensors;
  private long numbers;

  private Allowance(String of, long tensors, long numbers) {
    this.of = of;
    this.tensors = tensors;
    this.numbers = numbers;
  }

  /**
   * Builds something under a limit.
   *
   * @param of what sets the limit, for the message
   * @throws IllegalArgumentException as soon as it takes more
   */
  public static <T> T within(long tensors, long numbers, String of, Supplier<T> build) {
    return ScopedValue.where(CURRENT, new Allowance(of, tensors, numbers)).call(build::get);
  }

  /** A tensor of this shape is about to be made. */
  static void charge(long... shape) {
    long count = count(shape);
    if (CURRENT.isBound()) {
      CURRENT.get().take(count);
    }
  }

  private void take(long count) {
    tensors--;
    numbers -= count;
    if (tensors < 0 || numbers < 0) {
      throw new IllegalArgumentException(
          "the model described has more %s than %s"
              .formatted(tensors < 0 ? "tensors" : "numbers", of));
    }
  }

  private static long count(long... shape) {
    long count = 1;
    try {
      for (long size : shape) {
        count = Math.multiplyExact(count, size < 0 ? Long.MAX_VALUE : size);
      }
      return Math.multiplyExact(count, Double.BYTES) / Double.BYTES;
    } catch (ArithmeticException overflow) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT, "a tensor of %s is beyond all memory", Arrays.toString(shape)));
    }
  }
}
