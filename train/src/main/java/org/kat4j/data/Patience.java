package org.kat4j.data;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * How slow the other side of a transfer may be.
 *
 * @param window time after which it is looked at again
 * @param bytes least that has to arrive in it
 */
public record Patience(Duration window, long bytes) {
  /** The slowest modems of the past sent more. */
  public static final Patience STANDARD = new Patience(Duration.ofSeconds(30), 30_000);

  /** The same content; reading it fails once too little arrives. Close it. */
  public InputStream watch(InputStream body) {
    return new Watched(body);
  }

  /** Ends the transfer from another thread: a read that waits cannot look at the clock. */
  private final class Watched extends FilterInputStream {
    private final Thread watchdog;
    private final AtomicLong arrived = new AtomicLong();
    private volatile boolean tooSlow;

    Watched(InputStream body) {
      super(body);
      watchdog = Thread.ofVirtual().start(this::watch);
    }

    private void watch() {
      try {
        long before;
        do {
          before = arrived.get();
          Thread.sleep(window);
        } while (arrived.get() - before >= bytes);
        tooSlow = true;
        in.close(); // whoever reads gets an exception now
      } catch (InterruptedException | IOException closed) {
        // it is over, one way or the other
      }
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : Byte.toUnsignedInt(one[0]);
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
      int count;
      try {
        count = in.read(target, offset, length);
      } catch (IOException e) {
        throw tooSlow ? slow(e) : e;
      }
      if (count < 0 && tooSlow) {
        throw slow(null);
      }
      arrived.addAndGet(Math.max(count, 0));
      return count;
    }

    private IOException slow(@Nullable IOException cause) {
      return new IOException(
          "less than %d bytes arrived in %d s".formatted(bytes, window.toSeconds()), cause);
    }

    @Override
    public void close() throws IOException {
      watchdog.interrupt();
      super.close();
    }
  }
}
