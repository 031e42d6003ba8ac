package org.kat4j.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.kat4j.error.UserException;

/** Files from outside that are wrong, by accident or on purpose. */
class HostileSafetensorsTest {
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

  /** Entries of a dozen bytes take ten times as much in memory. */
  @Test
  void aFloodOfMetadataIsRefused() throws IOException {
    var header = new StringBuilder("{\"__metadata__\":{");
    for (int i = 0; i <= 200_000; i++) {
      header.append(i == 0 ? "" : ",").append('"').append(i).append("\":\"\"");
    }
    refused(file(header.append("}}").toString(), new byte[0]), "more than 200000 entries");
  }

  @Test
  void textThatIsNotUtf8IsRefused() throws IOException {
    byte[] bytes = file("{\"?\":{}}", new byte[0]);
    bytes[10] = (byte) 0xff;
    refused(bytes, "is not a valid safetensors file");
  }

  @Test
  void aNameWithLineBreaksCannotSpoilTheMessage() throws IOException {
    refused(file("{\"a\\nb\\u001b[31m\":[]}", new byte[0]), "tensor 'a⏎b␛[31m' must be an object");
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

  /**
   * Headers as long as the first bytes of a pickle and of a gzip file are when read as a number.
   */
  @ParameterizedTest
  @ValueSource(ints = {0x0280, 0x0480, 0x8b1f})
  void aLengthThatLooksLikeAnotherFormatIsNone(int length) throws IOException {
    String header = "{\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}";
    byte[] bytes = file(header + " ".repeat(length - header.length()), new byte[8]);
    try (TensorFile file = TensorFile.open(Files.write(folder.resolve("sound"), bytes))) {
      assertThat(file.names()).containsExactly("w");
    }
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

  static byte[] file(String header, byte[] data) {
    byte[] json = header.getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(8 + json.length + data.length)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(json.length)
        .put(json)
        .put(data)
        .array();
  }
}
