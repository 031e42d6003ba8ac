package org.kat4j.explain.board;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kat4j.config.Config;
import org.kat4j.error.UserException;
import org.kat4j.explain.report.Run;
import org.kat4j.train.MetricsLog;
import org.kat4j.train.TrainConfig;

class BoardTest {
  private static final int BROWSER_SECONDS = 60;

  @TempDir private Path folder = Path.of("");
  private Path runs = Path.of("");

  @SuppressWarnings("NullAway.Init") // set before each test
  private Board board;

  @BeforeEach
  void start() throws IOException {
    runs = Files.createDirectories(folder.resolve("runs"));
    run("first", 61.25);
    run("second & <b>", 70.5);
    Files.writeString(folder.resolve("report.html"), "secret");
    board = Board.start(runs, 0);
  }

  @AfterEach
  void stop() {
    board.close();
  }

  private void run(String name, double top1) throws IOException {
    Path run = Files.createDirectories(runs.resolve(name));
    Files.writeString(run.resolve("config.yaml"), Config.toYaml(TrainConfig.example()));
    log(name, 1, top1);
  }

  private void log(String name, int epoch, double top1) throws IOException {
    String line =
        "{\"epoch\":%d,\"updates\":187,\"lr\":1e-3,\"trainLoss\":1.5,\"loss\":1.25,\"top1\":%s,\"top5\":90,\"imagesPerSecond\":800,\"seconds\":20}%n"
            .formatted(epoch, top1);
    Files.writeString(
        runs.resolve(name).resolve("metrics.jsonl"),
        line,
        StandardOpenOption.CREATE,
        StandardOpenOption.APPEND);
  }

  private HttpResponse<String> get(String path) throws IOException, InterruptedException {
    try (HttpClient client = HttpClient.newHttpClient()) {
      return client.send(
          HttpRequest.newBuilder(URI.create(board.address() + path)).build(),
          HttpResponse.BodyHandlers.ofString());
    }
  }

  @Test
  void whatIsLoggedIsShownAtTheNextLook() throws Exception {
    assertThat(get("live").body()).contains("61.25 %", "70.5 %").doesNotContain("<b>", "88.5 %");
    log("first", 2, 88.5);
    assertThat(get("live").body()).contains("88.5 %").doesNotContain("61.25 %");
    assertThat(get("live?run=first").body()).doesNotContain("70.5 %");
    assertThat(get("runs.json").body()).contains("\"name\":\"first\"", "\"top1\":88.5");
  }

  @Test
  void noPathLeadsOutOfTheFolder() throws Exception {
    for (String path :
        new String[] {
          "report/..", "report/..%2f", "report/%2e%2e", "report//", "report/first/../.."
        }) {
      HttpResponse<String> answer = get(path);
      assertThat(answer.statusCode()).isEqualTo(404);
      assertThat(answer.body()).doesNotContain("secret");
    }
    Files.writeString(runs.resolve("first/report.html"), "mine");
    assertThat(get("report/first").body()).isEqualTo("mine");
  }

  @Test
  void noLinkLeadsOutOfTheFolder() throws Exception {
    Path outside = Files.createDirectories(folder.resolve("outside"));
    Files.writeString(outside.resolve("config.yaml"), Config.toYaml(TrainConfig.example()));
    Files.createSymbolicLink(runs.resolve("linked"), outside);
    Files.createSymbolicLink(runs.resolve("first/report.html"), folder.resolve("report.html"));
    assertThat(get("report/first").statusCode()).isEqualTo(404);
    assertThat(get("live").body()).doesNotContain("linked", "report/first");
    Files.createSymbolicLink(runs.resolve("again"), runs.resolve("first"));
    assertThat(get("runs.json").body()).contains("\"again\"");
    Files.createSymbolicLink(
        runs.resolve("second & <b>/environment.json"), folder.resolve("report.html"));
    assertThat(get("runs.json").body()).doesNotContain("\"name\":\"second");
  }

