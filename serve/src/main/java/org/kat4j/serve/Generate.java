package org.kat4j.serve;

import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.kat4j.config.Config;
import org.kat4j.error.UserException;
import org.kat4j.model.Registered;
import org.kat4j.task.language.TextWriter;

/**
 * {@code POST /generate}: a prompt and how to go on with it, as JSON, to a text that is sent while
 * it is written. One text is written at a time, in the order in which they were asked for.
 */
final class Generate implements Service {
  private static final String PAGE = Server.resource("text.html");
  private static final int MOST_TOKENS = 4096; // of one request

  private final TextWriter writer;
  private final Settings settings;
  private final Metrics metrics;
  private final Bodies bodies;
  private final ThreadPoolExecutor model;
  private volatile boolean stopping;

  Generate(TextWriter writer, Settings settings, Metrics metrics) {
    this.writer = writer;
    this.settings = settings;
    this.metrics = metrics;
    bodies = new Bodies(settings.maxBytes(), "a request", "requests");
    model =
        new ThreadPoolExecutor(
            1,
            1,
            0,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(settings.queue()),
            Thread.ofPlatform().name("kat4j-model").daemon().factory());
  }

  @Override
  public String path() {
    return "/generate";
  }

  @Override
  public String page() {
    return PAGE;
  }

  @Override
  public String model() {
    return Registered.describe(writer.model().spec());
  }

  @Override
  public Bodies bodies() {
    return bodies;
  }

  @Override
  public Reply answer(HttpExchange exchange) throws IOException, InterruptedException {
    Optional<Answer> refusal = bodies.refusal(exchange);
    return refusal.isPresent() ? refusal.get() : bodies.read(exchange, this::begun);
  }

  private Reply begun(byte[] body) throws InterruptedException {
    TextWriter.Wish wish = wish(new String(body, StandardCharsets.UTF_8));
    var text = new TextStream(wish, settings.requestSeconds(), () -> stopping);
    long start = System.nanoTime();
    try {
      model.execute(() -> {
        metrics.together(text.write(writer));
        metrics.took((System.nanoTime() - start) / 1e9);
      });
    } catch (RejectedExecutionException full) {
      return Answer.error(Answer.BUSY, "too many texts wait already");
    }
    return text.begun();
  }

  private static TextWriter.Wish wish(String body) {
    if (body.isBlank()) {
      throw new UserException("the body is empty; send {\"prompt\": \"…\"}");
    }
    TextWriter.Wish wish =
        Config.bind(Config.parseJson(body, "body"), TextWriter.Wish.example(), "body");
    if (wish.tokens() > MOST_TOKENS) {
      throw new UserException(
          "tokens = %d: at most %d in one request".formatted(wish.tokens(), MOST_TOKENS));
    }
    return wish;
  }

  @Override
  public int waiting() {
    return model.getQueue().size();
  }

  @Override
  public void stopping() {
    stopping = true;
  }

  @Override
  public void close() {
    stopping = true;
    model.shutdown();
    try {
      model.awaitTermination(settings.requestSeconds(), TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
