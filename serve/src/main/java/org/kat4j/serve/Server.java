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
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.kat4j.error.UserException;
import org.kat4j.task.image.Classifier;
import org.kat4j.task.language.TextWriter;
import org.kat4j.web.RequestOrigin;
import tools.jackson.databind.node.JsonNodeFactory;

/**
 * Serves a model over HTTP: a classifier answers {@code POST /predict} with the bytes of an image,
 * a language model {@code POST /generate} with a prompt. Besides there are {@code /healthz}, {@code
 * /metrics} in the text format of Prometheus, and a page at {@code /}.
 *
 * <p>Every connection has a virtual thread of its own; some threads decode, one runs the model.
 * Clients are hostile until proven: bytes, pixels, time and what waits are bounded, and a broken
 * request costs its own connection only.
 */
public final class Server implements AutoCloseable {
  private static final int MOST_CONNECTIONS = 2048;
  private static final int UNKNOWN_LENGTH = 0;
  private static final long GRACE_MILLIS = 10_000;
  private static final long QUIET_MILLIS = 250;
  private static final long POLL_MILLIS = 5;

  private final Settings settings;
  private final HttpServer http;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final Metrics metrics;
  private final Service service;
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

  private Server(Settings settings, Metrics metrics, Supplier<Service> service) throws IOException {
    this.settings = settings;
    this.metrics = metrics;
    limitTheJdk(settings);
    http = HttpServer.create(new InetSocketAddress(address(settings), settings.port()), 0);
    this.service = service.get();
    http.setExecutor(threads);
    http.createContext("/", this::handle);
    http.start();
  }

  /** Starts a server of images; it runs until it is closed. */
  public static Server start(Classifier classifier, Settings settings) {
    Metrics metrics = Metrics.ofImages();
    return started(settings, metrics, () -> new Predict(classifier, settings, metrics));
  }

  /** Starts a server of texts; it runs until it is closed, and the writer is closed by others. */
  public static Server start(TextWriter writer, Settings settings) {
    Metrics metrics = Metrics.ofTexts();
    return started(settings, metrics, () -> new Generate(writer, settings, metrics));
  }

  private static Server started(Settings settings, Metrics metrics, Supplier<Service> service) {
    try {
      return new Server(settings, metrics, service);
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

  /** A text that lies beside this class. */
  static String resource(String name) {
    try (InputStream in = Server.class.getResourceAsStream(name)) {
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
      Reply answer;
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

  private Reply route(HttpExchange exchange) throws IOException, InterruptedException {
    refuseForeign(exchange);
    String method = exchange.getRequestMethod();
    String path = exchange.getRequestURI().getPath();
    boolean asksTheModel = path.equals(service.path());
    if (!asksTheModel && !List.of("/", "/healthz", "/metrics").contains(path)) {
      return Answer.error(
          Answer.NOT_FOUND,
          "there are /, %s, /healthz and /metrics only".formatted(service.path()));
    }
    String allowed = asksTheModel ? "POST" : "GET";
    boolean head = method.equals("HEAD") && allowed.equals("GET");
    if (!method.equals(allowed) && !head) {
      exchange.getResponseHeaders().set("Allow", allowed);
      return Answer.error(Answer.WRONG_METHOD, path + " takes " + allowed);
    }
    return switch (path) {
      case "/metrics" -> Answer.text("text/plain; version=0.0.4", metrics.text(service::waiting));
      case "/healthz" -> health();
      case "/" -> Answer.text("text/html; charset=utf-8", service.page());
      default -> stopping ? Answer.error(Answer.BUSY, "shutting down") : service.answer(exchange);
    };
  }

  private void refuseForeign(HttpExchange exchange) {
    String host = exchange.getRequestHeaders().getFirst("Host");
    InetAddress here = http.getAddress().getAddress();
    String own = here.getHostAddress() + ":" + http.getAddress().getPort(); // 127.0.0.2 by --host
    if (here.isLoopbackAddress() && !RequestOrigin.isLocal(host) && !own.equals(host)) {
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
            .put("model", service.model()));
  }

  private void send(HttpExchange exchange, Reply answer) throws IOException, InterruptedException {
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
      switch (answer) {
        case Answer whole -> {
          exchange.sendResponseHeaders(whole.status(), head ? -1 : whole.body().length);
          if (!head) {
            out.write(whole.body());
          }
        }
        case TextStream text -> {
          exchange.sendResponseHeaders(text.status(), UNKNOWN_LENGTH);
          text.writeTo(out);
        }
      }
      out.flush();
      if (unread) {
        service.bodies().drain(exchange.getRequestBody());
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
    service.stopping();
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
    service.close();
  }
}