  @Test
  void aReportRunsNoScripts() throws Exception {
    Files.writeString(runs.resolve("first/report.html"), "<script>alert(1)</script>");
    assertThat(get("report/first").headers().firstValue("Content-Security-Policy"))
        .hasValueSatisfying(
            policy -> assertThat(policy).startsWith("sandbox;").doesNotContain("script"));
  }

  /** A log that was cut and written anew, as by a resumed run, is not taken for a longer one. */
  @Test
  void anotherLogInItsPlaceIsRead() throws Exception {
    assertThat(get("live").body()).contains("61.25 %");
    Path log = runs.resolve("first/metrics.jsonl");
    String other = Files.readString(log).replace("61.25", "44.75");
    Files.writeString(runs.resolve("first/other"), other + other);
    Files.move(runs.resolve("first/other"), log, StandardCopyOption.REPLACE_EXISTING);
    assertThat(get("live").body()).contains("44.75 %").doesNotContain("61.25");
    Files.write(log, new byte[] {(byte) 0xff, '\n'});
    assertThat(get("live").body()).contains("this is not a UTF-8 text");
  }

  /** Unchanged runs are not read again: a look costs little, however long they are. */
  @Test
  void onlyWhatIsNewIsRead() throws Exception {
    Path log = runs.resolve("first/metrics.jsonl");
    String line = Files.readString(log);
    Files.writeString(log, line.repeat(20_000));
    var reader = new RunReader(runs);
    RunList before = reader.read();
    assertThat(reader.read()).isSameAs(before);
    MetricsLog.Line first = Objects.requireNonNull(before.runs().get("first")).epochs().getFirst();
    log("first", 2, 88.5);
    Run after = Objects.requireNonNull(reader.read().runs().get("first"));
    assertThat(after.epochs()).hasSize(20_001);
    assertThat(after.epochs().getFirst()).isSameAs(first);
    assertThat(after.epochs().getLast().score("top1")).isEqualTo(88.5);
  }

  @Test
  void anotherSitesNameIsRefused() throws Exception {
    int port = URI.create(board.address()).getPort();
    try (var socket = new Socket("127.0.0.1", port)) {
      socket
          .getOutputStream()
          .write(
              "GET /live HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"
                  .getBytes(StandardCharsets.US_ASCII));
      assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
          .startsWith("HTTP/1.1 403")
          .doesNotContain("61.25");
    }
  }

  @Test
  void aDamagedRunIsNamedAndTheOthersAreShown() throws Exception {
    Files.writeString(runs.resolve("first/config.yaml"), "nonsense: 1");
    assertThat(get("live").body()).contains("nonsense", "70.5 %");
  }

  @Test
  void aFolderThatIsNotThereIsSaidInOneLine() {
    assertThatThrownBy(() -> Board.start(folder.resolve("none"), 0))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("no such folder");
  }

  @Test
  void aBrowserShowsTheNumber() throws Exception {
    Optional<Path> chromium = chromium();
    Assumptions.assumeTrue(chromium.isPresent(), "no Chromium on the path");
    Path dom = folder.resolve("dom.html");
    Process browser =
        new ProcessBuilder(
                chromium.orElseThrow().toString(),
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-background-networking",
                "--user-data-dir=" + folder.resolve("profile"),
                "--virtual-time-budget=3000",
                "--dump-dom",
                board.address())
            .redirectOutput(dom.toFile())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    boolean ended = browser.waitFor(BROWSER_SECONDS, TimeUnit.SECONDS);
    browser.destroyForcibly().waitFor();
    assertThat(ended).as("Chromium ends by itself").isTrue();
    // The served page holds no numbers: its script has fetched them and put them in.
    assertThat(get("").body()).doesNotContain("61.25");
    assertThat(dom)
        .content()
        .contains("<td class=\"number\">61.25 %</td>", "<svg", "Follows the runs");
  }

  private static Optional<Path> chromium() {
    String path = Optional.ofNullable(System.getenv("PATH")).orElse("");
    return Stream.of(path.split(java.io.File.pathSeparator))
        .flatMap(in ->
            Stream.of("chromium", "chromium-browser", "google-chrome")
                .map(name -> Path.of(in, name)))
        .filter(Files::isExecutable)
        .findFirst();
  }
}
