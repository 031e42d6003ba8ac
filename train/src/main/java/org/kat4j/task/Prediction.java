package org.kat4j.task;

import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.error.UserException;
import org.kat4j.image.ImageReading;
import org.kat4j.model.Model;
import org.kat4j.torch.Losses;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;

/**
 * A class and how probable a model takes it to be.
 *
 * @param label name of the class
 * @param probability from 0 to 1
 */
public record Prediction(String label, double probability) {

  /** The most probable classes of an image file, best first. */
  public static List<Prediction> of(Model model, InputDescription input, Path image, int count) {
    Model.Spec spec = model.spec();
    List<String> names = input.classNames();
    if (names.size() != spec.classes() || input.normalization().mean().length != spec.channels()) {
      throw new UserException(
          "these weights describe " + names.size() + " classes, their model has " + spec.classes());
    }
    float[] pixels =
        normalized(
            input
                .transform()
                .apply(
                    ImageReading.read(image, spec.channels(), false),
                    spec.imageSize(),
                    spec.imageSize())
                .pixels(),
            input);
    try (Scope _ = Scope.open();
        var _ = Scope.noGradients()) {
      Tensor batch =
          Memory.like(
              StateDict.of(model).firstEntry().getValue(),
              pixels,
              1,
              spec.channels(),
              spec.imageSize(),
              spec.imageSize());
      double[] probabilities =
          Memory.doubles(Losses.probabilities(model.forward(batch, Pass.evaluation())));
      return IntStream.range(0, probabilities.length)
          .mapToObj(c -> new Prediction(names.get(c), probabilities[c]))
          .sorted(Comparator.comparingDouble(Prediction::probability).reversed())
          .limit(count)
          .toList();
    }
  }

  private static float[] normalized(byte[] image, InputDescription input) {
    float[] mean = input.normalization().mean();
    float[] deviation = input.normalization().std();
    float[] pixels = new float[image.length];
    int area = image.length / mean.length;
    for (int i = 0; i < image.length; i++) {
      int channel = i / area;
      pixels[i] = (Byte.toUnsignedInt(image[i]) / 255f - mean[channel]) / deviation[channel];
    }
    return pixels;
  }
}
