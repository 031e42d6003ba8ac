package org.kat4j.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.kat4j.error.UserException;

/** Files as {@code torch.save} writes them; {@code make.py} beside the resources made them. */
class TorchFileTest {
  /** The sheet's test vector: data.pkl of OrderedDict(w = float32 [[1, 2], [3, 4]]). */
  private static final String VECTOR =
      "800263636f6c6c656374696f6e730a4f726465726564446963740a710029527101580100000077710263746f7263"
          + "682e5f7574696c730a5f72656275696c645f74656e736f725f76320a71032828580700000073746f726167"
          + "6571046374"
          + "6f7263680a466c6f617453746f726167650a7105580100000030710658030000006370757107"
          + "4b04747108514b004b024b028671094b024b0186710a8968002952710b74710c52710d732e";

  private static final String VECTOR_SHA =
      "63878ddf2dec9360e96ac72bb1a410d9918f79af11229c240b5320a93a541e1e";
  private static final byte[] STORAGE = HexFormat.of().parseHex("0000803f000000400000404000008040");

  @TempDir Path folder;
  private Scope scope;

  @BeforeEach
  void open() {
    scope = Scope.open();
  }

  @AfterEach
  void close() {
    scope.close();
  }

  static Path resource(String name) {
    return Path.of("src/test/resources/torch", name);
  }

  /** A zip of stored entries. */
  static byte[] zip(Map<String, byte[]> entries, int method) throws IOException {
    var bytes = new ByteArrayOutputStream();
    try (var zip = new ZipOutputStream(bytes)) {
      zip.setLevel(Deflater.BEST_COMPRESSION);
      for (Map.Entry<String, byte[]> content : entries.entrySet()) {
        var entry = new ZipEntry(content.getKey());
        entry.setMethod(method);
        if (method == ZipEntry.STORED) {
          var crc = new CRC32();
          crc.update(content.getValue());
          entry.setSize(content.getValue().length);
          entry.setCrc(crc.getValue());
        }
        zip.putNextEntry(entry);
        zip.write(content.getValue());
      }
    }
    return bytes.toByteArray();
  }

  static byte[] zip(byte[] pickle, byte[] storage) throws IOException {
    return zip(entries(pickle, storage), ZipEntry.STORED);
  }

  private static Map<String, byte[]> entries(byte[] pickle, byte[] storage) {
    Map<String, byte[]> entries = new LinkedHashMap<>();
    entries.put("net/data.pkl", pickle);
    entries.put("net/byteorder", "little".getBytes(StandardCharsets.US_ASCII));
    entries.put("net/data/0", storage);
    return entries;
  }

  private Path write(byte[] bytes) throws IOException {
    return Files.write(folder.resolve("file.pth"), bytes);
  }

