package org.kat4j.serve;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.InputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.kat4j.config.Config;
import org.kat4j.data.text.ByteTokenizer;
import org.kat4j.model.CausalTransformer;
import org.kat4j.task.language.TextWriter;
import org.kat4j.torch.Context;
import org.kat4j.torch.Device;
import org.kat4j.torch.Host;
import tools.jackson.databind.node.ObjectNode;

/** A language model behind a server, and clients that read it, leave it, or ask for nonsense. */
class TextServerTest {
  private static final int MAX_BYTES = 4_000;
  private static final int SECONDS = 3;
  private static final Settings SETTINGS =
      new Settings("127.0.0.1", 0, MAX_BYTES, 1, 1, 0, 4, SECONDS);
  private static final HttpClient CLIENT = HttpClient.newHttpClient();
  private static final TextWriter WRITER = writer();
  private static final Server SERVER = Server.start(WRITER, SETTINGS);

  /** Of bytes, with 64 tokens at most: what it writes is noise, and often no UTF-8. */
  private static TextWriter writer() {
    Host.setThreads(1);
    return new TextWriter(
        CausalTransformer.Spec.example().build(Context.cpu(1)),
        new ByteTokenizer(),
        Device.CPU,
        "test");
  }

  @BeforeAll
  static void warmUp() throws Exception {
    assertThat(generate("{\"prompt\": \"a\", \"tokens\": 2}").statusCode()).isEqualTo(200);
  }

  @AfterAll
  static void stop() {
    SERVER.close();
    WRITER.close();
    CLIENT.close();
  }

  private static URI at(String path) {
    return URI.create("http://127.0.0.1:" + SERVER.address().getPort() + path);
  }

  private static HttpResponse<String> generate(String body) throws Exception {
    return CLIENT.send(request(body), BodyHandlers.ofString());
  }

  private static HttpRequest request(String body) {
    return HttpRequest.newBuilder(at("/generate")).POST(BodyPublishers.ofString(body)).build();
  }

  private static String get(String path) throws Exception {
    return CLIENT.send(HttpRequest.newBuilder(at(path)).build(), BodyHandlers.ofString()).body();
  }

  /** What was written, as a client puts it together. */
  private record Written(String text, ObjectNode end) {
    static Written of(HttpResponse<String> answer) {
      assertThat(answer.headers().firstValue("Content-Type")).hasValue("text/event-stream");
      var text = new StringBuilder();
      List<ObjectNode> ends = new ArrayList<>();
      for (String block : answer.body().split("\n\n")) {
        ObjectNode data = Config.parseJson(block.substring(block.indexOf("data: ") + 6), "event");
        if (block.startsWith("event: end\n")) {
          ends.add(data);
        } else {
          assertThat(block).startsWith("data: ");
          text.append(data.get("text").asString());
        }
      }
      assertThat(ends).hasSize(1);
      return new Written(text.toString(), ends.getFirst());
    }
  }

  @Test
  void theTextIsThatOfTheWriterAndOfTheSeed() throws Exception {
    String body = "{\"prompt\": \"Once\", \"tokens\": 100, \"temperature\": 1, \"seed\": SEED}";
    Written first = Written.of(generate(body.replace("SEED", "7")));
    var alone = new StringBuilder();
    int tokens =
        WRITER.write(
            new TextWriter.Wish("Once", 100, 1, 0, 1, 7),
            piece -> {
              alone.append(piece);
              return true;
            });
    assertThat(first.text()).isEqualTo(alone.toString()).isNotEmpty();
    assertThat(first.end().get("tokens").asInt()).isEqualTo(tokens).isEqualTo(100);
    assertThat(first.end().get("ended").asString()).isEqualTo("length");
    assertThat(first.end().get("milliseconds").asDouble()).isPositive();
    assertThat(Written.of(generate(body.replace("SEED", "7"))).text()).isEqualTo(first.text());
    assertThat(Written.of(generate(body.replace("SEED", "8"))).text()).isNotEqualTo(first.text());
  }

