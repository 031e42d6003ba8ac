package org.kat4j.bench;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import javax.imageio.ImageIO;
import org.kat4j.serve.Server;
import org.kat4j.serve.Settings;
import org.kat4j.task.image.Classifier;

/**
 * A server under load from this process: keep-alive connections that each send the next image as
 * soon as the last is answered, against the bare model without HTTP.
 *
 * <p>Client and server share the cores, so a server with machines of its own does better.
 */
public final class ServeBench {
  private static final double WARM_UP_SECONDS = 1;

  private ServeBench() {}

  /**
   * What was measured at one number of connections.
   *
   * @param requestsPerSecond answers with status 200
   * @param p50 median of the time to an answer, in milliseconds
   * @param p99 its 99th percentile
   * @param failed requests without an answer of status 200
   */
  public record Load(
      int connections, double requestsPerSecond, double p50, double p99, int failed) {}

  /**
   * What one run measured.
   *
   * @param imageBytes size of the JPEG that is sent
   * @param decodeMs time to decode it and make it an input
   * @param singleMs time of the bare model for one image
   * @param bareImagesPerSecond bare model in batches of the server's largest size
   */
  public record Result(
      int imageBytes,
      double decodeMs,
      double singleMs,
      double bareImagesPerSecond,
      List<Load> loads) {

    /** A table with the share of the bare model's rate. */
    public String table() {
      var text = new StringBuilder();
      text.append(
          String.format(
              Locale.ROOT,
              "bare   decoding %.2f ms, one image %.2f ms, batches %.0f images/s; JPEG of %d bytes%n",
              decodeMs,
              singleMs,
              bareImagesPerSecond,
              imageBytes));
      text.append("connections  requests/s  of bare    p50 ms    p99 ms  failed\n");
      for (Load load : loads) {
        text.append(
            String.format(
                Locale.ROOT,
                "%11d %11.1f %7.0f %% %9.2f %9.2f %7d%n",
                load.connections,
                load.requestsPerSecond,
                100 * load.requestsPerSecond / bareImagesPerSecond,
                load.p50,
                load.p99,
                load.failed));
      }
      return text.toString();
    }
  }

  /** Measures a classifier at several numbers of connections, so many seconds each. */
  public static Result run(Classifier classifier, int[] connections, double seconds) {
    byte[] image = jpeg();
    Settings settings = Settings.local(0);
    List<Load> loads = new ArrayList<>();
    double decode = milliseconds(() -> classifier.pixels(image, "image"), seconds / 4);
    List<float[]> one = List.of(classifier.pixels(image, "image"));
    List<float[]> batch = new ArrayList<>();
    for (int i = 0; i < settings.maxBatch(); i++) {
      batch.add(one.getFirst());
    }
    double single = milliseconds(() -> classifier.probabilities(one), seconds / 4);
    double bare = milliseconds(() -> classifier.probabilities(batch), seconds / 2);
    try (Server server = Server.start(classifier, settings)) {
      for (int count : connections) {
        load(server.address(), image, count, WARM_UP_SECONDS);
        loads.add(load(server.address(), image, count, seconds));
      }
    }
    return new Result(image.length, decode, single, 1e3 * settings.maxBatch() / bare, loads);
  }

  /** The median time of calls during so many seconds, after others for warming up. */
  private static double milliseconds(Runnable call, double seconds) {
    times(call, WARM_UP_SECONDS);
    return Timing.percentile(numbers(times(call, seconds)), 50);
  }

  /** In milliseconds, of three calls at least. */
  private static List<Double> times(Runnable call, double seconds) {
    List<Double> times = new ArrayList<>();
    long start = System.nanoTime();
    while (times.size() < 3 || System.nanoTime() - start < seconds * 1e9) {
      long before = System.nanoTime();
      call.run();
      times.add((System.nanoTime() - before) / 1e6);
    }
    return times;
  }

  private static Load load(InetSocketAddress server, byte[] image, int count, double seconds) {
    long begun = System.nanoTime();
    long end = begun + (long) (seconds * 1e9);
    List<Callable<ServeClient>> clients = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      clients.add(() -> new ServeClient(server, image).until(end));
    }
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<ServeClient>> done = threads.invokeAll(clients);
      double elapsed = (System.nanoTime() - begun) / 1e9; // requests under way at the end count too
      List<Double> times = new ArrayList<>();
      int failed = 0;
      for (Future<ServeClient> client : done) {
        times.addAll(client.get().milliseconds());
        failed += client.get().failed();
      }
      double[] all = numbers(times);
      return new Load(
          count,
          all.length / elapsed,
          Timing.percentile(all, 50),
          Timing.percentile(all, 99),
          failed);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    } catch (ExecutionException e) {
      throw new IllegalStateException("a client failed", e.getCause());
    }
  }

  static double[] numbers(List<Double> list) {
    return list.stream().mapToDouble(Double::doubleValue).toArray();
  }

  /** 256 x 256 pixels of smooth colour and some noise, as a photograph compresses. */
  static byte[] jpeg() {
    Random random = new Random(1);
    var image = new BufferedImage(256, 256, BufferedImage.TYPE_INT_RGB);
    for (int y = 0; y < 256; y++) {
      for (int x = 0; x < 256; x++) {
        int noise = random.nextInt(24);
        image.setRGB(x, y, (x / 2 + noise) << 16 | (y / 2 + noise) << 8 | ((x + y) / 4 + noise));
      }
    }
    var bytes = new ByteArrayOutputStream();
    try {
      ImageIO.write(image, "jpeg", bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }
}
