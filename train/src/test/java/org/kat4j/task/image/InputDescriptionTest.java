package org.kat4j.task.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.kat4j.data.Normalization;
import org.kat4j.error.UserException;
import org.kat4j.image.EvaluationTransform;
import org.kat4j.image.Resampling;

class InputDescriptionTest {
  private static final InputDescription INPUT =
      new InputDescription(
          List.of("T-shirt/top", "a, b", "ü"),
          new Normalization(new float[] {0.1f, 0.2f, 1 / 3f}, new float[] {1, 2e-5f, 3}),
          new EvaluationTransform(0.875, Resampling.BILINEAR, true));

  @Test
  void comesBackFromMetadata() {
    assertThat(InputDescription.fromMetadata(INPUT.toMetadata(), "file")).isEqualTo(INPUT);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          kat4j.mean | 1,x,3   | no list of numbers
          kat4j.mean | ''      | no list of numbers
          kat4j.mean | 1,2     | one value per channel
          kat4j.std  | 1,0,1   | positive
          kat4j.std  | 1,NaN,1 | positive
          kat4j.crop_pct | 2   | at most 1
          kat4j.crop_pct | all | all
          kat4j.interpolation | cubic | interpolation = cubic: one of
          """)
  void brokenMetadataNameTheFile(String key, String value, String message) {
    Map<String, String> metadata = INPUT.toMetadata();
    metadata.put(key, value);
    assertThatThrownBy(() -> InputDescription.fromMetadata(metadata, "w.safetensors"))
        .isInstanceOf(UserException.class)
        .hasMessageStartingWith("w.safetensors: ")
        .hasMessageContaining(message);
  }

  @Test
  void missingMetadataNameTheKey() {
    Map<String, String> metadata = INPUT.toMetadata();
    metadata.remove("kat4j.classes");
    assertThatThrownBy(() -> InputDescription.fromMetadata(metadata, "w.safetensors"))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("w.safetensors: metadata 'kat4j.classes' is missing");
  }
}
