package org.kat4j.data;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.HexFormat;
import org.kat4j.error.UserException;

/** Fetches a published file: bounded, checked, and moved into place only when it is whole. */
final class Download {
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);
  private static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(30);
  private static final int OK = 200;

  private Download() {}

  /**
   * Fetches {@code address} into {@code folder}, which is made if need be.
   *
   * @return the file {@code folder/name}
   * @throws UserException if it cannot be fetched or is not the published file; one line that also
   *     says how to do without a network
   */
  static Path fetch(URI address, RemoteFile file, Path folder) {
    Path target = folder.resolve(file.name());
    try {
      Files.createDirectories(folder);
      Path beside = Files.createTempFile(folder, file.name(), ".part");
      try {
        receive(address, file, beside);
        Files.move(beside, target, StandardCopyOption.ATOMIC_MOVE);
      } finally {
        Files.deleteIfExists(beside);
      }
      return target;
    } catch (IOException e) {
      throw notFetched(address, file, target, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw notFetched(address, file, target, e);
    }
  }

  private static void receive(URI address, RemoteFile file, Path into)
      throws IOException, InterruptedException {
    try (HttpClient client =
        HttpClient.newBuilder()
            .connectTimeout(CONNECT_TIMEOUT)
            .followRedirects(HttpClient.Redirect.NORMAL)
            .build()) {
      HttpRequest request = HttpRequest.newBuilder(address).timeout(ANSWER_TIMEOUT).build();
      HttpResponse<InputStream> answer =
          client.send(request, HttpResponse.BodyHandlers.ofInputStream());
      MessageDigest digest = Sha256.start();
      long received;
      try (InputStream body = answer.body();
          OutputStream out = new DigestOutputStream(Files.newOutputStream(into), digest)) {
        if (answer.statusCode() != OK) {
          throw new IOException("the server answered " + answer.statusCode());
        }
        received = copy(body, out, file.bytes());
      }
      if (received != file.bytes()) {
        throw new IOException(
            "the server sent %s than the expected %d bytes"
                .formatted(received < file.bytes() ? "less" : "more", file.bytes()));
      }
      String found = HexFormat.of().formatHex(digest.digest());
      if (!found.equals(file.sha256())) {
        throw new IOException("its sha256 is %s, not %s".formatted(found, file.sha256()));
      }
    }
  }

  /** Copies at most one byte more than expected, so that too long a file is noticed and ended. */
  private static long copy(InputStream body, OutputStream out, long expected) throws IOException {
    byte[] buffer = new byte[1 << 16];
    long copied = 0;
    int count;
    while (copied <= expected && (count = body.read(buffer)) >= 0) {
      int kept = (int) Math.min(count, expected + 1 - copied);
      out.write(buffer, 0, kept);
      copied += kept;
    }
    return copied;
  }

  private static UserException notFetched(
      URI address, RemoteFile file, Path target, Exception cause) {
    // The client gives no message when nothing answers at all.
    String reason = cause.getMessage() == null ? "no connection" : cause.getMessage();
    return new UserException(
        "%s is not here and cannot be fetched from %s (%s): put it at %s or pass its folder with --data-root (or KAT4J_DATA), or give a network connection"
            .formatted(file.name(), address, reason, target),
        cause);
  }
}
