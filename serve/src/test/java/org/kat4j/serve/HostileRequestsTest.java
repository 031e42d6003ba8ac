package org.kat4j.serve;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.imageio.ImageIO;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.kat4j.data.Normalization;
import org.kat4j.model.ImageModel;
import org.kat4j.model.Model;
import org.kat4j.task.image.Classifier;
import org.kat4j.task.image.InputDescription;
import org.kat4j.torch.Context;
import org.kat4j.torch.Host;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;

/** What the worst clients send, word for word, and what each of them and all others get. */
class HostileRequestsTest {
  /** The JDK's server has one limit for the process: that of {@link ServerTest}. */
  private static final int SECONDS = 3;

  private static final Settings SETTINGS =
      new Settings("127.0.0.1", 0, 10 << 20, 16_000_000, 8, 3, 256, SECONDS);

  private static Model model() {
    Host.setThreads(1);
    return ImageModel.Spec.named("kat_nano").withInput(28, 3, 4).build(Context.cpu(5));
  }

  private static Classifier classifier(Model model) {
    float[] half = {.5f, .5f, .5f};
    return new Classifier(
        model, new InputDescription(List.of("a", "b", "c", "d"), new Normalization(half, half)));
  }

  private static Server server() {
    return server(model());
  }

  private static Server server(Model model) {
    Classifier classifier = classifier(model);
    try { // the first one takes longer
      classifier.probabilities(List.of(classifier.pixels(png(28), "image")));
    } catch (IOException impossible) { // nothing but memory is written
      throw new UncheckedIOException(impossible);
    }
    return Server.start(classifier, SETTINGS);
  }

  private static byte[] png(int side) throws IOException {
    var bytes = new ByteArrayOutputStream();
    ImageIO.write(new BufferedImage(side, side, BufferedImage.TYPE_BYTE_GRAY), "png", bytes);
    return bytes.toByteArray();
  }

  private static byte[] post(String headers, byte[] body) {
    byte[] head =
        "POST /predict HTTP/1.1\r\n%s\r\nContent-Length: %d\r\n\r\n"
            .formatted(headers, body.length)
            .getBytes(StandardCharsets.US_ASCII);
    byte[] request = Arrays.copyOf(head, head.length + body.length);
    System.arraycopy(body, 0, request, head.length, body.length);
    return request;
  }

  private static Socket connect(InetSocketAddress server) throws IOException {
    Socket socket = new Socket(server.getAddress(), server.getPort());
    socket.setSoTimeout(10 * SECONDS * 1000);
    socket.setTcpNoDelay(true);
    return socket;
  }

