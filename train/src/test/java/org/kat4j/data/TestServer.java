package org.kat4j.data;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Serves files from memory on this machine. */
final class TestServer implements AutoCloseable {
  /** Content by path, such as "/data/name". */
  final Map<String, byte[]> files = new ConcurrentHashMap<>();

  /** If positive, the server announces this many bytes more than it sends. */
  volatile int withheldBytes;

  private final HttpServer server;

  TestServer() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange -> {
          try (exchange) {
            byte[] content = files.get(exchange.getRequestURI().getPath());
            if (content == null) {
              exchange.sendResponseHeaders(404, -1);
              return;
            }
            exchange.sendResponseHeaders(200, content.length + withheldBytes);
            exchange.getResponseBody().write(content);
          }
        });
    server.start();
  }

  URI base() {
    return URI.create("http://localhost:" + server.getAddress().getPort() + "/data/");
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
