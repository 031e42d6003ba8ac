package org.kat4j.task;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.error.UserException;
import org.kat4j.image.ImageReading;
import org.kat4j.image.Picture;
import org.kat4j.model.Model;
import org.kat4j.torch.Losses;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;

/**
 * A model together with what its inputs and outputs mean: from images to probabilities of classes.
 *
 * <p>Images may be made into inputs by many threads at once; the model itself is used by one at a
 * time.
 */
public final class Classifier {
  private final Model model;
  private final InputDescription input;
  private final Tensor anyWeight; // tells device and dtype

  /**
   * @throws UserException when the description is of another model
   */
  public Classifier(Model model, InputDescription input) {
    this.model = model;
    this.input = input;
    Model.Spec spec = model.spec();
    int classes = input.classNames().size();
    int channels = input.normalization().mean().length;
    if (classes != spec.classes() || channels != spec.channels()) {
      throw new UserException(
          "these weights describe %d classes and %d channels, their model has %d and %d"
              .formatted(classes, channels, spec.classes(), spec.channels()));
    }
    anyWeight = StateDict.of(model).firstEntry().getValue();
  }

  /** The model. */
  public Model model() {
    return model;
  }

  /**
   * The input of an image file, made as the training's evaluation made it: {@code [channels, size,
   * size]}, normalised.
   */
  public float[] pixels(Path image) {
    return normalized(
        ImageReading.read(image, model.spec().channels(), input.transform().upright()));
  }

  /** The input of an image in memory; {@code where} names it in errors. */
  public float[] pixels(byte[] image, String where) {
    return normalized(
        ImageReading.decode(image, where, model.spec().channels(), input.transform().upright()));
  }

  private float[] normalized(Picture picture) {
    int side = model.spec().imageSize();
    return input.normalization().normalized(input.transform().apply(picture, side, side).pixels());
  }

  /** One batch through the model: the probabilities of the classes for each input. */
  public List<double[]> probabilities(List<float[]> inputs) {
    Model.Spec spec = model.spec();
    try (Scope _ = Scope.open();
        var _ = Scope.noGradients()) {
      Tensor batch =
          Memory.batch(anyWeight, inputs, spec.channels(), spec.imageSize(), spec.imageSize());
      double[] all = Memory.doubles(Losses.probabilities(model.forward(batch, Pass.evaluation())));
      List<double[]> rows = new ArrayList<>();
      for (int i = 0; i < inputs.size(); i++) {
        rows.add(Arrays.copyOfRange(all, i * spec.classes(), (i + 1) * spec.classes()));
      }
      return rows;
    }
  }

  /** The most probable classes by name, best first. */
  public List<Prediction> best(double[] probabilities, int count) {
    return IntStream.range(0, probabilities.length)
        .mapToObj(c -> new Prediction(input.classNames().get(c), probabilities[c]))
        .sorted(Comparator.comparingDouble(Prediction::probability).reversed())
        .limit(count)
        .toList();
  }
}
