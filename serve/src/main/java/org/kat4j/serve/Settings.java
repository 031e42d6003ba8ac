package org.kat4j.serve;

import org.kat4j.error.UserException;

/**
 * Where a server listens, and its limits.
 *
 * @param host name or address of the interface
 * @param port 0 for any free one
 * @param maxBytes largest image as sent
 * @param maxPixels largest image as decoded
 * @param maxBatch images that go through the model together
 * @param waitMillis longest time that an image waits for others on their way
 * @param queue images that wait for the model; more are turned away
 * @param requestSeconds time for a client to send its request, and for us to answer it. The JDK's
 *     server has one such limit for the whole process: the first server's counts
 */
public record Settings(
    String host,
    int port,
    int maxBytes,
    long maxPixels,
    int maxBatch,
    int waitMillis,
    int queue,
    int requestSeconds) {

  public Settings {
    between("port", port, 0, 65_535);
    between("maxBytes", maxBytes, 1, 1 << 30);
    between("maxPixels", maxPixels, 1, 64_000_000);
    between("maxBatch", maxBatch, 1, 4096);
    between("waitMillis", waitMillis, 0, 10_000);
    between("queue", queue, 1, 1_000_000);
    between("requestSeconds", requestSeconds, 1, 3600);
  }

  private static void between(String field, long value, long low, long high) {
    if (value < low || value > high) {
      throw new UserException(
          "%s of the server is %d; allowed is %d to %d".formatted(field, value, low, high));
    }
  }

  /** This machine only, 10 MB, 16 megapixels, batches of up to 32 within 3 ms. */
  public static Settings local(int port) {
    return new Settings("127.0.0.1", port, 10 << 20, 16_000_000, 32, 3, 256, 20);
  }

  /** The same elsewhere. */
  public Settings at(String otherHost) {
    return new Settings(
        otherHost, port, maxBytes, maxPixels, maxBatch, waitMillis, queue, requestSeconds);
  }
}
