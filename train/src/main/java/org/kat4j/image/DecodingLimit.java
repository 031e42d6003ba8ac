package org.kat4j.image;

import java.io.IOException;
import java.util.concurrent.TimeUnit;

/**
 * When a decoding has to end, whatever its file makes the decoder do.
 *
 * @param end by {@link System#nanoTime()}
 */
public record DecodingLimit(long end) {
  private static final int SECONDS = 30; // 64 million pixels take less than 5

  /** For files that nobody waits for: half a minute from now. */
  public static DecodingLimit standard() {
    return in(SECONDS, TimeUnit.SECONDS);
  }

  /** From now on. */
  public static DecodingLimit in(long time, TimeUnit unit) {
    return new DecodingLimit(System.nanoTime() + unit.toNanos(time));
  }

  /** Whether it has passed. */
  public boolean passed() {
    return System.nanoTime() - end > 0;
  }

  /**
   * Ends a decoding that takes too long.
   *
   * @throws IOException when the limit has passed
   */
  void check() throws IOException {
    if (passed()) {
      throw new IOException("decoding it takes too long");
    }
  }
}
