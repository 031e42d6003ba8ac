package org.kat4j.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kat4j.error.UserException;

/** Servers that stall, drip and are asked by two at once. */
class DownloadTest {
  private static final Patience SHORT = new Patience(Duration.ofMillis(300), 1000);

  @TempDir private Path folder = Path.of("");
  private final byte[] content = new byte[100_000];
  private final AtomicInteger requests = new AtomicInteger();
  private final CountDownLatch over = new CountDownLatch(1);
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private HttpServer server;
  private RemoteFile file = new RemoteFile("f", 0, "");

  DownloadTest() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
  }

  @BeforeEach
  void serve() {
    new Random(1).nextBytes(content);
    String sha256 = HexFormat.of().formatHex(Sha256.start().digest(content));
    file = new RemoteFile("f", content.length, sha256);
    server.setExecutor(threads);
    server.createContext("/stall", exchange -> answer(exchange, content.length / 2, 0));
    server.createContext("/drip", exchange -> answer(exchange, 0, 50));
    server.createContext("/good", exchange -> answer(exchange, content.length, 0));
    server.start();
  }

  @AfterEach
  void stop() {
    over.countDown();
    server.stop(0);
    threads.shutdownNow();
  }

  /** Sends some bytes at once, then one at a time, or nothing more. */
  private void answer(HttpExchange exchange, int atOnce, int dripMillis) throws IOException {
    try (exchange) {
      requests.incrementAndGet();
      exchange.sendResponseHeaders(200, content.length);
      OutputStream body = exchange.getResponseBody();
      body.write(content, 0, atOnce);
      body.flush();
      for (int i = atOnce; i < content.length; i++) {
        if (over.await(dripMillis == 0 ? 60_000 : dripMillis, TimeUnit.MILLISECONDS)) {
          throw new IOException("the test is over");
        }
        body.write(content[i]);
        body.flush();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private Path fetch(String path) {
    URI address = URI.create("http://localhost:" + server.getAddress().getPort() + path);
    return Download.fetch(address, file, folder, "put it there", SHORT);
  }

  @Test
  void stallsAndDripsEnd() {
    for (String path : new String[] {"/stall", "/drip"}) {
      assertThatThrownBy(() -> fetch(path))
          .isInstanceOf(UserException.class)
          .hasMessageContaining("less than 1000 bytes arrived")
          .hasMessageNotContaining("\n");
      assertThat(folder).isEmptyDirectory();
    }
  }

  @Test
  void twoWhoWantTheSameFileDoNotMixTheirParts() throws Exception {
    Future<Path> one = threads.submit(() -> fetch("/good"));
    Future<Path> other = threads.submit(() -> fetch("/good"));
    assertThat(one.get(20, TimeUnit.SECONDS)).hasBinaryContent(content);
    assertThat(other.get(20, TimeUnit.SECONDS)).hasBinaryContent(content);
    try (var left = Files.list(folder)) {
      assertThat(left).containsExactly(folder.resolve("f"));
    }
  }

  @Test
  void whoeverHasTheLockIsWaitedForAndItsFileTaken() throws Exception {
    Path lockFile = folder.resolve("f.lock");
    Future<Path> waiting;
    try (DownloadLock lock = DownloadLock.tryTake(lockFile)) {
      assertThat(lock).isNotNull();
      assertThat(DownloadLock.tryTake(lockFile)).isNull();
      waiting = threads.submit(() -> fetch("/good"));
      Thread.sleep(300);
      assertThat(waiting.isDone()).isFalse();
      Files.write(folder.resolve("f"), content);
    }
    assertThat(waiting.get(20, TimeUnit.SECONDS)).hasBinaryContent(content);
    assertThat(requests).hasValue(0);
    assertThat(lockFile).doesNotExist();
  }
}
