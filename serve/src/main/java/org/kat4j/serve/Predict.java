package org.kat4j.serve;

import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.kat4j.error.UserException;
import org.kat4j.image.DecodingLimit;
import org.kat4j.image.ImageReading;
import org.kat4j.model.Registered;
import org.kat4j.task.image.Classifier;
import org.kat4j.task.image.Prediction;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** {@code POST /predict}: the bytes of an image to its most probable classes. */
final class Predict implements Service {
  private static final int DEFAULT_CLASSES = 5;
  private static final String PAGE = Server.resource("page.html");
  private static final Pattern TOP = Pattern.compile("(?:^|.*&)top=(\\d{1,6})(?:&.*|$)");

  private final Classifier classifier;
  private final Settings settings;
  private final Batcher batcher;
  private final Metrics metrics;
  private final Decoders decoders;
  private final Bodies bodies;

  Predict(Classifier classifier, Settings settings, Metrics metrics) {
    this.classifier = classifier;
    this.settings = settings;
    this.metrics = metrics;
    batcher = new Batcher(classifier::probabilities, settings, metrics::together);
    decoders = new Decoders(settings.queue());
    bodies = new Bodies(settings.maxBytes(), "an image", "images");
  }

  @Override
  public String path() {
    return "/predict";
  }

  @Override
  public String page() {
    return PAGE;
  }

  @Override
  public String model() {
    return Registered.describe(classifier.model().spec());
  }

  @Override
  public Bodies bodies() {
    return bodies;
  }

  @Override
  public int waiting() {
    return batcher.waiting();
  }

  @Override
  public Reply answer(HttpExchange exchange) throws IOException, InterruptedException {
    long start = System.nanoTime();
    Optional<Answer> refusal = bodies.refusal(exchange);
    if (refusal.isPresent()) {
      return refusal.get();
    }
    int top = top(exchange.getRequestURI().getRawQuery());
    refuseForms(exchange.getRequestHeaders().getFirst("Content-Type"));
    return bodies.read(exchange, image -> answer(image, top, start));
  }

  private Answer answer(byte[] image, int top, long start) throws InterruptedException {
    DecodingLimit limit = DecodingLimit.in(settings.requestSeconds(), TimeUnit.SECONDS);
    try {
      Optional<CompletableFuture<double[]>> result = submit(image, limit);
      if (result.isEmpty()) {
        return Answer.error(Answer.BUSY, "too many images wait already");
      }
      double[] probabilities = within(limit, result.get());
      if (!Classifier.areNumbers(probabilities)) {
        return Answer.error(Answer.FAULT, "the model's output is no number");
      }
      double milliseconds = (System.nanoTime() - start) / 1e6;
      metrics.took(milliseconds / 1e3);
      return Answer.json(Answer.OK, body(classifier.best(probabilities, top), milliseconds));
    } catch (TimeoutException | CancellationException late) {
      return Answer.error(Answer.BUSY, "there was no answer in time");
    } catch (ExecutionException failed) {
      return failed.getCause() instanceof UserException mistake
          ? Answer.error(Answer.BAD_REQUEST, String.valueOf(mistake.getMessage()))
          : Answer.error(Answer.FAULT, "the model failed");
    }
  }

  private static <T> T within(DecodingLimit limit, CompletableFuture<T> result)
      throws InterruptedException, ExecutionException, TimeoutException {
    return result.get(Math.max(0, limit.end() - System.nanoTime()), TimeUnit.NANOSECONDS);
  }

  /** What a browser's form or {@code curl -F} sends is not the image itself. */
  private static void refuseForms(@Nullable String contentType) {
    if (contentType != null && contentType.toLowerCase(Locale.ROOT).startsWith("multipart/")) {
      throw new UserException(
          "the body is a form; send the bytes of the image alone (curl --data-binary @image.png)");
    }
  }

  private static int top(@Nullable String query) {
    if (query == null || !query.contains("top=")) {
      return DEFAULT_CLASSES;
    }
    Matcher match = TOP.matcher(query);
    if (!match.matches() || Integer.parseInt(match.group(1)) < 1) {
      throw new UserException("top is a number of classes, at least 1");
    }
    return Integer.parseInt(match.group(1));
  }

  private Optional<CompletableFuture<double[]>> submit(byte[] image, DecodingLimit limit)
      throws InterruptedException, ExecutionException, TimeoutException {
    if (image.length == 0) {
      throw new UserException("the body is empty; send the bytes of a PNG, JPEG or WebP image");
    }
    ImageReading.Size size = ImageReading.size(image, "body");
    long pixels = (long) size.height() * size.width();
    if (pixels > settings.maxPixels()) {
      throw new UserException(
          "the image has %d pixels; %d are allowed".formatted(pixels, settings.maxPixels()));
    }
    batcher.coming();
    try {
      Optional<CompletableFuture<float[]>> input =
          decoders.submit(pixels, limit, () -> classifier.pixels(image, "body", limit));
      return input.isEmpty() ? Optional.empty() : batcher.submit(within(limit, input.get()));
    } finally {
      batcher.arrived();
    }
  }

  @Override
  public void close() {
    decoders.close();
    batcher.close();
  }

  private static ObjectNode body(List<Prediction> best, double milliseconds) {
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    ArrayNode predictions = body.putArray("predictions");
    for (Prediction prediction : best) {
      predictions
          .addObject()
          .put("label", prediction.label())
          .put("probability", prediction.probability());
    }
    return body.put("milliseconds", Math.round(milliseconds * 1000) / 1000.0);
  }
}
