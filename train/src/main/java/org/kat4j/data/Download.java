package org.kat4j.data;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import org.kat4j.error.UserException;

/**
 * Fetches a published file: bounded, checked, and moved into place only when it is whole.
 *
 * <p>Where the server can send parts of a file, a connection that drops is taken up again where it
 * ended, several times in one call and again in later ones: what has arrived waits in {@code
 * NAME.part}.
 */
public final class Download {
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);
  private static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(30);
  private static final int ATTEMPTS = 5;
  private static final long PAUSE_MILLIS = 200;
  private static final int OK = 200;
  private static final int PARTIAL = 206;
  private static final int BEYOND_THE_END = 416;

  private Download() {}

  /** The file is not the right one, or the server will not give it: trying again is of no use. */
  private static final class Refused extends IOException {
    private static final long serialVersionUID = 1L;

    Refused(String message) {
      super(message);
    }
  }

  /**
   * Fetches {@code address} into {@code folder}, which is made if need be.
   *
   * @param otherwise what the user can do without a network, for the message
   * @return the file {@code folder/name}
   * @throws UserException if it cannot be fetched or is not the published file, in one line
   */
  public static Path fetch(URI address, RemoteFile file, Path folder, String otherwise) {
    return fetch(address, file, folder, otherwise, Patience.STANDARD);
  }

  /** The same, with another limit of how slow the server may be. */
  public static Path fetch(
      URI address, RemoteFile file, Path folder, String otherwise, Patience patience) {
    Path target = folder.resolve(file.name());
    try {
      Files.createDirectories(folder);
      Path part = folder.resolve(file.name() + ".part");
      FileTime before = time(target);
      try (DownloadLock lock = lock(folder.resolve(file.name() + ".lock"), file)) {
        if (!time(target).equals(before)) {
          return target; // another process has fetched it meanwhile
        }
        receive(address, file, part, patience);
        Files.move(part, target, StandardCopyOption.ATOMIC_MOVE);
      }
      return target;
    } catch (IllegalArgumentException | UncheckedIOException e) { // what the client makes of
      throw notFetched(address, file, otherwise, e); // addresses and answers that are none
    } catch (IOException e) {
      throw notFetched(address, file, otherwise, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw notFetched(address, file, otherwise, e);
    }
  }

  /** Waits until no other process fetches this file. */
  private static DownloadLock lock(Path file, RemoteFile wanted)
      throws IOException, InterruptedException {
    for (int tries = 0; ; tries++) {
      DownloadLock lock = DownloadLock.tryTake(file);
      if (lock != null) {
        return lock;
      }
      if (tries == 1) {
        System.getLogger(Download.class.getName())
            .log(Level.INFO, "another process fetches {0}: waiting for it", wanted.name());
      }
      Thread.sleep(PAUSE_MILLIS);
    }
  }

  /** When a file was written; the beginning of time where there is none. */
  private static FileTime time(Path file) throws IOException {
    return Files.exists(file) ? Files.getLastModifiedTime(file) : FileTime.fromMillis(0);
  }

  /** A client for one fetch: closed with it, so that no thread of it stays. */
  public static HttpClient client(HttpClient.Redirect redirects) {
    return HttpClient.newBuilder()
        .connectTimeout(CONNECT_TIMEOUT)
        .followRedirects(redirects)
        .build();
  }

  private static void receive(URI address, RemoteFile file, Path part, Patience patience)
      throws IOException, InterruptedException {
    try (HttpClient client = client(HttpClient.Redirect.NORMAL)) {
      boolean takesUp = true;
      for (int attempt = 1; takesUp; attempt++) {
        long before = size(part);
        Reception reception = new Reception(client, address, file, part, patience);
        try {
          reception.run();
          break;
        } catch (Refused e) {
          Files.deleteIfExists(part);
          throw e;
        } catch (IOException dropped) {
          if (!reception.resumable) {
            Files.deleteIfExists(part);
          }
          takesUp = reception.resumable && size(part) > before && attempt < ATTEMPTS;
          if (!takesUp) {
            throw dropped;
          }
          Thread.sleep(PAUSE_MILLIS * attempt);
        }
      }
    }
    check(file, part);
  }

  private static void check(RemoteFile file, Path part) throws IOException {
    long received = size(part);
    String found = Sha256.of(part);
    if (received != file.bytes() || !found.equals(file.sha256())) {
      Files.delete(part);
      throw new Refused(
          received != file.bytes()
              ? "the server sent %s than the expected %d bytes"
                  .formatted(received < file.bytes() ? "less" : "more", file.bytes())
              : "its sha256 is %s, not %s".formatted(found, file.sha256()));
    }
  }

  private static long size(Path part) throws IOException {
    return Files.exists(part) ? Files.size(part) : 0;
  }

  /** One request: the whole file, or what is missing of it. */
  private static final class Reception {
    private final HttpClient client;
    private final URI address;
    private final RemoteFile file;
    private final Path part;
    private final Patience patience;
    private boolean resumable;

    Reception(HttpClient client, URI address, RemoteFile file, Path part, Patience patience)
        throws IOException {
      this.client = client;
      this.address = address;
      this.file = file;
      this.part = part;
      this.patience = patience;
      resumable = size(part) > 0;
    }

    void run() throws IOException, InterruptedException {
      long from = size(part);
      if (from == file.bytes()) {
        return; // only the check was missing
      }
      HttpRequest.Builder request = HttpRequest.newBuilder(address).timeout(ANSWER_TIMEOUT);
      if (from > 0) {
        request.header("Range", "bytes=" + from + "-");
      }
      HttpResponse<InputStream> answer =
          client.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
      try (InputStream body = patience.watch(answer.body())) {
        boolean continued = answer.statusCode() == PARTIAL && startsAt(answer, from);
        if (answer.statusCode() == BEYOND_THE_END) {
          throw new Refused("the part that was fetched before is not of this file; try again");
        }
        if (answer.statusCode() != OK && !continued) {
          throw new Refused("the server answered " + answer.statusCode());
        }
        resumable =
            continued || answer.headers().firstValue("Accept-Ranges").orElse("").equals("bytes");
        try (OutputStream out =
            Files.newOutputStream(
                part,
                StandardOpenOption.CREATE,
                continued ? StandardOpenOption.APPEND : StandardOpenOption.TRUNCATE_EXISTING,
                StandardOpenOption.WRITE)) {
          copy(body, out, file.bytes() - (continued ? from : 0));
        }
      }
    }

    private static boolean startsAt(HttpResponse<?> answer, long from) {
      return answer
          .headers()
          .firstValue("Content-Range")
          .orElse("")
          .startsWith("bytes " + from + "-");
    }
  }

  /** Copies at most one byte more than expected, so that too long a file is noticed and ended. */
  private static void copy(InputStream body, OutputStream out, long expected) throws IOException {
    byte[] buffer = new byte[1 << 16];
    long copied = 0;
    int count;
    while (copied <= expected && (count = body.read(buffer)) >= 0) {
      int kept = (int) Math.min(count, expected + 1 - copied);
      out.write(buffer, 0, kept);
      copied += kept;
    }
  }

  private static UserException notFetched(
      URI address, RemoteFile file, String otherwise, Exception cause) {
    // The client gives no message when nothing answers at all.
    String reason = cause.getMessage() == null ? "no connection" : cause.getMessage();
    return new UserException(
        "%s is not here and cannot be fetched from %s (%s): %s, or give a network connection"
            .formatted(file.name(), address, reason.lines().findFirst().orElse(""), otherwise),
        cause);
  }
}
