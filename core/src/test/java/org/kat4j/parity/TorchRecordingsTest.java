package org.kat4j.parity;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.kat4j.torch.Safetensors;
import org.kat4j.torch.Scope;

/** PyTorch's layers recorded with other arguments than the files at hand have. */
class TorchRecordingsTest {
  @TempDir Path folder;

  private static Path recording(String name) throws URISyntaxException {
    String resource = "/golden/" + name + ".safetensors";
    return Path.of(requireNonNull(ParityTest.class.getResource(resource)).toURI());
  }

  /** PyTorch's default: the steps are the first axis, the batch is the second. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "06-torch-rnn",
        "06-torch-lstm",
        "06-torch-gru-bidirectional",
        "06-torch-mha",
        "06-torch-encoder-layer-prenorm"
      })
  void stepsFirst(String name) throws URISyntaxException {
    Path recorded = recording(name);
    Path turned = folder.resolve("turned.safetensors");
    try (Scope _ = Scope.open();
        Safetensors source = Safetensors.open(recorded)) {
      Map<String, Tensor> tensors = new LinkedHashMap<>();
      for (String tensor : source.names()) {
        Tensor value = source.read(tensor);
        boolean ofSteps =
            tensor.matches(
                "output|weight\\.out|(output|weight\\.out)\\.y|(grad\\.)?input\\.(x|query)");
        tensors.put(tensor, ofSteps ? value.transpose(0, 1).contiguous() : value);
      }
      Map<String, String> metadata = new LinkedHashMap<>(source.metadata());
      metadata.computeIfPresent(
          "config",
          (_, config) -> config.replace("\"batch_first\": true", "\"batch_first\": false"));
      Safetensors.write(turned, tensors, metadata);
    }
    Parity.Result result = Parity.check(turned);
    assertThat(result.passed()).as(result.line()).isTrue();
  }

  /** A state of zeros, as a recording without h0 means it, gives other outputs: it is noticed. */
  @ParameterizedTest
  @ValueSource(strings = {"06-torch-rnn", "06-torch-lstm"})
  void withoutItsStateARecordingFails(String name) throws URISyntaxException {
    Path recorded = recording(name);
    Path without = folder.resolve("without.safetensors");
    try (Scope _ = Scope.open();
        Safetensors source = Safetensors.open(recorded)) {
      Map<String, Tensor> tensors = new LinkedHashMap<>();
      for (String tensor : source.names()) {
        if (!tensor.endsWith("input.h0")) {
          tensors.put(tensor, source.read(tensor));
        }
      }
      Safetensors.write(without, tensors, source.metadata());
    }
    assertThat(Parity.check(without).passed()).isFalse();
  }
}
