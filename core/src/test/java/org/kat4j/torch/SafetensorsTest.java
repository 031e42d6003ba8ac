package org.kat4j.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.kat4j.error.UserException;

class SafetensorsTest {
  @TempDir Path folder;
  private PointerScope scope;

  @BeforeEach
  void openScope() {
    scope = new PointerScope();
  }

  @AfterEach
  void closeScope() {
    scope.close();
  }

  /** The worked example of the format: 144 bytes, whose digest is known. */
  @Test
  void readsTheWorkedExample() throws Exception {
    String header =
        "{\"b\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[16,24]},"
            + "\"w\":{\"dtype\":\"F32\",\"shape\":[2,2],\"data_offsets\":[0,16]}} ";
    ByteBuffer bytes = ByteBuffer.allocate(144).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putLong(112).put(header.getBytes(StandardCharsets.US_ASCII));
    bytes.putFloat(1).putFloat(2).putFloat(3).putFloat(4).putLong(7);
    byte[] digest = MessageDigest.getInstance("SHA-256").digest(bytes.array());
    assertThat(HexFormat.of().formatHex(digest))
        .isEqualTo("a7a40ac909cab5f54c5152c39dce17cd269d5e0589f81ff2e7aa629f5e56a1d1");
    Path file = Files.write(folder.resolve("example.safetensors"), bytes.array());

    try (Safetensors weights = Safetensors.open(file)) {
      assertThat(weights.names()).containsExactly("b", "w");
      assertThat(weights.metadata()).isEmpty();
      assertThat(weights.entry("w"))
          .isEqualTo(new Safetensors.Entry("w", ElementType.F32, new long[] {2, 2}, 0, 16));
      assertThat(weights.read("b").item_long()).isEqualTo(7);
      assertThat(weights.read("b").dim()).isZero();
      Tensor w = weights.read("w");
      for (int i = 0; i < 4; i++) {
        assertThat(w.flatten().select(0, i).item_float()).isEqualTo(i + 1f);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void everyTypeSurvivesTheRoundTrip(ElementType type) {
    Tensor values = torch.arange(new Scalar(6)).reshape(2, 3).remainder(new Scalar(2));
    Tensor written = values.to(type.scalarType());
    Path file = write("types.safetensors", Map.of("t", written));
    try (Safetensors weights = Safetensors.open(file)) {
      Tensor read = weights.read("t");
      assertThat(read.scalar_type().intern()).isEqualTo(type.scalarType());
      assertThat(weights.entry("t").type()).isEqualTo(type);
      assertThat(weights.entry("t").end()).isEqualTo(6L * type.bytes());
      assertThat(same(read.to(ScalarType.ComplexDouble), values.to(ScalarType.ComplexDouble)))
          .isTrue();
    }
  }

  @Test
  void scalarsAndEmptyTensorsSurviveTheRoundTrip() {
    Tensor scalar = torch.arange(new Scalar(1)).reshape(new long[0]);
    Tensor empty = torch.empty(3, 0, 2);
    Path file = write("small.safetensors", Map.of("scalar", scalar, "empty", empty));
    try (Safetensors weights = Safetensors.open(file)) {
      assertThat(weights.entry("scalar").shape()).isEmpty();
      assertThat(weights.read("scalar").item_long()).isZero();
      assertThat(weights.entry("empty").shape()).containsExactly(3, 0, 2);
      assertThat(weights.read("empty").numel()).isZero();
    }
  }

  @Test
  void aFileWithoutTensorsIsValid() {
    Path file = write("none.safetensors", Map.of());
    try (Safetensors weights = Safetensors.open(file)) {
      assertThat(weights.names()).isEmpty();
    }
  }

  /** A header of 640 bytes: the file begins with 80 02, as a pickle does. */
  @Test
  void aLengthThatLooksLikeAnotherFormatIsALength() throws IOException {
    Path file = folder.resolve("pickle.safetensors");
    String metadata = "x".repeat(612);
    Safetensors.write(file, Map.of(), Map.of("k", metadata));
    assertThat(Files.readAllBytes(file)).startsWith(0x80, 0x02);
    try (TensorFile weights = TensorFile.open(file)) {
      assertThat(weights.metadata()).containsEntry("k", metadata);
    }
  }

  @Test
  void stridedTensorsAreWrittenRowByRow() {
    Tensor transposed = torch.arange(new Scalar(6)).reshape(2, 3).t();
    Path file = write("strided.safetensors", Map.of("t", transposed));
    try (Safetensors weights = Safetensors.open(file)) {
      assertThat(same(weights.read("t"), transposed)).isTrue();
    }
  }

  @Test
  void conjugateViewsAreWrittenAsTheirValues() {
    Tensor complex = torch.view_as_complex(torch.ones(2, 2));
    Path file = write("conj.safetensors", Map.of("c", complex.conj()));
    try (Safetensors weights = Safetensors.open(file)) {
      assertThat(torch.imag(weights.read("c")).sum().item_float()).isEqualTo(-2f);
    }
  }

  @Test
  void bytesDependOnContentAlone() throws IOException {
    Tensor wide = torch.ones(2).to(ScalarType.Double);
    Tensor narrow = torch.ones(3).to(ScalarType.Byte);
    Map<String, Tensor> oneOrder = new LinkedHashMap<>();
    Map<String, Tensor> otherOrder = new LinkedHashMap<>();
    oneOrder.put("a.narrow", narrow);
    oneOrder.put("z.wide", wide);
    oneOrder.put("b.wide", wide);
    otherOrder.put("b.wide", wide);
    otherOrder.put("z.wide", wide);
    otherOrder.put("a.narrow", narrow);
    Path one = write("one.safetensors", oneOrder);
    Path other = write("other.safetensors", otherOrder);
    assertThat(one).hasSameBinaryContentAs(other);
    assertThat(
            ByteBuffer.wrap(Files.readAllBytes(one)).order(ByteOrder.LITTLE_ENDIAN).getLong() % 8)
        .isZero();
    try (Safetensors weights = Safetensors.open(one)) {
      assertThat(weights.names()).containsExactly("b.wide", "z.wide", "a.narrow");
    }
  }

  @Test
  void metadataSurvivesWithAllItsCharacters() {
    Map<String, String> metadata = Map.of("config", "{\"a\": \"é\\n\"}\n", "", "");
    Path file = folder.resolve("meta.safetensors");
    Safetensors.write(file, Map.of(), metadata);
    try (Safetensors weights = Safetensors.open(file)) {
      assertThat(weights.metadata()).isEqualTo(metadata);
    }
  }

  /** A file of the Python library, written again from its own tensors, is the same to the byte. */
  @Test
  void writesWhatTheReferenceLibraryWrites() throws Exception {
    Path reference =
        Path.of(getClass().getResource("/golden/01-rational-init.safetensors").toURI());
    Path again = folder.resolve("again.safetensors");
    try (Safetensors weights = Safetensors.open(reference)) {
      Map<String, Tensor> tensors = new HashMap<>();
      weights.names().forEach(name -> tensors.put(name, weights.read(name)));
      Safetensors.write(again, tensors, weights.metadata());
    }
    assertThat(again).hasSameBinaryContentAs(reference);
  }

  @Test
  void aReadTensorOutlivesTheFileAndDiesWithTheScopeOfItsReader() {
    Path file = write("one.safetensors", Map.of("t", torch.ones(2)));
    Tensor outer;
    Tensor inner;
    try (Safetensors weights = Safetensors.open(file)) {
      outer = weights.read("t");
      try (PointerScope within = new PointerScope()) {
        inner = weights.read("t");
      }
    }
    assertThat(outer.sum().item_float()).isEqualTo(2f);
    assertThat(inner.isNull()).isTrue();
  }

  @Test
  void copiesIntoAParameterOfAnotherType() {
    Path file = write("one.safetensors", Map.of("t", torch.ones(2, 2).to(ScalarType.Double)));
    Tensor parameter = torch.zeros(2, 2).set_requires_grad(true);
    try (Safetensors weights = Safetensors.open(file)) {
      weights.copyInto("t", parameter);
    }
    assertThat(parameter.sum().item_float()).isEqualTo(4f);
    assertThat(parameter.is_leaf()).isTrue();
  }

  @Test
  void anotherShapeIsNamedWithBothSides() {
    Path file = write("one.safetensors", Map.of("head.weight", torch.ones(2, 3)));
    try (Safetensors weights = Safetensors.open(file)) {
      assertThatThrownBy(() -> weights.copyInto("head.weight", torch.zeros(3, 2)))
          .isInstanceOf(UserException.class)
          .hasMessageContaining("'head.weight'")
          .hasMessageContaining("[2, 3]")
          .hasMessageContaining("[3, 2]");
    }
  }

  @Test
  void aMissingTensorIsNamed() {
    Path file = write("one.safetensors", Map.of("a", torch.ones(1)));
    try (Safetensors weights = Safetensors.open(file)) {
      assertThat(weights.contains("b")).isFalse();
      assertThatThrownBy(() -> weights.read("b"))
          .isInstanceOf(UserException.class)
          .hasMessageContaining("no tensor 'b' (it has 1, e.g. a)");
    }
  }

  @Test
  void aFileThatShrinksWhileOpenGivesOneLine() throws IOException {
    Path file = write("shrinks.safetensors", Map.of("t", torch.ones(100_000)));
    try (Safetensors weights = Safetensors.open(file)) {
      try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
        channel.truncate(4096);
      }
      assertThatThrownBy(() -> weights.read("t"))
          .isInstanceOf(UserException.class)
          .hasMessageContaining("shrank");
    }
  }

  @Test
  void whatIsNoFileIsSaidSo() {
    assertThatThrownBy(() -> Safetensors.open(folder.resolve("absent")))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("no such file");
    assertThatThrownBy(() -> Safetensors.open(folder))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("folder");
  }

  @Test
  void whatCannotBeWrittenLeavesNothingBehind() throws IOException {
    Map<String, Tensor> tensors = Map.of("t", torch.ones(1));
    Path noFolder = folder.resolve("absent").resolve("w.safetensors");
    assertThatThrownBy(() -> Safetensors.write(noFolder, tensors, Map.of()))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("no such file or folder");
    assertThatThrownBy(() -> Safetensors.write(folder, tensors, Map.of()))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("it is a folder");
    Tensor complex128 = torch.ones(2).to(ScalarType.ComplexDouble);
    assertThatThrownBy(() -> write("w.safetensors", Map.of("c", complex128)))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("'c'")
        .hasMessageContaining("ComplexDouble");
    assertThatThrownBy(() -> write("w.safetensors", Map.of("__metadata__", complex128)))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("rename");
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void aFailedWriteKeepsTheOldFile() throws IOException {
    Path file = Files.writeString(folder.resolve("old"), "old content");
    assertThatThrownBy(() ->
            AtomicFile.write(
                file,
                channel -> {
                  channel.write(ByteBuffer.allocate(10));
                  throw new IOException("No space left on device");
                }))
        .isInstanceOf(UserException.class)
        .hasMessageEndingWith("No space left on device");
    assertThat(file).hasContent("old content");
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files).containsExactly(file);
    }
  }

  private Path write(String name, Map<String, Tensor> tensors) {
    Path file = folder.resolve(name);
    Safetensors.write(file, tensors, Map.of());
    return file;
  }

  private static boolean same(Tensor a, Tensor b) {
    return torch.equal(a, b);
  }
}
