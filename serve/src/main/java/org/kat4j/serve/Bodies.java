package org.kat4j.serve;

import com.sun.net.httpserver.HttpExchange;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.kat4j.error.UserException;

/** Reads the bodies of requests, under a limit for each and one for all that are on their way. */
final class Bodies {
  private static final int PIECE = 1 << 16;

  private final int maxBytes;
  private final String one;
  private final String many;
  private final AtomicLong buffered = new AtomicLong();
  private final long mostBuffered;

  /**
   * @param maxBytes largest body
   * @param one what a body is, for messages: an image
   * @param many the same in the plural
   */
  Bodies(int maxBytes, String one, String many) {
    this.maxBytes = maxBytes;
    this.one = one;
    this.many = many;
    mostBuffered = Math.max(maxBytes, Runtime.getRuntime().maxMemory() / 8);
  }

  /** What is made of a body. */
  interface Handler {
    Reply handle(byte[] body) throws InterruptedException;
  }

  /** Raised where the bytes of all requests together are more than memory is set aside for. */
  private static final class Crowded extends IOException {
    private static final long serialVersionUID = 1L;
  }

  /** The answer to a body that says itself that it is too long. */
  Optional<Answer> refusal(HttpExchange exchange) {
    String length = exchange.getRequestHeaders().getFirst("Content-Length");
    return length != null && longer(length) ? Optional.of(tooLarge()) : Optional.empty();
  }

  private boolean longer(String length) {
    try {
      return Long.parseLong(length) > maxBytes;
    } catch (NumberFormatException e) {
      return true;
    }
  }

  private Answer tooLarge() {
    return Answer.error(Answer.TOO_LARGE, "%s may have %d bytes".formatted(one, maxBytes));
  }

  /** Reads the body and answers; its bytes count as long as that takes. */
  Reply read(HttpExchange exchange, Handler handler) throws IOException, InterruptedException {
    var body = new ByteArrayOutputStream();
    try {
      read(exchange.getRequestBody(), body);
      return body.size() > maxBytes ? tooLarge() : handler.handle(body.toByteArray());
    } catch (Crowded _) {
      return Answer.error(Answer.BUSY, "too many " + many + " at once");
    } finally {
      buffered.addAndGet(-body.size());
    }
  }

  /**
   * Adds to {@code bytes} at most one byte more than allowed. Memory grows with what arrives, not
   * with what is said.
   */
  private void read(InputStream body, ByteArrayOutputStream bytes) throws IOException {
    byte[] piece = new byte[PIECE];
    while (bytes.size() <= maxBytes) {
      int count;
      try {
        count = body.read(piece, 0, Math.min(PIECE, maxBytes + 1 - bytes.size()));
      } catch (IOException | RuntimeException malformed) {
        // The JDK's reader of chunks answers absurd sizes with index errors.
        throw new UserException("the body ends early, or its chunks are malformed", malformed);
      }
      if (count < 0) {
        return;
      }
      bytes.write(piece, 0, count);
      if (buffered.addAndGet(count) > mostBuffered) {
        throw new Crowded();
      }
    }
  }

  /** Reads and forgets as much as a body may have: who still sends would not see an answer. */
  void drain(InputStream body) {
    byte[] piece = new byte[PIECE];
    int count;
    try {
      for (long left = maxBytes; left > 0 && (count = body.read(piece)) >= 0; left -= count) {}
    } catch (IOException | RuntimeException gone) {
      // The answer is on its way; what follows it does not matter.
    }
  }
}
