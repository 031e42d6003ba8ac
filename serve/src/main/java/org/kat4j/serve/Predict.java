package org.kat4j.serve;

import com.sun.net.httpserver.HttpExchange;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.kat4j.error.UserException;
import org.kat4j.image.ImageReading;
import org.kat4j.task.Classifier;
import org.kat4j.task.Prediction;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** {@code POST /predict}: the bytes of an image to its most probable classes. */
final class Predict {
  private static final int DEFAULT_CLASSES = 5;
  private static final int PIECE = 1 << 16;
  private static final Pattern TOP = Pattern.compile("(?:^|.*&)top=(\\d{1,6})(?:&.*|$)");

  private final Classifier classifier;
  private final Settings settings;
  private final Batcher batcher;
  private final Metrics metrics;
  private final Semaphore decoders = new Semaphore(Runtime.getRuntime().availableProcessors());
  private final AtomicLong buffered = new AtomicLong(); // bytes of images that are on their way in
  private final long mostBuffered;

  Predict(Classifier classifier, Settings settings, Batcher batcher, Metrics metrics) {
    this.classifier = classifier;
    this.settings = settings;
    this.batcher = batcher;
    this.metrics = metrics;
    mostBuffered = Math.max(settings.maxBytes(), Runtime.getRuntime().maxMemory() / 8);
  }

  /** Raised where the bytes of all requests together are more than memory is set aside for. */
  private static final class Crowded extends IOException {
    private static final long serialVersionUID = 1L;
  }

  Answer answer(HttpExchange exchange) throws IOException, InterruptedException {
    long start = System.nanoTime();
    String length = exchange.getRequestHeaders().getFirst("Content-Length");
    if (length != null && longer(length)) {
      return tooLarge();
    }
    int top = top(exchange.getRequestURI().getRawQuery());
    byte[] image;
    try {
      image = read(exchange.getRequestBody());
    } catch (Crowded _) {
      return Answer.error(Answer.BUSY, "too many images at once");
    }
    if (image.length > settings.maxBytes()) {
      return tooLarge();
    }
    Optional<CompletableFuture<double[]>> result = submit(image);
    if (result.isEmpty()) {
      return Answer.error(Answer.BUSY, "too many images wait already");
    }
    try {
      double[] probabilities = result.get().get(settings.requestSeconds(), TimeUnit.SECONDS);
      double milliseconds = (System.nanoTime() - start) / 1e6;
      metrics.took(milliseconds / 1e3);
      return Answer.json(Answer.OK, body(classifier.best(probabilities, top), milliseconds));
    } catch (TimeoutException | CancellationException late) {
      return Answer.error(Answer.BUSY, "the model did not answer in time");
    } catch (ExecutionException failed) {
      return Answer.error(Answer.FAULT, "the model failed");
    }
  }

  private boolean longer(String length) {
    try {
      return Long.parseLong(length) > settings.maxBytes();
    } catch (NumberFormatException e) {
      return true;
    }
  }

  private Answer tooLarge() {
    return Answer.error(
        Answer.TOO_LARGE, "an image may have %d bytes".formatted(settings.maxBytes()));
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

  /** At most one byte more than allowed. Memory grows with what arrives, not with what is said. */
  private byte[] read(InputStream body) throws IOException {
    var image = new ByteArrayOutputStream();
    byte[] piece = new byte[PIECE];
    int counted = 0;
    try {
      int count;
      while (image.size() <= settings.maxBytes()
          && (count = body.read(piece, 0, Math.min(PIECE, settings.maxBytes() + 1 - image.size())))
              >= 0) {
        counted += count;
        if (buffered.addAndGet(count) > mostBuffered) {
          throw new Crowded();
        }
        image.write(piece, 0, count);
      }
    } finally {
      buffered.addAndGet(-counted);
    }
    return image.toByteArray();
  }

  /** Reads and forgets as much as an image may have. */
  void drain(InputStream body) throws IOException {
    byte[] piece = new byte[PIECE];
    int count;
    for (long left = settings.maxBytes();
        left > 0 && (count = body.read(piece)) >= 0;
        left -= count) {}
  }

  private Optional<CompletableFuture<double[]>> submit(byte[] image) throws InterruptedException {
    if (image.length == 0) {
      throw new UserException("the body is empty; send the bytes of a PNG, JPEG or WebP image");
    }
    batcher.coming();
    try {
      decoders.acquire();
      try {
        ImageReading.Size size = ImageReading.size(image, "body");
        long pixels = (long) size.height() * size.width();
        if (pixels > settings.maxPixels()) {
          throw new UserException(
              "the image has %d pixels; %d are allowed".formatted(pixels, settings.maxPixels()));
        }
        return batcher.submit(classifier.pixels(image, "body"));
      } finally {
        decoders.release();
      }
    } finally {
      batcher.arrived();
    }
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