  @Test
  void theSheetsTestVectorLoads() throws Exception {
    byte[] pickle = HexFormat.of().parseHex(VECTOR);
    assertThat(HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(pickle)))
        .isEqualTo(VECTOR_SHA);
    try (TensorFile file = TensorFile.open(write(zip(pickle, STORAGE)))) {
      assertThat(file).isInstanceOf(TorchFile.class);
      assertThat(file.names()).containsExactly("w");
      assertThat(file.type("w")).isEqualTo(ElementType.F32);
      assertThat(file.shape("w")).containsExactly(2, 2);
      assertThat(Memory.doubles(file.read("w"))).containsExactly(1, 2, 3, 4);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"state.pth", "protocol4.pth"})
  void aStateDictOfParametersViewsAndOtherTypesLoads(String name) {
    try (TensorFile file = TensorFile.open(resource(name))) {
      assertThat(file.names())
          .containsExactly("w", "t", "middle", "n", "mask", "half", "none"); // without "module."
      checkValues(file, 1);
    }
  }

  private static void checkValues(TensorFile file, double scale) {
    assertThat(Memory.doubles(file.read("w")))
        .containsExactly(scale, 2 * scale, 3 * scale, 4 * scale, 5 * scale, 6 * scale);
    assertThat(Memory.doubles(file.read("t"))) // w transposed: the same storage, other strides
        .containsExactly(scale, 4 * scale, 2 * scale, 5 * scale, 3 * scale, 6 * scale);
    assertThat(file.read("t").is_contiguous()).isTrue();
    assertThat(Memory.doubles(file.read("middle"))).containsExactly(3 * scale, 4 * scale);
    assertThat(file.shape("n")).isEmpty();
    assertThat(Memory.longs(file.read("n"))).containsExactly(7);
    assertThat(Memory.longs(file.read("mask"))).containsExactly(1, 0, 1);
    assertThat(Memory.doubles(file.read("half"))).containsExactly(0.5, -2);
    assertThat(file.read("none").shape()).containsExactly(0, 4);
  }

  @ParameterizedTest
  @ValueSource(strings = {"checkpoint.pth.tar", "legacy.pth"})
  void aTrainingCheckpointGivesTheWeightsOfItsAverageFirst(String name) {
    Path file = resource(name);
    try (TensorFile average = TensorFile.open(file);
        TensorFile last = TensorFile.open(file, "state_dict")) {
      assertThat(TorchFile.open(file).dictionary()).isEqualTo("state_dict_ema");
      checkValues(average, 10);
      checkValues(last, 1);
      assertThat(average.metadata())
          .containsEntry("arch", "kat_tiny_patch16_224")
          .containsEntry("epoch", "299")
          .containsEntry("metric", "74.5")
          .doesNotContainKeys("args", "evil", "scalar");
    }
    assertThat(Path.of("pwned")).as("the checkpoint asks to write this file").doesNotExist();
    assertThatThrownBy(() -> TorchFile.open(file, "state_dit").close())
        .isInstanceOf(UserException.class)
        .hasMessageContaining("did you mean 'state_dict'?");
  }

  /** Every protocol, and beside the weights whatever people keep there. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "beside2.pth",
        "beside3.pth",
        "beside4.pth",
        "beside5.pth",
        "scattered.pth",
        "unusual.pth"
      })
  void whatLiesBesideTheWeightsDoesNotMatter(String name) {
    try (TensorFile file = TensorFile.open(resource(name))) {
      checkValues(file, 1);
    }
  }

  /** All instructions of protocol 0, one by one: they were never written by torch.save. */
  @Test
  void textInstructionsAreReadToo() throws IOException {
    String text =
        "(lp0\nI1\naL2L\naF1.5\naFnan\naI01\naS'a'\naV\u00e4\na(dp1\nS'k'\nI1\nsa(I1\ntag0\n0(I1\n1(ibuiltins\nrange\n2"
            + "(cbuiltins\nrange\nI1\no000";
    byte[] before = text.getBytes(StandardCharsets.ISO_8859_1);
    byte[] vector = HexFormat.of().parseHex(VECTOR);
    byte[] pickle = Arrays.copyOf(before, before.length + vector.length);
    System.arraycopy(vector, 0, pickle, before.length, vector.length);
    try (TensorFile file = TensorFile.open(write(zip(pickle, STORAGE)))) {
      assertThat(file.names()).containsExactly("w");
    }
  }

  @Test
  void theDictionaryOfTheWeightsIsFound() {
    Path file = resource("dictionaries.pth");
    try (TorchFile usual = TorchFile.open(file);
        TensorFile last = TensorFile.open(file, "model_state_dict")) {
      assertThat(usual.dictionary()).isEqualTo("ema.module");
      checkValues(last, 1);
    }
    assertThatThrownBy(() -> TorchFile.open(file, "ema").close())
        .isInstanceOf(UserException.class)
        .hasMessageContaining("known are ")
        .hasMessageContaining("model_state_dict, ema.module");
  }

  @ParameterizedTest
  @ValueSource(strings = {"whole.pth", "inside.pth"})
  void aWholeModuleIsNamed(String name) {
    assertThatThrownBy(() -> TorchFile.open(resource(name)).close())
        .isInstanceOf(UserException.class)
        .hasMessageContaining("state_dict() instead");
  }

  @Test
  void aFlippedBitOfAStorageIsSeen() throws IOException {
    byte[] whole = zip(HexFormat.of().parseHex(VECTOR), STORAGE);
    int at = new String(whole, StandardCharsets.ISO_8859_1).indexOf("\0\0\u0080?\0\0\0@");
    byte[] flipped = whole.clone();
    flipped[at + 5] ^= 4;
    refused(flipped, "the checksum of its entry net/data/0 is wrong");
    int name = new String(whole, StandardCharsets.ISO_8859_1).indexOf("cpuq");
    byte[] pickle = whole.clone();
    pickle[name] ^= 4;
    refused(pickle, "the checksum of its entry net/data.pkl is wrong");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "module. | ",
        "_orig_mod.module. | ",
        "model. | ",
        "net.backbone. | ",
        "backbone. | head.weight",
        "module.encoder. | head.weight"
      })
  void prefixesAreDroppedWhateverTheFormat(String prefix, String plain) {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    for (String name :
        List.of("patch_embed.proj.weight", "blocks.0.w", "pos_embed", "head.weight")) {
      tensors.put(name.equals(plain) ? name : prefix + name, torch.ones(1));
    }
    tensors.put("optimizer/x", torch.ones(1)); // lies beside
    Path file = folder.resolve("prefixed.safetensors");
    Safetensors.write(file, tensors, Map.of());
    try (TensorFile opened = TensorFile.open(file)) {
      assertThat(opened.names())
          .containsExactlyInAnyOrder(
              "patch_embed.proj.weight", "blocks.0.w", "pos_embed", "head.weight", "optimizer/x");
      assertThat(Memory.doubles(opened.read("blocks.0.w"))).containsExactly(1);
    }
  }

  @Test
  void prefixesThatHideTwoTensorsOfOneNameAreRefused() {
    Path file = folder.resolve("twice.safetensors");
    Safetensors.write(file, Map.of("a.w", torch.ones(1), "module.a.w", torch.ones(1)), Map.of());
    assertThatThrownBy(() -> TensorFile.open(file).close())
        .isInstanceOf(UserException.class)
        .hasMessageContaining("two tensors are called");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "version https://git-lfs.github.com/spec/v1 oid sha256:0 size 9 | Git LFS pointer",
        "<!DOCTYPE html><html>not found</html> | web page",
        "Entry not found | a text",
        "{'error': 'denied'} | a text",
        "GGUFxxxx | GGUF"
      })
  void whatIsNoWeightsIsNamed(String content, String what) throws IOException {
    Path file = Files.writeString(folder.resolve("w.safetensors"), content);
    assertThatThrownBy(() -> TensorFile.open(file).close())
        .isInstanceOf(UserException.class)
        .hasMessageContaining(what)
        .message()
        .doesNotContain("\n");
  }

  @ParameterizedTest
  @CsvSource({
    "80022e, takes a value that is not there",
    "8002282e, takes a value that is not there",
    "8002747d2e, closes a group that was not opened",
    "80026800, 'refers to value 0, not yet read'",
    "8002500a, the instruction 0x50",
    "80ff, pickle protocol 255",
    "8002580000000f, a text of 251658240 bytes is announced where 0 are left",
    "80025d2e, holds no dictionary of tensors",
    "80027d2e, there are no tensors in it",
    "80027d7d732e, takes a value that is not there",
    "80027d4e4e4e87652e, closes a group",
    "80027d284b01752e, a key without a value",
    "80024b0151, names a storage wrongly",
    "80024b0163610a620a85522e, calls what is no function",
    "800263610a620a4b01522e, calls a function without arguments",
    "8002637a, ends in the middle of a value",
    "800263746f7263680a53697a650a29522e, describes a tensor wrongly",
  })
  void aWrongPickleIsRefusedInOneLine(String hex, String message) throws IOException {
    refused(zip(HexFormat.of().parseHex(hex), STORAGE), message);
  }

  /** The vector with other numbers in place of size (2, 2), stride (2, 1) or count. */
  @ParameterizedTest
  @CsvSource({
    "4b024b02867109, 4b024b03867109, 'tensor ''w'' of F32 [2, 3] reaches beyond its storage'",
    "4b024b0186710a, 4b034b0186710a, reaches beyond its storage of 16 bytes",
    "4b04747108, 4a040000ff747108, names a storage wrongly",
    "514b004b02, 514b014b02, reaches beyond",
    "4b024b0186710a, 4b024b0185710a, describes a tensor wrongly",
    "4b024b02867109, 4b024affffff80867109, a negative size",
    "466c6f6174, 4672656e63, is not read",
  })
  void aTensorThatItsStorageCannotHoldIsRefused(String was, String is, String message)
      throws IOException {
    String changed = VECTOR.replace(was, is.replace(" ", ""));
    assertThat(changed).isNotEqualTo(VECTOR);
    refused(zip(HexFormat.of().parseHex(changed), STORAGE), message);
  }

  /** 2^62 elements by stride 0 over a storage of 4: what is described is not what is there. */
  @Test
  void strideZeroCannotBlowUpATensor() throws IOException {
    String huge = "8a080000000000000040"; // LONG1 2^62
    String million = "4a40420f00";
    String zero = "4b004b0086710a";
    String one = VECTOR.replace("4b024b0186710a", zero);
    refused(
        zip(HexFormat.of().parseHex(one.replace("4b024b02867109", huge + "4b02867109")), STORAGE),
        "impossible shape");
    refused(
        zip(
            HexFormat.of().parseHex(one.replace("4b024b02867109", million + million + "867109")),
            STORAGE),
        "far larger than the file");
  }

  @Test
  void archivesThatAreNotOfTorchSaveAreRefused() throws IOException {
    byte[] pickle = HexFormat.of().parseHex(VECTOR);
    refused(zip(entries(pickle, new byte[1000]), ZipEntry.DEFLATED), "compressed");
    refused(zip(Map.of("a", pickle), ZipEntry.STORED), "0 entries data.pkl");
    refused(
        zip(Map.of("a/data.pkl", pickle, "b/data.pkl", pickle), ZipEntry.STORED),
        "2 entries data.pkl");
    refused(
        zip(Map.of("a/data.pkl", pickle, "a/constants.pkl", pickle), ZipEntry.STORED),
        "TorchScript");
    Map<String, byte[]> big = entries(pickle, STORAGE);
    big.put("net/byteorder", "big".getBytes(StandardCharsets.US_ASCII));
    refused(zip(big, ZipEntry.STORED), "not little-endian");
    Map<String, byte[]> without = entries(pickle, STORAGE);
    without.remove("net/data/0");
    refused(zip(without, ZipEntry.STORED), "a storage that is not there");
    refused(zip(pickle, new byte[15]), "reaches beyond its storage of 15 bytes");
    byte[] whole = zip(pickle, STORAGE);
    refused(Arrays.copyOf(whole, whole.length / 2), "not a valid PyTorch file");
  }

  @Test
  void theTarFormatOfTheFirstYearsIsNamed() throws IOException {
    byte[] tar = new byte[1024];
    byte[] mark = "ustar".getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(mark, 0, tar, 257, mark.length);
    Path file = write(tar);
    assertThatThrownBy(() -> TensorFile.open(file).close())
        .isInstanceOf(UserException.class)
        .hasMessageContaining("tar format");
  }

  /** Dictionaries by the million, one byte each: memory is bounded by the size of the file. */
  @Test
  void aFloodOfEmptyObjectsIsRefused() throws IOException {
    byte[] pickle = new byte[3_000_000];
    Arrays.fill(pickle, (byte) '}');
    refused(zip(pickle, STORAGE), "describes more than the file can hold");
    Arrays.fill(pickle, (byte) '(');
    refused(zip(pickle, STORAGE), "describes more than the file can hold");
  }

  @Test
  void safetensorsAreToldApart() {
    Path file = folder.resolve("a.safetensors");
    Safetensors.write(file, Map.of(), Map.of("note", "kept"));
    try (TensorFile opened = TensorFile.open(file)) {
      assertThat(opened).isInstanceOf(Safetensors.class);
      assertThat(opened.metadata()).containsEntry("note", "kept");
    }
    assertThatThrownBy(() -> TensorFile.open(file, "state_dict").close())
        .isInstanceOf(UserException.class)
        .hasMessageContaining("no PyTorch checkpoint");
    assertThatThrownBy(() -> TensorFile.open(folder.resolve("none.pth")).close())
        .isInstanceOf(UserException.class)
        .hasMessageContaining("no such file");
  }

  private void refused(byte[] bytes, String message) throws IOException {
    Path file = write(bytes);
    assertThatThrownBy(
            () -> {
              try (TensorFile opened = TorchFile.open(file)) {
                opened.names().forEach(opened::read);
              }
            })
        .isInstanceOf(UserException.class)
        .hasMessageContaining(message)
        .hasMessageContaining(file.toString())
        .message()
        .doesNotContain("\n");
  }
}
