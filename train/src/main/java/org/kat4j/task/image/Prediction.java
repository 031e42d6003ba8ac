package org.kat4j.task.image;

import java.nio.file.Path;
import java.util.List;
import org.kat4j.model.Model;

/**
 * A class and how probable a model takes it to be.
 *
 * @param label name of the class
 * @param probability from 0 to 1
 */
public record Prediction(String label, double probability) {

  /** The most probable classes of an image file, best first. */
  public static List<Prediction> of(Model model, InputDescription input, Path image, int count) {
    Classifier classifier = new Classifier(model, input);
    List<float[]> one = List.of(classifier.pixels(image));
    return classifier.best(classifier.probabilities(one).getFirst(), count);
  }
}