  /** Sends bytes on a connection of their own; the whole answer, or nothing. */
  private static String answer(InetSocketAddress server, byte[] request) throws IOException {
    try (Socket socket = connect(server)) {
      socket.getOutputStream().write(request);
      socket.shutdownOutput();
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private static String answer(InetSocketAddress server, String request) throws IOException {
    return answer(server, request.getBytes(StandardCharsets.US_ASCII));
  }

  private static String metrics(InetSocketAddress server) throws IOException {
    return answer(server, "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
  }

  /** DNS rebinding comes under its own name, other sites' pages under their origin. */
  @Test
  void otherNamesAndPagesGetNothing() throws Exception {
    try (Server server = server()) {
      byte[] image = png(28);
      assertThat(answer(server.address(), post("Host: localhost:8080", image)))
          .startsWith("HTTP/1.1 200");
      assertThat(answer(server.address(), post("Host: [::1]\r\nOrigin: http://[::1]", image)))
          .startsWith("HTTP/1.1 200");
      for (String headers :
          new String[] {
            "Host: evil.example.com",
            "X: y",
            "Host: localhost\r\nOrigin: http://evil.example.com",
            "Host: localhost\r\nOrigin: null",
            "Host: localhost:8080\r\nOrigin: http://localhost:81"
          }) {
        assertThat(answer(server.address(), post(headers, image)))
            .as(headers)
            .startsWith("HTTP/1.1 403")
            .endsWith("}\n");
      }
      assertThat(
              answer(server.address(), "GET /metrics HTTP/1.1\r\nHost: evil.example.com\r\n\r\n"))
          .startsWith("HTTP/1.1 403")
          .doesNotContain("kat4j_requests_total");
    }
  }

  @Test
  void formsAreToldFromImages() throws Exception {
    try (Server server = server()) {
      String type = "Host: localhost\r\nContent-Type: multipart/form-data; boundary=x";
      assertThat(answer(server.address(), post(type, png(28))))
          .startsWith("HTTP/1.1 400")
          .contains("--data-binary");
    }
  }

  /** Each answer that a client saw is counted under its status, once. */
  @Test
  void malformedAndOversizedBodiesAreCountedByTheirAnswer() throws Exception {
    try (Server server = server()) {
      String chunked =
          "POST /predict HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
      for (String size : new String[] {"FFFFFFFFF", "zz", "-1"}) {
        assertThat(answer(server.address(), chunked + size + "\r\nabc"))
            .as(size)
            .startsWith("HTTP/1.1 400");
      }
      try (Socket socket = connect(server.address())) { // leaves once it has its answer
        String head =
            "POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\n\r\n";
        socket.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
        byte[] start = socket.getInputStream().readNBytes(12);
        assertThat(new String(start, StandardCharsets.US_ASCII)).isEqualTo("HTTP/1.1 413");
        socket.setSoLinger(true, 0);
      }
      assertThat(metrics(server.address()))
          .contains("kat4j_requests_total{code=\"400\"} 3\n")
          .contains("kat4j_requests_total{code=\"413\"} 1\n")
          .contains("kat4j_dropped_total 0\n");
    }
  }

  @Test
  void anOutputThatIsNoNumberIsAnError() throws Exception {
    Model model = model();
    try (var _ = Scope.noGradients()) {
      for (Tensor weight : StateDict.of(model).values()) {
        weight.fill_(new Scalar(Double.NaN));
      }
    }
    try (Server server = server(model)) {
      assertThat(answer(server.address(), post("Host: localhost", png(28))))
          .startsWith("HTTP/1.1 500")
          .contains("the model's output is no number")
          .doesNotContain("NaN");
    }
  }

  /** Few bytes, 9 million pixels each, from more clients than there are cores. */
  @Test
  void hugeImagesHoldUpNeitherHealthNorSmallOnes() throws Exception {
    byte[] huge = post("Host: localhost", png(3000));
    byte[] small = post("Host: localhost", png(28));
    var attacked = new AtomicBoolean(true);
    try (Server server = server();
        var threads = Executors.newThreadPerTaskExecutor(Thread.ofPlatform().factory())) {
      answer(server.address(), small);
      List<Future<Integer>> attackers = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        attackers.add(
            threads.submit(() -> {
              int answers = 0;
              while (attacked.get()) {
                assertThat(answer(server.address(), huge)).startsWith("HTTP/1.1 ");
                answers++;
              }
              return answers;
            }));
      }
      double slowest = 0;
      int good = 0;
      for (long end = System.nanoTime() + 1_000_000_000L; System.nanoTime() < end; good++) {
        long before = System.nanoTime();
        assertThat(answer(server.address(), "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"))
            .startsWith("HTTP/1.1 200");
        assertThat(answer(server.address(), small)).startsWith("HTTP/1.1 200");
        slowest = Math.max(slowest, (System.nanoTime() - before) / 1e9);
      }
      attacked.set(false);
      int answers = 1 + 2 * good;
      for (Future<Integer> attacker : attackers) {
        answers += attacker.get();
      }
      assertThat(slowest).as("seconds for both").isLessThan(1);
      String counted = metrics(server.address());
      assertThat(counted).contains("kat4j_dropped_total 0\n");
      assertThat(
              counted
                  .lines()
                  .filter(line -> line.startsWith("kat4j_requests_total"))
                  .mapToInt(line -> Integer.parseInt(line.substring(line.indexOf(' ') + 1)))
                  .sum())
          .isEqualTo(answers);
    }
  }

  /** Clients that send one request after the other: each gets its answer or is turned away. */
  @Test
  void closingUnderLoadResetsNobody() throws Exception {
    Server server = server();
    HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    HttpRequest request =
        HttpRequest.newBuilder(
                URI.create("http://localhost:" + server.address().getPort() + "/predict"))
            .POST(HttpRequest.BodyPublishers.ofByteArray(png(28)))
            .build();
    client.send(request, BodyHandlers.discarding());
    try (client;
        var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Integer>> last = new ArrayList<>();
      for (int i = 0; i < 32; i++) {
        last.add(
            threads.submit(() -> {
              int status = 200;
              while (status == 200) {
                status = client.send(request, BodyHandlers.discarding()).statusCode();
              }
              return status;
            }));
      }
      Thread.sleep(300);
      server.close();
      for (Future<Integer> status : last) {
        assertThat(status.get()).isEqualTo(503);
      }
    }
  }
}
