package org.kat4j.bench.fuzz;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.kat4j.error.UserException;

/**
 * Feeds a reader with damaged files. Each must be read or refused in one line ({@link
 * UserException}), within two seconds, and without memory that a number inside the file inflates.
 *
 * <p>Input {@code i} of a kind is a function of (seed, kind, i), so a finding can be repeated.
 */
public final class Fuzz {
  /** What takes longer counts as a hang. */
  static final double MOST_SECONDS = 2;

  /** An input that takes this long is left alone, and its thread with it. */
  private static final double PATIENCE_SECONDS = 20;

  private static final int MOST_FINDINGS = 10;
  private static final long LOOK_MILLIS = 100;

  /**
   * What became of the inputs of one kind.
   *
   * @param kind its name
   * @param inputs how many there were
   * @param sound read without complaint
   * @param refused in one line
   * @param slowestSeconds the longest that one input took
   * @param mostBytes the most heap that one input took beyond four times its size
   * @param findings what must not happen, the first ten, each with the input's number
   */
  public record Outcome(
      String kind,
      int inputs,
      int sound,
      int refused,
      double slowestSeconds,
      long mostBytes,
      List<String> findings) {
    /** One line for a person, findings on lines of their own. */
    public String text() {
      String line =
          String.format(
              Locale.ROOT,
              "%-18s %,9d inputs: %,9d read, %,9d refused; slowest %.2f s, at most %,.1f MB beyond four times the file%n",
              kind,
              inputs,
              sound,
              refused,
              slowestSeconds,
              mostBytes / 1e6);
      return line
          + String.join("", findings.stream().map(finding -> "  " + finding + "\n").toList());
    }
  }

  private final Kind kind;
  private final long seed;
  private final int count;
  private final Path scratch;
  private final AtomicInteger next = new AtomicInteger();
  private int sound;
  private int refused;
  private double slowest;
  private long mostBytes;
  private final List<String> findings = new ArrayList<>();

  private Fuzz(Kind kind, int count, long seed, Path scratch) {
    this.kind = kind;
    this.count = count;
    this.seed = seed;
    this.scratch = scratch;
  }

  /**
   * Tries {@code count} damaged inputs of one kind.
   *
   * @param kind a name of {@link Kinds#names()}
   * @param progress hears now and then how many are done
   */
  public static Outcome run(String kind, int count, long seed, int threads, IntConsumer progress) {
    Path scratch = temporaryFolder();
    try {
      return new Fuzz(Kinds.named(kind), count, seed, scratch).run(threads, progress);
    } finally {
      delete(scratch);
    }
  }

  /** The bytes of one input, to look at a finding. */
  public static byte[] input(String kind, long seed, int index) {
    return bytes(Kinds.named(kind), seed, index);
  }

  private static byte[] bytes(Kind kind, long seed, int index) {
    long start = seed * 0x9E3779B97F4A7C15L + kind.name().hashCode() * 31L + index;
    return Damage.of(kind.sound(), new SplittableRandom(start));
  }

  /** A thread that reads input after input; who watches it sees since when it is at which. */
  private final class Worker extends Thread {
    private final Path own;
    volatile int index = -1;
    volatile long since;
    volatile boolean abandoned;

    Worker(int number) throws IOException {
      super("fuzz-" + number);
      own = Files.createDirectory(scratch.resolve(Integer.toString(number)));
      setDaemon(true);
    }

    @Override
    public void run() {
      for (int i = next.getAndIncrement(); i < count && !abandoned; i = next.getAndIncrement()) {
        byte[] content = bytes(kind, seed, i);
        since = System.nanoTime();
        index = i;
        long before = allocatedBytes();
        Throwable thrown = null;
        try {
          kind.reader().read(content, own);
        } catch (Throwable failure) {
          thrown = failure;
        }
        record(this, content.length, thrown, allocatedBytes() - before);
      }
      index = -1;
    }
  }

