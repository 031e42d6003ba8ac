package org.kat4j.serve;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.kat4j.error.UserException;
import org.kat4j.model.Registered;
import org.kat4j.task.image.Classifier;
import org.kat4j.web.RequestOrigin;
import tools.jackson.databind.node.JsonNodeFactory;

/**
 * Serves a classifier over HTTP: {@code POST /predict} with the bytes of an image, {@code
 * /healthz}, {@code /metrics} in the text format of Prometheus, and a page to drop images on at
 * {@code /}.
 *
 * <p>Every connection has a virtual thread of its own; some threads decode, one runs the model.
 * Clients are hostile until proven: bytes, pixels, time and what waits are bounded, and a broken
 * request costs its own connection only.
 */
public final class Server implements AutoCloseable {
  private static final int MOST_CONNECTIONS = 2048;
  private static final long GRACE_MILLIS = 10_000;
  private static final long QUIET_MILLIS = 250;
  private static final long POLL_MILLIS = 5;
  private static final String PAGE = page();

  private final Settings settings;
  private final String modelInWords;
  private final HttpServer http;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final Metrics metrics = new Metrics();
  private final Batcher batcher;
  private final Predict predict;
  private final AtomicInteger inFlight = new AtomicInteger();
  private volatile boolean stopping;
  private volatile long lastRequest;

  /** A request of another site's page. */
  private static final class Foreign extends UserException {
    private static final long serialVersionUID = 1L;

    Foreign(String message) {
      super(message);
    }
  }

  private Server(Classifier classifier, Settings settings) throws IOException {
    this.settings = settings;
    modelInWords = Registered.describe(classifier.model().spec());
    limitTheJdk(settings);
    http = HttpServer.create(new InetSocketAddress(address(settings), settings.port()), 0);
    batcher = new Batcher(classifier::probabilities, settings, metrics::batch);
    predict = new Predict(classifier, settings, batcher, metrics);
    http.setExecutor(threads);
    http.createContext("/", this::handle);
    http.start();
  }

  /** Starts a server; it runs until it is closed. */
  public static Server start(Classifier classifier, Settings settings) {
    try {
      return new Server(classifier, settings);
    } catch (UnknownHostException e) {
      throw new UserException("host '" + settings.host() + "' is not known", e);
    } catch (IOException e) {
      throw new UserException(
          "cannot listen on %s:%d (%s): choose another --port or --host"
              .formatted(settings.host(), settings.port(), e.getMessage()),
          e);
    }
  }

  private static InetAddress address(Settings settings) throws UnknownHostException {
    return InetAddress.getByName(settings.host());
  }

  /** The JDK's server has its limits as system properties, read once in a process. */
  private static void limitTheJdk(Settings settings) {
    String seconds = Integer.toString(settings.requestSeconds());
    setUnlessSet("sun.net.httpserver.maxReqTime", seconds);
    setUnlessSet("sun.net.httpserver.maxRspTime", Integer.toString(2 * settings.requestSeconds()));
    setUnlessSet("sun.net.httpserver.nodelay", "true"); // else an answer waits 40 ms for an ACK
    setUnlessSet("jdk.httpserver.maxConnections", Integer.toString(MOST_CONNECTIONS));
  }

  private static void setUnlessSet(String property, String value) {
    if (System.getProperty(property) == null) {
      System.setProperty(property, value);
    }
  }

