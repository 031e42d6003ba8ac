package org.kat4j.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.kat4j.parity.Parity;

/** What Pillow and timm made of the recorded images. The large files are cut to fewer outputs. */
class RecordedPicturesTest {
  @ParameterizedTest
  @ValueSource(
      strings = {"00-timm-preprocess-png", "00-timm-preprocess-jpeg", "00-timm-randaugment"})
  void equalsTheRecording(String name) throws URISyntaxException {
    String resource = "/golden/" + name + ".safetensors";
    Path file =
        Path.of(Objects.requireNonNull(RecordedPicturesTest.class.getResource(resource)).toURI());
    Parity.Result result = Parity.check(file);
    assertThat(result.passed()).as(result.line()).isTrue();
    assertThat(result.compared()).isGreaterThanOrEqualTo(2);
  }
}
