package org.kat4j.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.kat4j.error.UserException;

/** A hub on this machine that behaves as the public one does, and worse. */
class HubTest {
  private static final HubAddress ADDRESS = HubAddress.parse("hub:owner/net");
  private static final byte[] CONFIG = "{\"architecture\":\"x\"}".getBytes(StandardCharsets.UTF_8);

  @TempDir private Path cache;
  private final byte[] weights = new byte[3_000_000];
  private final List<String> requests = Collections.synchronizedList(new ArrayList<>());
  private HttpServer server;
  private volatile String sha256 = "";
  private volatile String gitHash = "";
  private volatile int dropAfter = -1; // bytes of a body, then the connection is closed
  private volatile int drops;
  private volatile boolean ranges = true;
  private volatile String location = "/store/blob";
  private volatile String linkedSize = Integer.toString(weights.length);

  HubTest() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
  }

  @BeforeEach
  void serve() throws Exception {
    new Random(1).nextBytes(weights);
    sha256 = hex("SHA-256", weights);
    byte[] head = ("blob " + CONFIG.length + "\0").getBytes(StandardCharsets.US_ASCII);
    MessageDigest git = MessageDigest.getInstance("SHA-1");
    git.update(head);
    gitHash = HexFormat.of().formatHex(git.digest(CONFIG));
    server.createContext("/owner/net/resolve/main/config.json", this::config);
    server.createContext("/owner/net/resolve/main/model.safetensors", this::redirect);
    server.createContext("/store/", this::store);
    server.start();
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  private static String hex(String algorithm, byte[] content) throws Exception {
    return HexFormat.of().formatHex(MessageDigest.getInstance(algorithm).digest(content));
  }

  private void config(HttpExchange exchange) throws IOException {
    try (exchange) {
      exchange.getResponseHeaders().add("ETag", "\"" + gitHash + "\"");
      exchange.sendResponseHeaders(200, CONFIG.length);
      exchange.getResponseBody().write(CONFIG);
    }
  }

  /** Large files lie in a store; the redirect names size and checksum. */
  private void redirect(HttpExchange exchange) throws IOException {
    try (exchange) {
      exchange.getResponseHeaders().add("X-Linked-Etag", "\"" + sha256 + "\"");
      exchange.getResponseHeaders().add("X-Linked-Size", linkedSize);
      exchange.getResponseHeaders().add("Location", location);
      exchange.sendResponseHeaders(302, -1);
    }
  }

  private void store(HttpExchange exchange) throws IOException {
    try (exchange) {
      boolean head = exchange.getRequestMethod().equals("HEAD");
      String range = exchange.getRequestHeaders().getFirst("Range");
      requests.add(head ? "head" : range == null ? "all" : range);
      int from = 0;
      if (ranges) {
        exchange.getResponseHeaders().add("Accept-Ranges", "bytes");
        if (range != null) {
          from = Integer.parseInt(range.substring("bytes=".length(), range.length() - 1));
          String part = "bytes %d-%d/%d".formatted(from, weights.length - 1, weights.length);
          exchange.getResponseHeaders().add("Content-Range", part);
        }
      }
      boolean partial = ranges && range != null;
      exchange.sendResponseHeaders(partial ? 206 : 200, head ? -1 : weights.length - from);
      if (!head) {
        boolean drop = dropAfter >= 0 && drops > 0;
        int count = drop ? Math.min(dropAfter, weights.length - from) : weights.length - from;
        drops--;
        exchange.getResponseBody().write(weights, from, count);
        if (drop) {
          exchange.getResponseBody().flush();
          throw new IOException("dropped"); // closes the connection in the middle of the body
        }
      }
    }
  }

  private Hub hub() {
    URI base = URI.create("http://localhost:" + server.getAddress().getPort() + "/");
    return new Hub(base, cache);
  }

  @Test
  void fetchesOnceAndThenNeedsNoNetwork() {
    Path folder = hub().fetch(ADDRESS);
    assertThat(folder).isEqualTo(cache.resolve("owner--net/main"));
    assertThat(folder.resolve("model.safetensors")).hasBinaryContent(weights);
    assertThat(folder.resolve("config.json")).hasBinaryContent(CONFIG);
    assertThat(folder.resolve("model.safetensors.part")).doesNotExist();
    server.stop(0);
    assertThat(hub().fetch(ADDRESS)).isEqualTo(folder);
  }

  /** Weights in several files, and what images go through. */
  @Test
  void allFilesOfAnIndexAreFetched() {
    String files = "/owner/large/resolve/main/";
    String index =
        "{\"weight_map\": {\"a\": \"model-1.safetensors\", \"b\": \"model-2.safetensors\"}}";
    server.createContext(files + "config.json", this::config);
    server.createContext(files + "model.safetensors.index.json", text(index));
    server.createContext(files + "preprocessor_config.json", text("{}"));
    server.createContext(files + "model-1.safetensors", this::redirect);
    HubAddress large = HubAddress.parse("hub:owner/large");
    assertThatThrownBy(() -> hub().fetch(large))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("names model-2.safetensors, which is not there");
    assertThat(cache.resolve("owner--large/main/config.json")).doesNotExist();
    server.createContext(files + "model-2.safetensors", this::redirect);
    Path folder = hub().fetch(large);
    assertThat(folder.resolve("model-1.safetensors")).hasBinaryContent(weights);
    assertThat(folder.resolve("model-2.safetensors")).hasBinaryContent(weights);
    assertThat(folder.resolve("model.safetensors.index.json")).hasContent(index);
    assertThat(folder.resolve("preprocessor_config.json")).hasContent("{}");
    server.stop(0);
    assertThat(hub().fetch(large)).isEqualTo(folder);
  }

  private static HttpHandler text(String content) {
    return exchange -> {
      try (exchange) {
        byte[] bytes = content.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(200, bytes.length);
        exchange.getResponseBody().write(bytes);
      }
    };
  }

  @Test
  void aDroppedConnectionIsTakenUpWhereItEnded() {
    dropAfter = 700_000;
    drops = 2;
    Path folder = hub().fetch(ADDRESS);
    assertThat(folder.resolve("model.safetensors")).hasBinaryContent(weights);
    assertThat(requests).startsWith("head", "all").hasSize(4);
    assertThat(requests.subList(2, 4)).allMatch(request -> request.startsWith("bytes="));
    assertThat(requests.get(3)).isNotEqualTo(requests.get(2));
  }

  @Test
  void whatArrivedIsKeptForTheNextCall() throws IOException {
    dropAfter = 100_000;
    drops = 100;
    assertRefused("model.safetensors is not here and cannot be fetched");
    Path part = cache.resolve("owner--net/main/model.safetensors.part");
    long kept = Files.size(part);
    assertThat(kept).isPositive();
    assertThat(cache.resolve("owner--net/main/config.json")).doesNotExist();
    requests.clear();
    drops = 0;
    hub().fetch(ADDRESS);
    assertThat(requests).containsExactly("head", "bytes=" + kept + "-");
  }

  @Test
  void aServerWithoutRangesStartsAgain() throws IOException {
    ranges = false;
    dropAfter = 100_000;
    drops = 1;
    assertRefused("cannot be fetched");
    assertThat(cache.resolve("owner--net/main")).isEmptyDirectory();
    hub().fetch(ADDRESS);
    assertThat(cache.resolve("owner--net/main/model.safetensors")).hasBinaryContent(weights);
  }

  @Test
  void otherBytesAreRefusedAndNotKept() {
    sha256 = "0".repeat(64);
    assertRefused("its sha256 is");
    assertThat(cache.resolve("owner--net/main")).isEmptyDirectory();
    sha256 = "";
    assertRefused("names no SHA-256");
    gitHash = "0".repeat(40);
    assertRefused("config.json was damaged");
  }

  @ParameterizedTest
  @ValueSource(strings = {"file:///etc/hostname", "http:///blob", "ftp://host/x", "data:,x", "::"})
  void redirectsToOtherThanServersAreRefused(String elsewhere) {
    location = elsewhere;
    assertRefused("the hub redirects to no address");
  }

  @ParameterizedTest
  @ValueSource(strings = {"abc", "-5", "99999999999999999999", "0"})
  void sizesThatAreNoneAreRefused(String size) {
    linkedSize = size;
    location = "/owner/net/resolve/main/config.json"; // a store that names another size
    assertRefused("cannot be fetched");
  }

  @Test
  void unknownModelsAndNoNetworkAreSaidInOneLine() {
    assertThatThrownBy(() -> hub().fetch(HubAddress.parse("hub:owner/other")))
        .isInstanceOf(UserException.class)
        .hasMessageStartingWith("hub:owner/other@main cannot be fetched (there is no such model");
    server.stop(0);
    assertRefused("no connection");
  }

  private void assertRefused(String message) {
    assertThatThrownBy(() -> hub().fetch(ADDRESS))
        .isInstanceOf(UserException.class)
        .hasMessageContaining(message)
        .hasMessageContaining("or give a network connection")
        .message()
        .doesNotContain("\n");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "hub:",
        "hub:net",
        "hub:a/../b",
        "hub:../a",
        "hub:a/b/c",
        "hub:a/b@",
        "hub:a/b@x/y"
      })
  void addressesThatCouldLeadElsewhereAreRefused(String text) {
    assertThatThrownBy(() -> HubAddress.parse(text))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("hub:OWNER/NAME");
  }
}
