package org.kat4j.explain.board;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SequencedSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.kat4j.config.Config;
import org.kat4j.error.UserException;
import org.kat4j.explain.figure.Markup;
import org.kat4j.explain.figure.Numbers;
import org.kat4j.explain.figure.Style;
import org.kat4j.explain.page.Content;
import org.kat4j.explain.page.Page;
import org.kat4j.explain.page.Table;
import org.kat4j.explain.report.Curves;
import org.kat4j.explain.report.Run;
import org.kat4j.train.MetricsLog;
import org.kat4j.web.RequestOrigin;
import tools.jackson.databind.node.ObjectNode;

/**
 * Serves a folder of runs to this machine: {@code /}, a page that follows them; {@code /live}, its
 * changing part; {@code /runs.json}, their last epochs; {@code /report/NAME}, a run's own page.
 *
 * <p>Files are found by the name of a run in the list only and lie in the folder with all links
 * resolved, so no path leads out of it, and requests that another site's page sends under its own
 * host name are refused.
 */
public final class Board implements AutoCloseable {
  private static final int MOST_RUNS = 500;
  private static final String POLICY =
      "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:;"
          + " connect-src 'self'; base-uri 'none'; form-action 'none'";
  // Reports have no scripts; one that does comes from elsewhere.
  private static final String REPORT_POLICY =
      "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:";
  private static final String PAGE =
      Style.read(Board.class, "board.html").replace("/* style */", Page.style());
  private static final String HTML = "text/html; charset=utf-8";

  private final Path folder;
  private final RunReader reader;
  private @Nullable Shown shown; // guarded by this
  private final HttpServer http;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

  /** What a request gets. */
  private record Answer(int status, String type, String policy, String body) {
    Answer(int status, String type, String body) {
      this(status, type, POLICY, body);
    }
  }

  /** The changing part as it was made last. */
  private record Shown(RunList of, List<String> names, String html) {}

  /**
   * A run as {@code /runs.json} tells of it.
   *
   * @param name of its folder
   * @param epoch the last one that is finished, 0 before the first
   */
  private record State(String name, int epoch, int epochs, double trainLoss, double seconds) {
    /** With all scores of the last epoch. */
    static String json(Run run) {
      int epochs = run.config().schedule().totalEpochs();
      if (run.epochs().isEmpty()) {
        return Config.toJson(new State(run.name(), 0, epochs, 0, 0));
      }
      MetricsLog.Line last = run.epochs().getLast();
      ObjectNode tree =
          Config.tree(
              new State(run.name(), last.epoch(), epochs, last.trainLoss(), last.seconds()));
      last.scores().forEach(tree::put);
      return Config.toJson(tree);
    }
  }

  private Board(Path folder, int port) throws IOException {
    this.folder = folder;
    reader = new RunReader(folder);
    http = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
    http.setExecutor(threads);
    http.createContext("/", this::handle);
    http.start();
  }

  /**
   * Starts serving; it runs until it is closed.
   *
   * @param port 0 for any free one
   * @throws UserException when the folder is not there or the port is taken
   */
  public static Board start(Path folder, int port) {
    if (!Files.isDirectory(folder)) {
      throw new UserException(folder + ": there is no such folder");
    }
    if (port < 0 || port > 65_535) {
      throw new UserException("--port " + port + ": 0 to 65535");
    }
    try {
      return new Board(folder, port);
    } catch (IOException taken) {
      throw new UserException(
          "cannot listen on port %d (%s): choose another --port"
              .formatted(port, taken.getMessage()),
          taken);
    }
  }

