package org.kat4j.task.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.kat4j.data.FolderReading;
import org.kat4j.data.ImageFolder;
import org.kat4j.data.ImageSet;
import org.kat4j.data.Normalization;
import org.kat4j.error.UserException;
import org.kat4j.image.EvaluationTransform;
import org.kat4j.image.JpegSegments;
import org.kat4j.image.Resampling;
import org.kat4j.model.ImageModel;
import org.kat4j.model.Model;
import org.kat4j.task.Measure;
import org.kat4j.task.Scores;
import org.kat4j.torch.Context;
import org.kat4j.torch.Precision;

class ClassifierTest {
  @TempDir private Path folder;

  /** A camera's portrait, stored lying: predicted as it was learned, turned or not. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void picturesAreTreatedAsInTraining(boolean upright) throws IOException {
    Path file = folder.resolve("train/only/portrait.jpg");
    for (Path path : new Path[] {file, folder.resolve("val/only/portrait.jpg")}) {
      Files.createDirectories(path.getParent());
      Files.write(path, portrait());
    }
    var transform = new EvaluationTransform(0.9, Resampling.BILINEAR, upright);
    ImageSet learned = ImageFolder.open(folder, new FolderReading(16, transform, 0), 3).train();
    byte[] expected = new byte[3 * 16 * 16];
    learned.read(0, expected, 0);

    InputDescription input =
        InputDescription.fromMetadata(InputDescription.of(learned).toMetadata(), "file");
    Model model = ImageModel.Spec.named("vit_nano").withInput(16, 3, 1).build(Context.cpu(1));
    var classifier = new Classifier(model, input);
    float[] seen = learned.normalization().normalized(expected);
    assertThat(classifier.pixels(file)).isEqualTo(seen);
    assertThat(classifier.pixels(portrait(), "body")).isEqualTo(seen);
    boolean leftIsBright = seen[8 * 16 + 2] > seen[8 * 16 + 13];
    assertThat(leftIsBright).isEqualTo(!upright); // turned by 90 degrees left becomes up
  }

  @Test
  void computesInTheAskedPrecision() {
    Model model = ImageModel.Spec.named("kat_nano").withInput(16, 1, 10).build(Context.cpu(1));
    float[] gray = {0.5f};
    List<String> names = IntStream.range(0, 10).mapToObj("c%d"::formatted).toList();
    var input = new InputDescription(names, new Normalization(gray, gray));
    float[] image = new float[16 * 16];
    for (int i = 0; i < image.length; i++) {
      image[i] = i % 7 - 3;
    }
    double[] exact = new Classifier(model, input).probabilities(List.of(image)).getFirst();
    double[] rounded =
        new Classifier(model, input, Precision.BFLOAT16).probabilities(List.of(image)).getFirst();
    assertThat(rounded).isNotEqualTo(exact).containsExactly(exact, within(0.02));
    assertThat(Arrays.stream(rounded).sum()).isCloseTo(1, within(1e-6)); // softmax is not rounded
    assertThatThrownBy(() -> new Classifier(model, input, Precision.FLOAT16))
        .isInstanceOf(UserException.class)
        .hasMessage("precision float16 on cpu: a GPU only; float32 or bfloat16");
  }

  /** Bright on the left as stored, to be turned clockwise. */
  private static byte[] portrait() throws IOException {
    var image = new BufferedImage(40, 24, BufferedImage.TYPE_INT_RGB);
    for (int i = 0; i < 40 * 24; i++) {
      image.setRGB(i % 40, i / 40, i % 40 < 20 ? 0xffffff : 0);
    }
    var bytes = new ByteArrayOutputStream();
    ImageIO.write(image, "jpeg", bytes);
    return JpegSegments.with(bytes.toByteArray(), 0xe1, JpegSegments.exif(6, true));
  }

  /** NaN would otherwise be sorted before every probability, and printed. */
  @Test
  void noNumberIsNoAnswer() {
    Model model = ImageModel.Spec.named("vit_nano").withInput(16, 3, 2).build(Context.cpu(1));
    float[] half = {.5f, .5f, .5f};
    var classifier =
        new Classifier(
            model, new InputDescription(List.of("a", "b"), new Normalization(half, half)));
    for (double[] bad : new double[][] {{Double.NaN, 1}, {0, Double.POSITIVE_INFINITY}}) {
      assertThat(Classifier.areNumbers(bad)).isFalse();
      assertThatThrownBy(() -> classifier.best(bad, 1))
          .isInstanceOf(UserException.class)
          .hasMessageContaining("no number");
    }
    SequencedMap<Measure, Double> dead = new LinkedHashMap<>(Map.of(ImageMeter.LOSS, Double.NaN));
    assertThatThrownBy(() -> new Scores(dead, Optional.empty()).requireNumbers())
        .isInstanceOf(UserException.class)
        .hasMessageContaining("no number");
  }
}
