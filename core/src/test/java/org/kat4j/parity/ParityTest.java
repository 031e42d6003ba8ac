package org.kat4j.parity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.kat4j.error.UserException;
import org.kat4j.torch.Host;
import org.kat4j.torch.Safetensors;
import org.kat4j.torch.Scope;

/** Every golden file of the test resources passes, and the check itself can fail. */
class ParityTest {
  @TempDir Path folder;

  static List<Path> goldens() throws IOException, URISyntaxException {
    Path golden = Path.of(Objects.requireNonNull(ParityTest.class.getResource("/golden")).toURI());
    try (Stream<Path> files = Files.list(golden)) {
      return files.filter(f -> f.toString().endsWith(".safetensors")).sorted().toList();
    }
  }

  private static Path golden(String name) throws URISyntaxException {
    String resource = "/golden/" + name + ".safetensors";
    return Path.of(Objects.requireNonNull(ParityTest.class.getResource(resource)).toURI());
  }

  @ParameterizedTest
  @MethodSource("goldens")
  void equalsTheRecording(Path file) {
    Parity.Result result = Parity.check(file);
    assertThat(result.passed()).as(result.line()).isTrue();
    assertThat(result.compared()).isPositive();
  }

  /** qkan's p_dim = 2: outputs and inputs on one axis, the same numbers. */
  @Test
  void flatParametersOfQkanAreRead() throws URISyntaxException {
    Path flat = folder.resolve("flat.safetensors");
    try (Scope _ = Scope.open();
        Safetensors source = Safetensors.open(golden("23-qkan-layer-pz_encoding"))) {
      Map<String, Tensor> tensors = new LinkedHashMap<>();
      for (String name : source.names()) {
        Tensor tensor = source.read(name);
        boolean ofEdges =
            name.matches("(param|grad|buffer)\\.(theta|pre.*|post.*|base_weight|mask)");
        tensors.put(name, ofEdges ? tensor.flatten(0, 1) : tensor);
      }
      Safetensors.write(flat, tensors, source.metadata());
    }
    Parity.Result result = Parity.check(flat);
    assertThat(result.passed()).as(result.line()).isTrue();
    assertThat(result.compared()).isPositive();
  }

  /**
   * A recording that its adapter stumbles over has failed; the files after it are still checked.
   */
  @Test
  void whatAnAdapterThrowsIsAFailure() throws URISyntaxException {
    Path odd = folder.resolve("odd.safetensors");
    try (Scope _ = Scope.open();
        Safetensors source = Safetensors.open(golden("23-qkan-layer-pz_encoding"))) {
      Map<String, Tensor> tensors = new LinkedHashMap<>();
      source.names().forEach(name -> tensors.put(name, source.read(name)));
      tensors.put("input.x", source.read("input.x").flatten().narrow(0, 0, 7).contiguous());
      Safetensors.write(odd, tensors, source.metadata());
    }
    Parity.Result result = Parity.check(odd);
    assertThat(result.passed()).isFalse();
    assertThat(result.line()).startsWith("FAIL").doesNotContain("\n");
  }

  /** Errors as well as exceptions, whether the adapter falls over the question or the run. */
  @Test
  void anErrorOfAnAdapterIsAFailureToo() throws URISyntaxException {
    for (boolean whenAsked : List.of(true, false)) {
      ParityAdapter broken =
          new ParityAdapter() {
            @Override
            public boolean covers(Golden golden) {
              if (whenAsked) {
                throw new AssertionError("no such\nkey");
              }
              return true;
            }

            @Override
            public void run(Golden golden, Comparison comparison) {
              throw new StackOverflowError("too deep\nby far");
            }
          };
      Parity.Result result = Parity.check(golden("01-rational-1d"), List.of(broken));
      assertThat(result.passed()).isFalse();
      assertThat(result.line())
          .startsWith("FAIL  01-rational-1d ")
          .contains(whenAsked ? "no such" : "too deep")
          .doesNotContain("\n");
    }
  }

  @ParameterizedTest
  @MethodSource("recordedResults")
  void aChangedRecordingFails(String name, String tensor) throws URISyntaxException {
    Path changed = folder.resolve("changed.safetensors");
    rewrite(golden(name), changed, Map.of(tensor, 1e-3), null);
    Parity.Result result = Parity.check(changed);
    assertThat(result.passed()).isFalse();
    assertThat(result.worst()).contains(tensor);
    assertThat(result.line()).startsWith("FAIL").contains(tensor);
  }

  static List<Object[]> recordedResults() {
    return List.of(
        new Object[] {"01-rational-1d", "output"},
        new Object[] {"01-rational-2d", "grad.input.numerator"},
        new Object[] {"01-kat-group", "grad.weight_denominator"},
        new Object[] {"00-timm-optimizers", "output.ema1.weight"});
  }

  @Test
  void anUnknownSystemIsAFailureThatSaysSo() throws URISyntaxException {
    Path unknown = folder.resolve("99-unheard-of.safetensors");
    rewrite(golden("01-rational-1d"), unknown, Map.of(), "{\"cls\": \"nobody.Knows\"}");
    Parity.Result result = Parity.check(unknown);
    assertThat(result.passed()).isFalse();
    assertThat(result.compared()).isZero();
    assertThat(result.line()).isEqualTo("FAIL  99-unheard-of                    " + result.worst());
    assertThat(result.worst()).contains("no adapter knows this part");
  }

  @Test
  void aFileWithoutConfigIsNoGoldenFile() {
    Host.start();
    Path plain = folder.resolve("plain.safetensors");
    try (Scope _ = Scope.open()) {
      Safetensors.write(plain, Map.of("x", Tensor.create(new double[] {1})), Map.of());
    }
    assertThatThrownBy(() -> Parity.check(plain))
        .isInstanceOf(UserException.class)
        .hasMessage(plain + ": no golden file (its metadata have no 'config')");
  }

  /** Copies a file with some tensors moved by a relative amount and maybe another config. */
  private static void rewrite(
      Path from, Path to, Map<String, Double> moves, @Nullable String config) {
    Host.start();
    try (Scope _ = Scope.open();
        Safetensors source = Safetensors.open(from)) {
      Map<String, Tensor> tensors = new LinkedHashMap<>();
      for (String name : source.names()) {
        Tensor tensor = source.read(name);
        Double move = moves.get(name);
        tensors.put(name, move == null ? tensor : tensor.mul(new Scalar(1 + move)));
      }
      assertThat(tensors.keySet()).containsAll(moves.keySet());
      Map<String, String> metadata = new LinkedHashMap<>(source.metadata());
      if (config != null) {
        metadata.put("config", config);
      }
      Safetensors.write(to, tensors, metadata);
    }
  }
}