  private static String page() {
    try (InputStream in = Server.class.getResourceAsStream("page.html")) {
      return new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Where it listens; the port is the real one. */
  public InetSocketAddress address() {
    return http.getAddress();
  }

  private void handle(HttpExchange exchange) {
    inFlight.incrementAndGet();
    lastRequest = System.nanoTime();
    try (exchange) {
      Answer answer;
      try {
        answer = route(exchange);
      } catch (Foreign foreign) {
        answer = Answer.error(Answer.FORBIDDEN, String.valueOf(foreign.getMessage()));
      } catch (UserException mistake) {
        answer = Answer.error(Answer.BAD_REQUEST, String.valueOf(mistake.getMessage()));
      } catch (RuntimeException | Error fault) {
        answer = Answer.error(Answer.FAULT, "internal fault: " + fault.getClass().getSimpleName());
      }
      send(exchange, answer);
    } catch (IOException gone) {
      metrics.dropped();
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    } finally {
      inFlight.decrementAndGet();
    }
  }

  private Answer route(HttpExchange exchange) throws IOException, InterruptedException {
    refuseForeign(exchange);
    String method = exchange.getRequestMethod();
    String path = exchange.getRequestURI().getPath();
    String allowed = path.equals("/predict") ? "POST" : "GET";
    return switch (path) {
      case "/", "/healthz", "/metrics", "/predict" -> {
        boolean head = method.equals("HEAD") && allowed.equals("GET");
        if (!method.equals(allowed) && !head) {
          exchange.getResponseHeaders().set("Allow", allowed);
          yield Answer.error(Answer.WRONG_METHOD, path + " takes " + allowed);
        }
        yield switch (path) {
          case "/predict" ->
              stopping ? Answer.error(Answer.BUSY, "shutting down") : predict.answer(exchange);
          case "/metrics" ->
              Answer.text("text/plain; version=0.0.4", metrics.text(batcher::waiting));
          case "/healthz" -> health();
          default -> Answer.text("text/html; charset=utf-8", PAGE);
        };
      }
      default ->
          Answer.error(Answer.NOT_FOUND, "there are /, /predict, /healthz and /metrics only");
    };
  }

  private void refuseForeign(HttpExchange exchange) {
    String host = exchange.getRequestHeaders().getFirst("Host");
    if (http.getAddress().getAddress().isLoopbackAddress() && !RequestOrigin.isLocal(host)) {
      throw new Foreign("the server listens under localhost and 127.0.0.1 only");
    }
    if (!RequestOrigin.isOwn(exchange.getRequestHeaders().getFirst("Origin"), host)) {
      throw new Foreign("pages of other sites get no answer");
    }
  }

  private Answer health() {
    return Answer.json(
        stopping ? Answer.BUSY : Answer.OK,
        JsonNodeFactory.instance
            .objectNode()
            .put("status", stopping ? "stopping" : "ok")
            .put("model", modelInWords));
  }

  private void send(HttpExchange exchange, Answer answer) throws IOException {
    Headers headers = exchange.getResponseHeaders();
    headers.set("Content-Type", answer.type());
    headers.set("X-Content-Type-Options", "nosniff");
    headers.set("Cache-Control", "no-store");
    headers.set(
        "Content-Security-Policy",
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline';"
            + " img-src blob: data:; connect-src 'self'; base-uri 'none'; form-action 'none'");
    if (answer.status() == Answer.BUSY) {
      headers.set("Retry-After", "1");
    }
    boolean unread = answer.status() != Answer.OK && exchange.getRequestMethod().equals("POST");
    if (unread || stopping) {
      headers.set("Connection", "close");
    }
    boolean head = exchange.getRequestMethod().equals("HEAD");
    metrics.answered(answer.status()); // before the client can ask for the count
    try (OutputStream out = exchange.getResponseBody()) {
      exchange.sendResponseHeaders(answer.status(), head ? -1 : answer.body().length);
      if (!head) {
        out.write(answer.body());
      }
      out.flush();
      if (unread) {
        predict.drain(exchange.getRequestBody());
      }
    } catch (IOException gone) {
      metrics.notAnswered(answer.status());
      throw gone;
    }
  }

  /** Answers so far, of whatever status. */
  public long answers() {
    return metrics.answers();
  }

  /** The settings it was started with. */
  public Settings settings() {
    return settings;
  }

  /**
   * Turns new requests away, answers those that are there, and ends. Requests that clients sent
   * before they could know of it are turned away too, not cut off: the end comes when none has come
   * for a moment.
   */
  @Override
  public void close() {
    stopping = true;
    lastRequest = System.nanoTime();
    long end = System.nanoTime() + GRACE_MILLIS * 1_000_000;
    try {
      while (System.nanoTime() < end
          && (inFlight.get() > 0 || System.nanoTime() - lastRequest < QUIET_MILLIS * 1_000_000)) {
        Thread.sleep(POLL_MILLIS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    http.stop(0);
    threads.shutdownNow();
    predict.close();
    batcher.close();
  }
}
