package org.kat4j.torch;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.error.UserException;

/** Valid files, damaged at random. */
class MutatedSafetensorsTest {
  static final String VALID_HEADER =
      "{\"__metadata__\":{\"config\":\"{}\"},"
          + "\"b\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[16,24]},"
          + "\"m\":{\"dtype\":\"BOOL\",\"shape\":[3,1],\"data_offsets\":[24,27]},"
          + "\"w\":{\"dtype\":\"F32\",\"shape\":[2,2],\"data_offsets\":[0,16]}}";
  static final int VALID_DATA = 27;

  /** Whatever happens to a file, it is refused in one line or sound; nothing else, nothing big. */
  @Property(tries = 3000, seed = "20240915")
  void aMutatedFileIsRefusedOrSound(@ForAll("mutated") byte[] bytes) throws IOException {
    Path file = Files.createTempFile("mutated", ".safetensors");
    try (PointerScope scope = new PointerScope()) {
      Files.write(file, bytes);
      long before = allocatedBytes();
      try (Safetensors weights = Safetensors.open(file)) {
        long data = 0;
        for (String name : weights.names()) {
          Tensor tensor = weights.read(name);
          data += tensor.nbytes();
          assertThat(tensor.numel() * weights.entry(name).type().bytes())
              .isEqualTo(tensor.nbytes());
        }
        assertThat(data).isLessThan(bytes.length);
      } catch (UserException e) {
        assertThat(e.getMessage()).doesNotContain("\n");
      }
      // Parser buffers and messages, but nothing that a length inside the file could inflate.
      assertThat(allocatedBytes() - before).isLessThan(4 << 20);
    } finally {
      Files.delete(file);
    }
  }

  @Provide
  Arbitrary<byte[]> mutated() {
    byte[] valid = HostileSafetensorsTest.file(VALID_HEADER, new byte[VALID_DATA]);
    Arbitrary<Integer> place = Arbitraries.integers().between(0, valid.length - 1);
    Arbitrary<Byte> value =
        Arbitraries.oneOf(
            Arbitraries.bytes(),
            Arbitraries.chars().with("{}[],:\"0129-.eF \\").map(c -> (byte) (char) c));
    Arbitrary<byte[]> flipped =
        Combinators.combine(
                place.list().ofMinSize(1).ofMaxSize(4), value.array(byte[].class).ofSize(4))
            .as((places, values) -> overwritten(valid, places, values));
    Arbitrary<byte[]> truncated = place.map(length -> Arrays.copyOf(valid, length));
    Arbitrary<byte[]> inserted =
        Combinators.combine(place, value.array(byte[].class).ofMinSize(1).ofMaxSize(16))
            .as((at, extra) -> inserted(valid, at, extra));
    // Mends the length field, so that the damage is met behind the first check.
    Arbitrary<byte[]> insertedInHeader = inserted.map(MutatedSafetensorsTest::withMatchingLength);
    return Arbitraries.oneOf(flipped, truncated, inserted, insertedInHeader);
  }

  private static byte[] overwritten(byte[] bytes, Iterable<Integer> places, byte[] values) {
    byte[] copy = bytes.clone();
    int i = 0;
    for (int place : places) {
      copy[place] = values[i++];
    }
    return copy;
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