  @Test
  void itComesAsItIsWrittenAndEndsInTime() throws Exception {
    HttpResponse<InputStream> answer =
        CLIENT.send(request("{\"prompt\": \"a\", \"tokens\": 4096}"), BodyHandlers.ofInputStream());
    try (InputStream in = answer.body()) {
      long start = System.nanoTime();
      String begin = new String(in.readNBytes(14), StandardCharsets.UTF_8);
      double first = (System.nanoTime() - start) / 1e9;
      assertThat(begin).isEqualTo("data: {\"text\":");
      String rest = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      double all = (System.nanoTime() - start) / 1e9;
      assertThat(first).isLessThan(all / 2);
      assertThat(rest)
          .containsPattern("event: end\ndata: \\{\"tokens\":\\d+,\"ended\":\"(time|length)\"");
      assertThat(all).isLessThan(SECONDS + 1.5);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "''|400|the body is empty",
        "no json|400|not valid JSON",
        "[1]|400|keys and values are expected",
        "{\"prompt\": \"\"}|400|nothing to go on from",
        "{\"promt\": \"a\"}|400|did you mean 'prompt'",
        "{\"prompt\": \"a\", \"tokens\": 5000}|400|at most 4096",
        "{\"prompt\": \"a\", \"tokens\": -1}|400|tokens",
        "{\"prompt\": \"a\", \"temperature\": -1}|400|temperature",
        "{\"prompt\": \"a\", \"topP\": 0}|400|topP",
        "{\"prompt\": 7, \"seed\": \"often\"}|400|seed",
      })
  void nonsenseIsRefusedInOneLine(String body, int status, String message) throws Exception {
    HttpResponse<String> answer = generate(body);
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
    assertThat(answer.headers().firstValue("Content-Type")).hasValue("application/json");
    assertThat(Config.parseJson(answer.body(), "answer").get("error").asString())
        .contains(message)
        .doesNotContain("\n");
  }

  @Test
  void whatIsTooLongIsRefused() throws Exception {
    assertThat(generate("{\"prompt\": \"" + "a".repeat(100) + "\"}").body())
        .contains("the prompt has 100 tokens, the model reads 64 at most");
    HttpResponse<String> tooLong = generate("{\"prompt\": \"" + "a".repeat(MAX_BYTES) + "\"}");
    assertThat(tooLong.statusCode()).isEqualTo(413);
    assertThat(tooLong.body()).contains("a request may have 4000 bytes");
  }

  @Test
  void foreignPagesAndOtherPathsGetNothing() throws Exception {
    HttpRequest foreign =
        HttpRequest.newBuilder(at("/generate"))
            .header("Origin", "http://elsewhere.example")
            .POST(BodyPublishers.ofString("{}"))
            .build();
    assertThat(CLIENT.send(foreign, BodyHandlers.ofString()).statusCode()).isEqualTo(403);
    assertThat(get("/predict")).contains("there are /, /generate, /healthz and /metrics only");
    assertThat(get("/generate")).contains("/generate takes POST");
    assertThat(get("/")).contains("A text to go on with").doesNotContain("http:", "https:");
    assertThat(get("/healthz")).contains("256 tokens");
    assertThat(get("/metrics")).contains("kat4j_queue_texts", "kat4j_text_tokens_count");
  }

  /** Whoever leaves, or never reads, holds up nobody: the next one is served. */
  @Test
  void clientsThatLeaveEndTheirTextAndManyWaitInLine() throws Exception {
    String body = "{\"prompt\": \"a\", \"tokens\": 4096}";
    for (int i = 0; i < 3; i++) {
      try (Socket socket = new Socket("127.0.0.1", SERVER.address().getPort())) {
        String header =
            "POST /generate HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n"
                .formatted(body.length());
        socket.getOutputStream().write((header + body).getBytes(StandardCharsets.UTF_8));
        socket.setSoLinger(true, 0); // a reset instead of a goodbye
        assertThat(socket.getInputStream().read()).isPositive();
      }
    }
    List<CompletableFuture<HttpResponse<String>>> many = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      String small = "{\"prompt\": \"a\", \"tokens\": 3, \"seed\": " + i + "}";
      many.add(CLIENT.sendAsync(request(small), BodyHandlers.ofString()));
    }
    for (CompletableFuture<HttpResponse<String>> one : many) {
      HttpResponse<String> answer = one.get();
      assertThat(answer.statusCode()).isEqualTo(200);
      assertThat(Written.of(answer).end().get("tokens").asInt()).isEqualTo(3);
    }
  }

  /** One is written, as many as the queue holds wait, the rest are turned away at once. */
  @Test
  void aFullQueueTurnsAwayAndAServerThatEndsCutsTextsShort() throws Exception {
    Server other = Server.start(WRITER, SETTINGS);
    URI there = URI.create("http://127.0.0.1:" + other.address().getPort() + "/generate");
    HttpRequest request =
        HttpRequest.newBuilder(there)
            .POST(BodyPublishers.ofString("{\"prompt\": \"a\", \"tokens\": 4096}"))
            .build();
    List<CompletableFuture<HttpResponse<String>>> many = new ArrayList<>();
    for (int i = 0; i < 9; i++) {
      many.add(CLIENT.sendAsync(request, BodyHandlers.ofString()));
    }
    Thread.sleep(500);
    other.close();
    List<Integer> statuses = new ArrayList<>();
    for (CompletableFuture<HttpResponse<String>> one : many) {
      HttpResponse<String> answer = one.get();
      statuses.add(answer.statusCode());
      if (answer.statusCode() == 200) {
        assertThat(Written.of(answer).end().get("ended").asString()).isEqualTo("shutdown");
      }
    }
    assertThat(statuses).containsOnly(200, 503).contains(200, 503);
  }
}