  /** Where it listens, such as {@code http://127.0.0.1:6006/}. */
  public String address() {
    return "http://127.0.0.1:" + http.getAddress().getPort() + "/";
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      Answer answer;
      try {
        answer = route(exchange);
      } catch (UserException mistake) {
        answer = new Answer(500, "text/plain; charset=utf-8", mistake.getMessage() + "\n");
      } catch (RuntimeException fault) {
        answer = plain(500, "internal fault: " + fault.getClass().getSimpleName());
      }
      byte[] body = answer.body.getBytes(StandardCharsets.UTF_8);
      Headers headers = exchange.getResponseHeaders();
      headers.set("Content-Type", answer.type);
      headers.set("Content-Security-Policy", answer.policy);
      headers.set("X-Content-Type-Options", "nosniff");
      headers.set("Cache-Control", "no-store");
      exchange.sendResponseHeaders(answer.status, body.length);
      exchange.getResponseBody().write(body);
    }
  }

  private static Answer plain(int status, String text) {
    return new Answer(status, "text/plain; charset=utf-8", text + "\n");
  }

  private Answer route(HttpExchange exchange) throws IOException {
    if (!RequestOrigin.isLocal(exchange.getRequestHeaders().getFirst("Host"))) {
      return plain(403, "this page is for this machine only");
    }
    if (!exchange.getRequestMethod().equals("GET")) {
      return plain(405, "only GET");
    }
    String path = exchange.getRequestURI().getPath();
    if (path.startsWith("/report/")) {
      return report(path.substring("/report/".length()));
    }
    return switch (path) {
      case "/" -> new Answer(200, HTML, PAGE);
      case "/live" -> new Answer(200, HTML, live(names(exchange.getRequestURI().getRawQuery())));
      case "/runs.json" -> new Answer(200, "application/json", json());
      default -> plain(404, "there are /, /live, /runs.json and /report/NAME only");
    };
  }

  /** The values of {@code run} in a query. */
  private static List<String> names(@Nullable String query) {
    return query == null
        ? List.of()
        : Stream.of(query.split("&"))
            .filter(part -> part.startsWith("run="))
            .limit(MOST_RUNS)
            .map(part -> URLDecoder.decode(part.substring("run=".length()), StandardCharsets.UTF_8))
            .toList();
  }

  private Answer report(String name) throws IOException {
    Run run = reader.read().runs().get(name);
    if (run == null || !reader.isFile(run.folder().report())) {
      return plain(404, "no report of that run; kat4j report RUN writes one");
    }
    return new Answer(200, HTML, REPORT_POLICY, Files.readString(run.folder().report()));
  }

  private String json() {
    List<String> states = reader.read().runs().values().stream().map(State::json).toList();
    return "[" + String.join(",", states) + "]\n";
  }

  /** One request at a time makes it, and only when something has changed. */
  private synchronized String live(List<String> names) {
    RunList all = reader.read();
    if (shown == null || shown.of != all || !shown.names.equals(names)) {
      shown = new Shown(all, names, html(all, names));
    }
    return shown.html;
  }

  private String html(RunList all, List<String> names) {
    List<Run> runs = all.chosen(names);
    var content = new Content();
    if (runs.isEmpty()) {
      content.note("There is no run here yet: kat4j train --out " + folder.resolve("NAME"));
    } else {
      content.table(table(runs));
      var charts = new ArrayList<>(Curves.learning(runs));
      charts.addAll(Curves.schedule(runs));
      charts.addAll(Curves.throughput(runs));
      content.figures(charts);
    }
    all.damaged().forEach((name, why) -> content.note(why));
    return choices(all, runs) + content.html();
  }

  private static Table table(List<Run> runs) {
    SequencedSet<String> measures = Curves.measures(runs);
    List<String> head = new ArrayList<>(List.of("run", "epoch", "training loss"));
    measures.forEach(measure -> head.add(Curves.title(measure)));
    head.add("samples/s");
    List<List<String>> rows = new ArrayList<>();
    for (Run run : runs) {
      int done = run.epochs().isEmpty() ? 0 : run.epochs().getLast().epoch();
      List<String> row = new ArrayList<>();
      row.add(run.name());
      row.add(done + " of " + run.config().schedule().totalEpochs());
      if (run.epochs().isEmpty()) {
        row.addAll(Collections.nCopies(measures.size() + 2, "–"));
      } else {
        MetricsLog.Line last = run.epochs().getLast();
        row.add(Numbers.brief(last.trainLoss()));
        measures.forEach(measure -> row.add(Curves.shown(measure, last.score(measure))));
        row.add(Numbers.brief(last.samplesPerSecond()));
      }
      rows.add(row);
    }
    return new Table(head, rows);
  }

  /** A box to tick for each run, and a link to its report. */
  private String choices(RunList all, List<Run> shown) {
    var html = new StringBuilder("<p class=\"runs\">");
    for (Run run : all.runs().values()) {
      String name = Markup.escape(run.name());
      html.append("<label><input type=\"checkbox\" value=\"").append(name).append('"');
      html.append(shown.contains(run) ? " checked> " : "> ").append(name).append("</label> ");
      if (reader.isFile(run.folder().report())) {
        String path = URLEncoder.encode(run.name(), StandardCharsets.UTF_8).replace("+", "%20");
        html.append("<a href=\"report/").append(path).append("\">report</a> ");
      }
    }
    return html.append("</p>").toString();
  }

  @Override
  public void close() {
    http.stop(0);
    threads.shutdownNow();
  }
}