  private synchronized void record(
      Worker worker, int size, @Nullable Throwable thrown, long allocated) {
    if (worker.abandoned) {
      return; // was counted as a hang
    }
    double seconds = (System.nanoTime() - worker.since) / 1e9;
    slowest = Math.max(slowest, seconds);
    mostBytes = Math.max(mostBytes, allocated - 4L * size);
    if (thrown == null) {
      sound++;
    } else if (thrown instanceof UserException refusal) {
      refused++;
      if (Objects.requireNonNullElse(refusal.getMessage(), "").contains("\n")) {
        found(worker.index, "a message of several lines: " + refusal.getMessage());
      }
    } else {
      found(worker.index, where(thrown));
    }
    if (seconds > MOST_SECONDS) {
      found(worker.index, String.format(Locale.ROOT, "took %.1f s", seconds));
    }
  }

  private synchronized void found(int index, String what) {
    if (findings.size() < MOST_FINDINGS) {
      findings.add("input " + index + ": " + what.replace("\n", "\\n"));
    }
  }

  private static String where(Throwable thrown) {
    Stream<StackTraceElement> ours =
        Stream.of(thrown.getStackTrace()).filter(at -> at.getClassName().startsWith("org.kat4j"));
    return thrown + ours.findFirst().map(at -> " at " + at).orElse("");
  }

  private Outcome run(int threads, IntConsumer progress) {
    try {
      warmUp();
      List<Worker> workers = new ArrayList<>();
      for (int i = 0; i < threads; i++) {
        workers.add(started(i));
      }
      int numbers = threads;
      while (workers.stream().anyMatch(Thread::isAlive)) {
        Thread.sleep(Math.min(LOOK_MILLIS, 10L + next.get()));
        for (int i = 0; i < workers.size(); i++) {
          if (gaveUpOn(workers.get(i))) {
            workers.set(i, started(numbers++));
          }
        }
        progress.accept(Math.min(next.get(), count));
      }
      synchronized (this) {
        return new Outcome(
            kind.name(), count, sound, refused, slowest, mostBytes, List.copyOf(findings));
      }
    } catch (IOException cannot) {
      throw new UncheckedIOException(cannot);
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      throw new UserException("interrupted", stopped);
    }
  }

  /** What is loaded once in a process is no input's time or memory. */
  private void warmUp() throws IOException {
    Path own = Files.createDirectory(scratch.resolve("warm-up"));
    for (byte[] file : kind.sound()) {
      try {
        kind.reader().read(file, own);
      } catch (UserException refused) {
        // Sound, but of a form that is refused on purpose.
      }
    }
  }

  private Worker started(int number) throws IOException {
    Worker worker = new Worker(number);
    worker.start();
    return worker;
  }

  private synchronized boolean gaveUpOn(Worker worker) {
    double seconds = (System.nanoTime() - worker.since) / 1e9;
    if (!worker.isAlive() || worker.index < 0 || seconds < PATIENCE_SECONDS) {
      return false;
    }
    worker.abandoned = true;
    slowest = Math.max(slowest, seconds);
    StackTraceElement[] stack = worker.getStackTrace();
    found(worker.index, "hangs" + (stack.length > 0 ? " at " + stack[0] : ""));
    return true;
  }

  private static long allocatedBytes() {
    return ((ThreadMXBean) ManagementFactory.getThreadMXBean()).getCurrentThreadAllocatedBytes();
  }

  private static Path temporaryFolder() {
    try {
      return Files.createTempDirectory("kat4j-fuzz");
    } catch (IOException cannot) {
      throw new UncheckedIOException(cannot);
    }
  }

  private static void delete(Path folder) {
    try (Stream<Path> content = Files.walk(folder)) {
      content.sorted(Comparator.reverseOrder()).forEach(path -> path.toFile().delete());
    } catch (IOException left) {
      // A folder of temporary files that stays is no reason to fail.
    }
  }
}
