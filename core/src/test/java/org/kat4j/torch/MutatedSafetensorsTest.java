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
import java.util.Arrays;
import java.util.Random;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kat4j.error.UserException;

/** Valid files, damaged at random. */
class MutatedSafetensorsTest {
  static final String VALID_HEADER =
      "{\"__metadata__\":{\"config\":\"{}\"},"
          + "\"b\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[16,24]},"
          + "\"m\":{\"dtype\":\"BOOL\",\"shape\":[3,1],\"data_offsets\":[24,27]},"
          + "\"w\":{\"dtype\":\"F32\",\"shape\":[2,2],\"data_offsets\":[0,16]}}";
  static final int VALID_DATA = 27;

  private static final byte[] OFTEN_IN_HEADERS =
      "{}[],:\"0129-.eF \\".getBytes(StandardCharsets.US_ASCII);

  @TempDir private Path folder = Path.of("");

  /** Whatever happens to a file, it is refused in one line or sound; nothing else, nothing big. */
  @Test
  void aMutatedFileIsRefusedOrSound() throws IOException {
    Random drawn = new Random(20240915);
    readAll(Files.write(file(), valid())); // loads the classes
    for (int i = 0; i < 3000; i++) {
      refusedOrSound(file(), mutated(drawn));
    }
  }

  private static void refusedOrSound(Path file, byte[] bytes) throws IOException {
    Files.write(file, bytes);
    long before = allocatedBytes();
    try {
      assertThat(readAll(file)).isLessThan(bytes.length);
    } catch (UserException e) {
      assertThat(e.getMessage()).doesNotContain("\n");
    }
    // Parser buffers and messages, but nothing that a length inside the file could inflate.
    assertThat(allocatedBytes() - before).isLessThan(4 << 20);
  }

  private Path file() {
    return folder.resolve("mutated.safetensors");
  }

  private static byte[] valid() {
    return HostileSafetensorsTest.file(VALID_HEADER, new byte[VALID_DATA]);
  }

  /** Bytes of all tensors. */
  private static long readAll(Path file) {
    try (PointerScope scope = new PointerScope();
        Safetensors weights = Safetensors.open(file)) {
      long data = 0;
      for (String name : weights.names()) {
        Tensor tensor = weights.read(name);
        data += tensor.nbytes();
        assertThat(tensor.numel() * weights.entry(name).type().bytes()).isEqualTo(tensor.nbytes());
      }
      return data;
    }
  }

  private static byte[] mutated(Random drawn) {
    byte[] valid = valid();
    return switch (drawn.nextInt(4)) {
      case 0 -> overwritten(valid, drawn);
      case 1 -> Arrays.copyOf(valid, drawn.nextInt(valid.length));
      case 2 -> inserted(valid, drawn);
      // Mends the length field, so that the damage is met behind the first check.
      default -> withMatchingLength(inserted(valid, drawn));
    };
  }

  /** Any byte, or one that means something in a header. */
  private static byte value(Random drawn) {
    return drawn.nextBoolean()
        ? (byte) drawn.nextInt()
        : OFTEN_IN_HEADERS[drawn.nextInt(OFTEN_IN_HEADERS.length)];
  }

  private static byte[] overwritten(byte[] bytes, Random drawn) {
    byte[] copy = bytes.clone();
    int places = drawn.nextInt(1, 5);
    for (int i = 0; i < places; i++) {
      copy[drawn.nextInt(copy.length)] = value(drawn);
    }
    return copy;
  }

  private static byte[] inserted(byte[] bytes, Random drawn) {
    byte[] extra = new byte[drawn.nextInt(1, 17)];
    for (int i = 0; i < extra.length; i++) {
      extra[i] = value(drawn);
    }
    return inserted(bytes, drawn.nextInt(bytes.length), extra);
  }

  private static byte[] inserted(byte[] bytes, int at, byte[] extra) {
    return ByteBuffer.allocate(bytes.length + extra.length)
        .put(bytes, 0, at)
        .put(extra)
        .put(bytes, at, bytes.length - at)
        .array();
  }

  private static byte[] withMatchingLength(byte[] bytes) {
    byte[] copy = bytes.clone();
    ByteBuffer.wrap(copy).order(ByteOrder.LITTLE_ENDIAN).putLong(0, bytes.length - 8 - VALID_DATA);
    return copy;
  }

  private static long allocatedBytes() {
    return ((ThreadMXBean) ManagementFactory.getThreadMXBean()).getCurrentThreadAllocatedBytes();
  }
}
