package org.kat4j.bench;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.BooleanSupplier;

/** One connection to a server, with one request again and again; it speaks just enough HTTP. */
final class ServeClient {
  private static final int OK = 200;

  private final InetSocketAddress server;
  private final byte[] request;
  private final List<Double> milliseconds = new ArrayList<>();
  private int failed;
  private int answers;

  /** Posts an image. */
  ServeClient(InetSocketAddress server, byte[] image) {
    this.server = server;
    byte[] head =
        "POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n"
            .formatted(image.length)
            .getBytes(StandardCharsets.US_ASCII);
    request = Arrays.copyOf(head, head.length + image.length);
    System.arraycopy(image, 0, request, head.length, image.length);
  }

  /** Gets a page. */
  ServeClient(InetSocketAddress server, String path) {
    this.server = server;
    request =
        "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n"
            .formatted(path)
            .getBytes(StandardCharsets.US_ASCII);
  }

  /** Times of answers with status 200. */
  List<Double> milliseconds() {
    return milliseconds;
  }

  /** Requests without such an answer. */
  int failed() {
    return failed;
  }

  /** Answers of whatever status. */
  int answers() {
    return answers;
  }

  ServeClient until(long end) {
    return during(() -> System.nanoTime() < end, 0);
  }

  /** Sends as long as it is to, with pauses. */
  ServeClient during(BooleanSupplier going, int pauseMillis) {
    while (going.getAsBoolean()) {
      try (Socket socket = new Socket(server.getAddress(), server.getPort())) {
        socket.setTcpNoDelay(true);
        InputStream in = new BufferedInputStream(socket.getInputStream());
        boolean open = true;
        while (open && going.getAsBoolean()) {
          long before = System.nanoTime();
          socket.getOutputStream().write(request);
          int status = status(in);
          answers++;
          if (status == OK) {
            milliseconds.add((System.nanoTime() - before) / 1e6);
          } else {
            failed++;
            open = false; // the server closes after an error
          }
          Thread.sleep(pauseMillis);
        }
      } catch (IOException e) {
        failed++;
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return this;
      }
    }
    return this;
  }

  /** Reads a whole answer. */
  private static int status(InputStream in) throws IOException {
    int status = Integer.parseInt(line(in).split(" ", -1)[1]);
    int length = 0;
    for (String header = line(in); !header.isEmpty(); header = line(in)) {
      if (header.toLowerCase(Locale.ROOT).startsWith("content-length:")) {
        length = Integer.parseInt(header.substring(header.indexOf(':') + 1).strip());
      }
    }
    in.skipNBytes(length);
    return status;
  }

  private static String line(InputStream in) throws IOException {
    var text = new StringBuilder();
    for (int c = in.read(); c != '\n'; c = in.read()) {
      if (c < 0) {
        throw new EOFException();
      }
      if (c != '\r') {
        text.append((char) c);
      }
    }
    return text.toString();
  }
}
