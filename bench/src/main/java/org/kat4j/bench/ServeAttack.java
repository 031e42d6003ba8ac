package org.kat4j.bench;

import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.kat4j.serve.Server;
import org.kat4j.serve.Settings;
import org.kat4j.task.image.Classifier;

/**
 * What good clients notice while others post the worst images there are: quiet and attacked rounds
 * in turn, so that whatever else the machine does falls on both.
 */
public final class ServeAttack {
  private static final int GOOD_CLIENTS = 4;
  private static final int PAUSE_MILLIS = 20;

  private ServeAttack() {}

  /**
   * Times in milliseconds.
   *
   * @param attacks answers that attackers got
   * @param failed requests of good clients without an answer of status 200
   */
  public record Round(
      boolean attacked,
      double p50,
      double p99,
      double healthP99,
      double healthMost,
      int attacks,
      int failed) {}

  /**
   * @param counted answers in the server's metrics
   * @param seen answers that clients saw
   */
  public record Result(List<Round> rounds, long counted, long seen) {
    /** One line for each round. */
    public String table() {
      var text = new StringBuilder();
      text.append("round        p50 ms    p99 ms  health p99      most  attacks  failed\n");
      for (Round round : rounds) {
        text.append(
            String.format(
                Locale.ROOT,
                "%-9s %9.2f %9.2f %11.2f %9.2f %8d %7d%n",
                round.attacked ? "attacked" : "quiet",
                round.p50,
                round.p99,
                round.healthP99,
                round.healthMost,
                round.attacks,
                round.failed));
      }
      text.append("answers seen %d, counted %d%n".formatted(seen, counted));
      return text.toString();
    }
  }

  /** So many pairs of rounds. */
  public static Result run(Classifier classifier, int attackers, int pairs, double seconds) {
    List<byte[]> worst = WorstImages.all();
    List<Round> rounds = new ArrayList<>();
    try (Server server = Server.start(classifier, Settings.local(0))) {
      long seen = round(server.address(), List.of(), 1, new ArrayList<>()); // warms up
      for (int pair = 0; pair < pairs; pair++) {
        seen += round(server.address(), List.of(), seconds, rounds);
        List<byte[]> images = new ArrayList<>();
        for (int i = 0; i < attackers; i++) {
          images.add(worst.get(i % worst.size()));
        }
        seen += round(server.address(), images, seconds, rounds);
      }
      return new Result(rounds, server.answers(), seen);
    }
  }

  /** Adds a round; returns how many answers all clients saw. */
  private static long round(
      InetSocketAddress server, List<byte[]> attacks, double seconds, List<Round> rounds) {
    var going = new AtomicBoolean(true);
    List<Future<ServeClient>> attackers = new ArrayList<>();
    List<Future<ServeClient>> good = new ArrayList<>();
    byte[] image = ServeBench.jpeg();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (byte[] attack : attacks) {
        var client = new ServeClient(server, attack);
        attackers.add(threads.submit(() -> client.during(going::get, 0)));
      }
      for (int i = 0; i < GOOD_CLIENTS; i++) {
        var client = new ServeClient(server, image);
        good.add(threads.submit(() -> client.during(going::get, PAUSE_MILLIS)));
      }
      var asking = new ServeClient(server, "/healthz");
      Future<ServeClient> health = threads.submit(() -> asking.during(going::get, PAUSE_MILLIS));
      Thread.sleep((long) (1000 * seconds));
      going.set(false);
      List<Double> times = new ArrayList<>();
      int failed = health.get().failed();
      long seen = health.get().answers();
      for (Future<ServeClient> client : good) {
        times.addAll(client.get().milliseconds());
        failed += client.get().failed();
        seen += client.get().answers();
      }
      int attacked = 0;
      for (Future<ServeClient> client : attackers) {
        attacked += client.get().answers();
      }
      double[] all = ServeBench.numbers(times);
      double[] healthTimes = ServeBench.numbers(health.get().milliseconds());
      rounds.add(
          new Round(
              !attacks.isEmpty(),
              Timing.percentile(all, 50),
              Timing.percentile(all, 99),
              Timing.percentile(healthTimes, 99),
              Timing.percentile(healthTimes, 100),
              attacked,
              failed));
      return seen + attacked;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    } catch (ExecutionException e) {
      throw new IllegalStateException("a client failed", e.getCause());
    }
  }
}
