package org.kat4j.task.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kat4j.data.Stripes;
import org.kat4j.error.UserException;
import org.kat4j.model.ImageModel;
import org.kat4j.model.Model;
import org.kat4j.torch.Context;
import org.kat4j.torch.Host;

class PredictionTest {
  @TempDir private Path folder = Path.of("");
  private Path image = Path.of("");
  private final InputDescription input = InputDescription.of(new Stripes(4, 0));

  @BeforeEach
  void drawAnImage() throws IOException {
    Host.setThreads(1); // one image is too little work for several threads
    image = folder.resolve("image.png");
    var pixels = new BufferedImage(40, 30, BufferedImage.TYPE_INT_RGB);
    for (int x = 0; x < 40; x++) {
      pixels.setRGB(x, x % 30, 0xffffff);
    }
    ImageIO.write(pixels, "png", image.toFile());
  }

  @Test
  void probabilitiesSumToOneBestFirst() {
    Model model = ImageModel.Spec.named("kat_nano").withInput(28, 1, 4).build(Context.cpu(5));
    List<Prediction> all = Prediction.of(model, input, image, 10);
    assertThat(all).hasSize(4);
    assertThat(all.stream().mapToDouble(Prediction::probability).sum())
        .isCloseTo(1, within(4.0 * Math.ulp(1f))); // four roundings to float32
    assertThat(all)
        .isSortedAccordingTo(Comparator.comparingDouble(Prediction::probability).reversed());
    assertThat(all.stream().map(Prediction::label))
        .containsExactlyInAnyOrderElementsOf(input.classNames());
    assertThat(Prediction.of(model, input, image, 2)).isEqualTo(all.subList(0, 2));
  }

  @Test
  void descriptionOfAnotherModelIsRefused() {
    Model five = ImageModel.Spec.named("kat_nano").withInput(28, 1, 5).build(Context.cpu(5));
    assertThatThrownBy(() -> Prediction.of(five, input, image, 1))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("4 classes")
        .hasMessageContaining("5");
  }
}
