package org.kat4j.torch;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.kat4j.error.UserException;

/**
 * Valid weights files, damaged at random, and what must hold of each: it is refused in one line or
 * sound, and takes no memory that a number inside the file could inflate.
 *
 * <p>Run as a program it does so many times: {@code DamagedFiles 100000}.
 */
final class DamagedFiles {
  /** Buffers, classes and messages, whatever the file. */
  private static final long FIXED_BYTES = 1 << 20;

  private static final byte[] TEXT =
      "{}[],:\"0129-.eF \\()tRbsuq".getBytes(StandardCharsets.US_ASCII);

  private final Random random;
  private final List<byte[]> whole = new ArrayList<>();
  private final byte[] pickle;
  private final TreeMap<String, byte[]> entries = new TreeMap<>();
  private final Path file;

  int refused;
  int sound;
  long largestExcess = Long.MIN_VALUE; // bytes taken beyond four times the file's size
  final TreeMap<String, Integer> reasons = new TreeMap<>();

  DamagedFiles(long seed) throws IOException {
    random = new Random(seed);
    for (String name : new String[] {"state.pth", "checkpoint.pth.tar", "legacy.pth"}) {
      whole.add(Files.readAllBytes(TorchFileTest.resource(name)));
    }
    try (var zip = new ZipFile(TorchFileTest.resource("checkpoint.pth.tar").toFile())) {
      for (ZipEntry entry : Collections.list(zip.entries())) {
        entries.put(entry.getName(), zip.getInputStream(entry).readAllBytes());
      }
    }
    pickle = Objects.requireNonNull(entries.get("archive/data.pkl"));
    whole.add(
        HostileSafetensorsTest.file(
            MutatedSafetensorsTest.VALID_HEADER, new byte[MutatedSafetensorsTest.VALID_DATA]));
    file = Files.createTempFile("damaged", ".weights");
    file.toFile().deleteOnExit();
    for (byte[] sound : whole) { // what is loaded once in a process is not counted
      Files.write(file, sound);
      long _ = readAll();
    }
  }

  /** The next damaged file: whole files, and pickles damaged inside an archive that is sound. */
  byte[] next() throws IOException {
    int which = random.nextInt(whole.size() + 2);
    if (which < whole.size()) {
      byte[] damaged = damaged(whole.get(which));
      boolean header = which == whole.size() - 1 && random.nextBoolean();
      return header && damaged.length > 40 ? withMatchingLength(damaged) : damaged;
    }
    TreeMap<String, byte[]> changed = new TreeMap<>(entries);
    changed.put("archive/data.pkl", damaged(pickle));
    return TorchFileTest.zip(changed, ZipEntry.STORED);
  }

  private byte[] damaged(byte[] valid) {
    byte[] copy = valid.clone();
    return switch (random.nextInt(5)) {
      case 0 -> Arrays.copyOf(copy, random.nextInt(copy.length));
      case 1 -> {
        byte[] extra = new byte[1 + random.nextInt(16)];
        random.nextBytes(extra);
        int at = random.nextInt(copy.length);
        yield ByteBuffer.allocate(copy.length + extra.length)
            .put(copy, 0, at)
            .put(extra)
            .put(copy, at, copy.length - at)
            .array();
      }
      case 2 -> { // one part copied over another
        int length = 1 + random.nextInt(32);
        int from = random.nextInt(copy.length);
        int to = random.nextInt(copy.length);
        int count = Math.min(length, copy.length - Math.max(from, to));
        System.arraycopy(valid, from, copy, to, count);
        yield copy;
      }
      default -> {
        for (int i = 1 + random.nextInt(4); i > 0; i--) {
          byte value =
              random.nextBoolean() ? (byte) random.nextInt() : TEXT[random.nextInt(TEXT.length)];
          copy[random.nextInt(copy.length)] = value;
        }
        yield copy;
      }
    };
  }

  private static byte[] withMatchingLength(byte[] bytes) {
    long header = bytes.length - 8L - MutatedSafetensorsTest.VALID_DATA;
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putLong(0, header);
    return bytes;
  }

  /** Opens and reads everything; throws where a rule is broken. */
  void check(byte[] bytes) throws IOException {
    Files.write(file, bytes);
    long before = allocatedBytes();
    long tensors = 0;
    UserException refusal = null;
    try {
      tensors = readAll();
    } catch (UserException e) {
      refusal = e;
    }
    long taken = tensors + allocatedBytes() - before;
    if (refusal == null) {
      sound++;
    } else {
      refused++;
      assertThat(refusal.getMessage()).doesNotContain("\n");
      reasons.merge(reason(refusal), 1, Integer::sum);
    }
    largestExcess = Math.max(largestExcess, taken - 4L * bytes.length);
    assertThat(taken).isLessThan(4L * bytes.length + FIXED_BYTES);
    assertThat(tensors).isLessThanOrEqualTo(2L * bytes.length);
  }

  /** Bytes of all tensors. */
  private long readAll() {
    long bytes = 0;
    try (Scope _ = Scope.open();
        TensorFile opened = TensorFile.open(file)) {
      for (String name : opened.names()) {
        bytes += opened.read(name).nbytes();
      }
    }
    return bytes;
  }

  private static String reason(UserException e) {
    String message = String.valueOf(e.getMessage());
    String what = message.substring(message.indexOf(": ") + 2);
    return what.replaceAll("'[^']*'", "'…'").replaceAll("[0-9]+", "N").replaceAll("\\[.*", "[…]");
  }

  private static long allocatedBytes() {
    return ((ThreadMXBean) ManagementFactory.getThreadMXBean()).getCurrentThreadAllocatedBytes();
  }

  /** {@code count [seed]}: prints how many were refused, why, and the memory taken. */
  public static void main(String[] arguments) throws IOException {
    int count = Integer.parseInt(arguments[0]);
    var files = new DamagedFiles(arguments.length > 1 ? Long.parseLong(arguments[1]) : 1);
    long start = System.nanoTime();
    for (int i = 0; i < count; i++) {
      files.check(files.next());
    }
    System.out.printf(
        "%,d damaged files: %,d refused in one line, %,d sound, no other outcome; %.0f s%n",
        count, files.refused, files.sound, (System.nanoTime() - start) / 1e9);
    System.out.printf(
        "memory beyond four times the file's size: at most %,d bytes (heap and tensors)%n",
        files.largestExcess);
    files.reasons.entrySet().stream()
        .sorted((a, b) -> b.getValue() - a.getValue())
        .limit(20)
        .forEach(e -> System.out.printf("%,8d  %s%n", e.getValue(), e.getKey()));
  }
}
