package org.kat4j.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.kat4j.config.Config;
import org.kat4j.data.Normalization;
import org.kat4j.model.ImageModel;
import org.kat4j.model.Model;
import org.kat4j.task.image.Classifier;
import org.kat4j.task.image.InputDescription;
import org.kat4j.task.image.Prediction;
import org.kat4j.torch.Context;
import org.kat4j.torch.Host;
import tools.jackson.databind.node.ObjectNode;

/** A server in this process and real clients: polite ones, and all the others. */
class ServerTest {
  private static final int MAX_BYTES = 200_000;
  private static final int SECONDS = 3;
  private static final Classifier CLASSIFIER = classifier();
  private static final HttpClient CLIENT = HttpClient.newHttpClient();
  private static final Server SERVER =
      Server.start(
          CLASSIFIER, new Settings("127.0.0.1", 0, MAX_BYTES, 1_000_000, 8, 5, 64, SECONDS));

  private static Classifier classifier() {
    Host.setThreads(1);
    Model model = ImageModel.Spec.named("kat_nano").withInput(28, 3, 4).build(Context.cpu(5));
    float[] half = {.5f, .5f, .5f};
    return new Classifier(
        model,
        new InputDescription(List.of("a", "b \"c\"", "ü", "d"), new Normalization(half, half)));
  }

  @BeforeAll
  static void warmUp() throws Exception {
    assertThat(post("/predict", png(28, 28, 0)).statusCode()).isEqualTo(200);
  }

  @AfterAll
  static void stop() {
    SERVER.close();
    CLIENT.close();
  }

