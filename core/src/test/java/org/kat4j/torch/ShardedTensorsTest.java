package org.kat4j.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.kat4j.error.UserException;

/** Weights in several files with an index, whole and damaged. */
class ShardedTensorsTest {
  private static final String INDEX =
      """
      {"metadata": {"total_size": 24},
       "weight_map": {"a.w": "m-00001-of-00002.safetensors", "b.w": "m-00002-of-00002.safetensors",
                      "a.v": "m-00001-of-00002.safetensors"}}\
      """;

  @TempDir Path folder;
  private final Scope scope = Scope.open();

  @BeforeEach
  void write() throws IOException {
    shard(1, Map.of("a.w", torch.ones(2), "a.v", torch.zeros(1, 2)));
    shard(2, Map.of("b.w", torch.ones(2).add_(torch.ones(2))));
    Files.writeString(index(), INDEX);
  }

  @AfterEach
  void close() {
    scope.close();
  }

  private Path index() {
    return folder.resolve("model.safetensors.index.json");
  }

  private void shard(int number, Map<String, Tensor> tensors) {
    Safetensors.write(
        folder.resolve("m-0000%d-of-00002.safetensors".formatted(number)), tensors, Map.of());
  }

  @Test
  void allFilesAreOne() {
    try (TensorFile file = TensorFile.open(index())) {
      assertThat(file.names()).containsExactlyInAnyOrder("a.w", "a.v", "b.w");
      assertThat(file.shape("a.v")).containsExactly(1, 2);
      assertThat(Memory.doubles(file.read("b.w"))).containsExactly(2, 2);
      assertThat(file.file()).isEqualTo(index());
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          "b.w": "m-00002-of-00002.safetensors" | "b.w": "../m.safetensors"                       | places tensor 'b.w' in '../m.safetensors', which is no plain name
          "b.w": "m-00002-of-00002.safetensors" | "b.w": "/etc/passwd"                            | no plain name of weights in this folder
          "b.w": "m-00002-of-00002.safetensors" | "b.w": "sub/m.safetensors"                      | no plain name
          "b.w": "m-00002-of-00002.safetensors" | "b.w": ".."                                     | no plain name
          "b.w": "m-00002-of-00002.safetensors" | "b.w": 2                                        | no plain name
          "b.w": "m-00002-of-00002.safetensors" | "b.w": "m-00003-of-00003.safetensors"           | 1 of its 2 files missing, m-00003-of-00003.safetensors first
          "b.w": "m-00002-of-00002.safetensors" | "b.w": "m-00001-of-00002.safetensors"           | it places tensor 'b.w' in m-00001-of-00002.safetensors, which has none
          "b.w": "m-00002-of-00002.safetensors" | "c.w": "m-00002-of-00002.safetensors"           | it places tensor 'c.w' in m-00002-of-00002.safetensors, which has none
          , "a.v": "m-00001-of-00002.safetensors" | ` `                                             | m-00001-of-00002.safetensors holds tensor 'a.v', which the index does not place there
          "b.w": "m-00002-of-00002.safetensors" | "b.w": "config.json"                            | no plain name
          "weight_map"                          | "weights"                                       | 'weight_map' is missing
          "a.w": "m-00001-of-00002.safetensors" | "a.w": "m-00001-of-00002.safetensors", "a.w": "m-00002-of-00002.safetensors" | Duplicate
          {"metadata"                           | ["metadata"                                     | not valid JSON
          """)
  void anIndexThatDoesNotFitIsRefusedInOneLine(String from, String to, String message)
      throws IOException {
    assertThat(INDEX.replaceAll("\\s+", " ")).contains(from);
    Files.writeString(index(), INDEX.replaceAll("\\s+", " ").replace(from, to));
    refused(message);
  }

  @Test
  void aMissingFileIsNamed() throws IOException {
    Files.delete(folder.resolve("m-00001-of-00002.safetensors"));
    refused("1 of its 2 files missing, m-00001-of-00002.safetensors first");
  }

  @Test
  void aTensorInTwoFilesIsNamed() {
    shard(2, Map.of("b.w", torch.ones(2), "a.w", torch.ones(2)));
    refused("m-00002-of-00002.safetensors holds tensor 'a.w', which the index does not place");
  }

  @Test
  void aDamagedFileIsNamed() throws IOException {
    Files.writeString(folder.resolve("m-00002-of-00002.safetensors"), "version https://git-lfs");
    assertThatThrownBy(() -> TensorFile.open(index()).close())
        .isInstanceOf(UserException.class)
        .hasMessageContaining("m-00002-of-00002.safetensors is a Git LFS pointer");
  }

  private void refused(String message) {
    assertThatThrownBy(() -> TensorFile.open(index()).close())
        .isInstanceOf(UserException.class)
        .hasMessageContaining(index().toString())
        .hasMessageContaining(message)
        .message()
        .doesNotContain("\n");
  }
}
