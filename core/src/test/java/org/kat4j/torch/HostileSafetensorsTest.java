package org.kat4j.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.kat4j.error.UserException;

/** Files from outside that are wrong, by accident or on purpose. */
class HostileSafetensorsTest {
  private static final String VALID_HEADER =
      "{\"__metadata__\":{\"config\":\"{}\"},"
          + "\"b\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[16,24]},"
          + "\"m\":{\"dtype\":\"BOOL\",\"shape\":[3,1],\"data_offsets\":[24,27]},"
          + "\"w\":{\"dtype\":\"F32\",\"shape\":[2,2],\"data_offsets\":[0,16]}}";
  private static final int VALID_DATA = 27;

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          does not start with '{'                | [1]
          does not start with '{'                | ` {}`
          sound JSON                             | {
          sound JSON: Duplicate                  | {"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}
          sound JSON: Duplicate                  | {"w":{"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]}}
          sound JSON: Duplicate                  | {"__metadata__":{"a":"","a":""},"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}
          more text after                        | {"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}} {}
          is not a valid                         | {"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}} x
          must be a string                       | {"__metadata__":{"a":1}}
          must be a string                       | {"__metadata__":{"a":{"b":""}}}
          must be an object of strings           | {"__metadata__":"a"}
          tensor 'w' must be an object           | {"w":[]}
          unknown field 'extra'                  | {"w":{"dtype":"F32","extra":1,"shape":[2],"data_offsets":[0,8]}}
          needs dtype, shape and data_offsets    | {"w":{"dtype":"F32","data_offsets":[0,8]}}
          has dtype 'F4'                         | {"w":{"dtype":"F4","shape":[2],"data_offsets":[0,8]}}
          dtype of tensor 'w' must be a string   | {"w":{"dtype":1,"shape":[2],"data_offsets":[0,8]}}
          takes 16 bytes                         | {"w":{"dtype":"F64","shape":[2],"data_offsets":[0,8]}}
          whole numbers >= 0                     | {"w":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}
          whole numbers >= 0                     | {"w":{"dtype":"F32","shape":[-1,-2],"data_offsets":[0,8]}}
          whole numbers >= 0                     | {"w":{"dtype":"F32","shape":[2.0],"data_offsets":[0,8]}}
          whole numbers >= 0                     | {"w":{"dtype":"F32","shape":2,"data_offsets":[0,8]}}
          sound JSON                             | {"w":{"dtype":"F32","shape":[[[[2]]]],"data_offsets":[0,8]}}
          sound JSON: Numeric value              | {"w":{"dtype":"F32","shape":[18446744073709551618],"data_offsets":[0,8]}}
          impossible shape                       | {"w":{"dtype":"F32","shape":[4611686018427387904,4611686018427387904],"data_offsets":[0,8]}}
          impossible shape                       | {"w":{"dtype":"F32","shape":[4294967296,4294967296,0],"data_offsets":[0,0]}}
          more than 64 numbers                   | {"w":{"dtype":"F32","shape":[2,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1],"data_offsets":[0,8]}}
          needs data_offsets [begin, end]        | {"w":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}
          needs data_offsets [begin, end]        | {"w":{"dtype":"F32","shape":[2],"data_offsets":[0]}}
          more than 2 numbers                    | {"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8,8]}}
          overlap or leave a hole                | {"v":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}
          overlap or leave a hole                | {"w":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}
          overlap or leave a hole                | {"v":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"w":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}
          overlap or leave a hole                | {"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"z":{"dtype":"F32","shape":[0],"data_offsets":[4,4]}}
          describes 4 bytes of data, the file holds 8 | {"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}
          describes 16 bytes of data, the file holds 8 | {"w":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}
          describes 0 bytes of data, the file holds 8 | {}
          """)
  void aWrongHeaderIsRefusedInOneLine(String message, String header) throws IOException {
    refused(file(header, new byte[8]), message);
  }

  @Test
  void aHeaderLongerThanTheFileIsRefusedUnread() throws IOException {
    for (long length : new long[] {1L << 60, -1, 100_000_001, 17, Long.MIN_VALUE}) {
      ByteBuffer bytes = ByteBuffer.allocate(24).order(ByteOrder.LITTLE_ENDIAN).putLong(length);
      refused(bytes.array(), "its header would take " + Long.toUnsignedString(length) + " bytes");
    }
    refused(new byte[0], "it has only 0 bytes");
    refused(new byte[8], "does not start with '{'");
  }

  @Test
  void textThatIsNotUtf8IsRefused() throws IOException {
    byte[] bytes = file("{\"?\":{}}", new byte[0]);
    bytes[10] = (byte) 0xff;
    refused(bytes, "is not a valid safetensors file");
  }

  @Test
  void aNameWithLineBreaksCannotSpoilTheMessage() throws IOException {
    refused(file("{\"a\\nb\\u001b[31m\":[]}", new byte[0]), "tensor 'a?b?[31m' must be an object");
  }

  @Test
  void aBooleanOtherThanZeroAndOneIsRefusedWhenRead() throws IOException {
    byte[] bytes =
        file(
            "{\"m\":{\"dtype\":\"BOOL\",\"shape\":[2],\"data_offsets\":[0,2]}}", new byte[] {1, 2});
    Path file = Files.write(folder.resolve("bool"), bytes);
    try (Safetensors weights = Safetensors.open(file)) {
      assertThatThrownBy(() -> weights.read("m"))
          .isInstanceOf(UserException.class)
          .hasMessageContaining("'m' holds a BOOL other than 0 and 1");
    }
  }

  /** Whatever happens to a file, it is refused in one line or sound; nothing else, nothing big. */
  @Property(tries = 3000)
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
    byte[] valid = file(VALID_HEADER, new byte[VALID_DATA]);
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
    Arbitrary<byte[]> insertedInHeader = inserted.map(HostileSafetensorsTest::withMatchingLength);
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

  private void refused(byte[] bytes, String message) throws IOException {
    Path file = Files.write(folder.resolve("hostile"), bytes);
    assertThatThrownBy(() -> Safetensors.open(file).close())
        .isInstanceOf(UserException.class)
        .hasMessageContaining(message)
        .hasMessageContaining(file.toString())
        .message()
        .doesNotContain("\n");
  }

  private static byte[] file(String header, byte[] data) {
    byte[] json = header.getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(8 + json.length + data.length)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(json.length)
        .put(json)
        .put(data)
        .array();
  }
}