  private static byte[] png(int width, int height, int seed) {
    var image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    for (int x = 0; x < width; x++) {
      for (int y = 0; y < Math.min(height, 64); y++) {
        image.setRGB(x, y, (x * 7 + y * 13 * seed) * 0x10503);
      }
    }
    var bytes = new ByteArrayOutputStream();
    try {
      ImageIO.write(image, "png", bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  private static URI at(String path) {
    return URI.create("http://127.0.0.1:" + SERVER.address().getPort() + path);
  }

  private static HttpResponse<String> post(String path, byte[] body) throws Exception {
    return CLIENT.send(
        HttpRequest.newBuilder(at(path)).POST(BodyPublishers.ofByteArray(body)).build(),
        BodyHandlers.ofString());
  }

  private static HttpResponse<String> get(String path) throws Exception {
    return CLIENT.send(HttpRequest.newBuilder(at(path)).build(), BodyHandlers.ofString());
  }

  private static ObjectNode json(HttpResponse<String> answer) {
    assertThat(answer.headers().firstValue("Content-Type")).hasValue("application/json");
    assertThat(answer.body()).endsWith("\n");
    assertThat(answer.body().strip()).doesNotContain("\n");
    return Config.parse(answer.body(), "answer");
  }

  private static void assertRefused(HttpResponse<String> answer, int status, String message) {
    assertThat(answer.statusCode()).isEqualTo(status);
    assertThat(json(answer).get("error").asString()).contains(message);
  }

  @Test
  void answersWhatTheClassifierAnswers() throws Exception {
    byte[] image = png(40, 30, 1);
    List<Prediction> expected =
        CLASSIFIER.best(
            CLASSIFIER.probabilities(List.of(CLASSIFIER.pixels(image, "image"))).getFirst(), 4);
    HttpResponse<String> answer = post("/predict", image);
    assertThat(answer.statusCode()).isEqualTo(200);
    var predictions = json(answer).get("predictions");
    assertThat(predictions.size()).isEqualTo(4);
    for (int i = 0; i < 4; i++) {
      assertThat(predictions.get(i).get("label").asString()).isEqualTo(expected.get(i).label());
      assertThat(predictions.get(i).get("probability").doubleValue())
          .isCloseTo(expected.get(i).probability(), within(1e-6));
    }
    assertThat(json(post("/predict?top=2", image)).get("predictions").size()).isEqualTo(2);
  }

  @Test
  void concurrentRequestsGoThroughTheModelTogetherAndEachGetsItsOwn() throws Exception {
    int count = 40;
    List<CompletableFuture<HttpResponse<String>>> answers = new ArrayList<>();
    long batchesBefore = metric("kat4j_batch_images_count");
    long imagesBefore = metric("kat4j_batch_images_sum");
    for (int i = 0; i < count; i++) {
      HttpRequest request =
          HttpRequest.newBuilder(at("/predict?top=1"))
              .POST(BodyPublishers.ofByteArray(png(28, 28, i)))
              .build();
      answers.add(CLIENT.sendAsync(request, BodyHandlers.ofString()));
    }
    for (int i = 0; i < count; i++) {
      double[] own =
          CLASSIFIER.probabilities(List.of(CLASSIFIER.pixels(png(28, 28, i), "image"))).getFirst();
      double best = CLASSIFIER.best(own, 1).getFirst().probability();
      var first = json(answers.get(i).get()).get("predictions").get(0);
      assertThat(first.get("probability").doubleValue()).isCloseTo(best, within(1e-5));
    }
    assertThat(metric("kat4j_batch_images_sum") - imagesBefore).isGreaterThanOrEqualTo(count);
    assertThat(metric("kat4j_batch_images_count") - batchesBefore).isLessThan(count);
  }

  private static long metric(String name) throws Exception {
    return get("/metrics")
        .body()
        .lines()
        .filter(line -> line.startsWith(name + " "))
        .mapToLong(line -> (long) Double.parseDouble(line.substring(name.length() + 1)))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void whatIsNoImageIsRefusedInOneLine() throws Exception {
    assertRefused(post("/predict", "not an image".getBytes(StandardCharsets.UTF_8)), 400, "PNG");
    assertRefused(post("/predict", new byte[0]), 400, "empty");
    byte[] cut = Arrays.copyOf(png(28, 28, 3), 60);
    assertRefused(post("/predict", cut), 400, "damaged");
    assertRefused(post("/predict?top=0", png(8, 8, 1)), 400, "top");
    assertRefused(post("/predict?top=x", png(8, 8, 1)), 400, "top");
    assertRefused(get("/predict"), 405, "POST");
    assertThat(get("/predict").headers().firstValue("Allow")).hasValue("POST");
    assertRefused(post("/healthz", new byte[0]), 405, "GET");
    assertRefused(get("/../etc/passwd"), 404, "/predict");
    assertRefused(get("/predict/x"), 404, "/predict");
  }

  @Test
  void tooLargeIsRefused() throws Exception {
    assertRefused(post("/predict", new byte[MAX_BYTES + 1]), 413, "200000 bytes");
    HttpRequest chunked =
        HttpRequest.newBuilder(at("/predict"))
            .POST(
                BodyPublishers.ofInputStream(
                    () -> new ByteArrayInputStream(new byte[MAX_BYTES + 9])))
            .build();
    assertRefused(CLIENT.send(chunked, BodyHandlers.ofString()), 413, "200000 bytes");
    byte[] bomb = png(2000, 2000, 0); // few bytes, many pixels
    assertThat(bomb).hasSizeLessThan(MAX_BYTES);
    assertRefused(post("/predict", bomb), 400, "4000000 pixels");
    String claim =
        "POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\n";
    try (Socket socket = connect()) {
      socket.getOutputStream().write(claim.getBytes(StandardCharsets.US_ASCII));
      byte[] start = socket.getInputStream().readNBytes(12);
      assertThat(new String(start, StandardCharsets.US_ASCII)).isEqualTo("HTTP/1.1 413");
    }
  }

  private static Socket connect() throws IOException {
    Socket socket = new Socket("127.0.0.1", SERVER.address().getPort());
    socket.setSoTimeout((SECONDS + 5) * 1000);
    return socket;
  }

  /** Headers and bodies that trickle in: others are served meanwhile, then the line is cut. */
  @Test
  void slowClientsAreCutOffAndHoldUpNobody() throws Exception {
    byte[] image = png(28, 28, 2);
    List<Socket> slow = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      Socket socket = connect();
      String start =
          i % 2 == 0
              ? "POST /predict HTTP/1.1\r\nHost: localhost\r\nX-A: "
              : "POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nab";
      socket.getOutputStream().write(start.getBytes(StandardCharsets.US_ASCII));
      slow.add(socket);
    }
    long begun = System.nanoTime();
    for (int i = 0; i < 10; i++) {
      assertThat(post("/predict", image).statusCode()).isEqualTo(200);
    }
    assertThat((System.nanoTime() - begun) / 1e9).isLessThan(SECONDS);
    for (Socket socket : slow) {
      assertThat(endOf(socket)).as("cut off").isTrue();
      socket.close();
    }
    assertThat((System.nanoTime() - begun) / 1e9).isLessThan(SECONDS + 4.0);
    assertThat(post("/predict", image).statusCode()).isEqualTo(200);
  }

  private static boolean endOf(Socket socket) {
    try {
      return socket.getInputStream().readAllBytes().length == 0;
    } catch (SocketTimeoutException stillOpen) {
      return false;
    } catch (IOException reset) {
      return true;
    }
  }

  @Test
  void clientsThatLeaveOrSpeakNoHttpCostOnlyTheirConnection() throws Exception {
    byte[] image = png(28, 28, 2);
    String whole = "POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + image.length;
    String[] starts = {
      whole + "\r\n\r\n", // leaves before the body
      "GARBAGE\r\n\r\n",
      "\0\0\0\0",
      "POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n",
      "POST /predict HTTP/1.1\r\nContent-Length: abc\r\n\r\n",
      "POST /predict HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
      "GET http://[ HTTP/1.1\r\n\r\n",
    };
    for (String start : starts) {
      try (Socket socket = connect()) {
        socket.getOutputStream().write(start.getBytes(StandardCharsets.US_ASCII));
      }
    }
    for (int i = 0; i < 20; i++) { // these send everything and do not wait for the answer
      try (Socket socket = connect()) {
        socket.getOutputStream().write((whole + "\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
        socket.getOutputStream().write(image);
        socket.setSoLinger(true, 0); // a reset, not a goodbye
      }
    }
    assertThat(post("/predict", image).statusCode()).isEqualTo(200);
    assertThat(get("/healthz").statusCode()).isEqualTo(200);
  }

  @Test
  void healthMetricsAndPage() throws Exception {
    ObjectNode health = json(get("/healthz"));
    assertThat(health.get("status").asString()).isEqualTo("ok");
    assertThat(health.get("model").asString()).contains("input 3 x 28 x 28, 4 classes");
    HttpResponse<String> metrics = get("/metrics");
    assertThat(metrics.body().lines())
        .allMatch(line ->
            line.startsWith("# ")
                || line.matches("[a-z0-9_]+(\\{[a-z]+=\"[^\"]*\"\\})? -?[0-9.E+-]+"))
        .anyMatch(line -> line.startsWith("kat4j_requests_total{code=\"200\"} "))
        .anyMatch(line -> line.startsWith("kat4j_request_seconds_bucket{le=\"+Inf\"} "));
    HttpResponse<String> page = get("/");
    assertThat(page.headers().firstValue("Content-Type")).hasValue("text/html; charset=utf-8");
    assertThat(page.headers().firstValue("Content-Security-Policy").orElse(""))
        .contains("default-src 'none'");
    assertThat(page.body()).contains("<!doctype html>").doesNotContain("http://", "https://");
  }

  @Test
  void closingAnswersWhatIsThereAndThenNothing() throws Exception {
    Server other = Server.start(CLASSIFIER, SERVER.settings());
    URI address = URI.create("http://127.0.0.1:" + other.address().getPort() + "/predict");
    HttpRequest request =
        HttpRequest.newBuilder(address).POST(BodyPublishers.ofByteArray(png(28, 28, 1))).build();
    assertThat(CLIENT.send(request, BodyHandlers.ofString()).statusCode()).isEqualTo(200);
    other.close();
    CompletableFuture<HttpResponse<String>> late =
        CLIENT.sendAsync(request, BodyHandlers.ofString());
    assertThat(late).failsWithin(Duration.ofSeconds(5));
  }
}
