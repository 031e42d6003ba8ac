package org.kat4j.task;

import static org.kat4j.model.Weights.CLASSES;
import static org.kat4j.model.Weights.CROP;
import static org.kat4j.model.Weights.DEVIATION;
import static org.kat4j.model.Weights.MEAN;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.kat4j.data.ImageSet;
import org.kat4j.data.Normalization;
import org.kat4j.error.UserException;

/**
 * What a model's inputs and outputs mean; travels in the metadata of its weights.
 *
 * @param classNames name of each class, in the order of the logits
 * @param normalization how pixels become numbers
 * @param crop share of a scaled image's side that the input shows, timm's {@code crop_pct}: above
 *     0, at most 1
 */
public record InputDescription(List<String> classNames, Normalization normalization, double crop) {
  public InputDescription {
    if (!(crop > 0 && crop <= 1)) {
      throw new IllegalArgumentException("crop = " + crop + ": above 0, at most 1");
    }
  }

  /** Inputs that show as much of an image as fits. */
  public InputDescription(List<String> classNames, Normalization normalization) {
    this(classNames, normalization, 1);
  }

  public static InputDescription of(ImageSet images) {
    return new InputDescription(List.copyOf(images.classNames()), images.normalization());
  }

  /** Entries for the metadata of a weights file. */
  public Map<String, String> toMetadata() {
    Map<String, String> metadata = new LinkedHashMap<>();
    metadata.put(CLASSES, String.join("\n", classNames));
    metadata.put(MEAN, join(normalization.mean()));
    metadata.put(DEVIATION, join(normalization.std()));
    if (crop != 1) {
      metadata.put(CROP, Double.toString(crop));
    }
    return metadata;
  }

  /** Reads the entries back; {@code source} is named in errors. */
  public static InputDescription fromMetadata(Map<String, String> metadata, String source) {
    for (String key : List.of(CLASSES, MEAN, DEVIATION)) {
      if (!metadata.containsKey(key)) {
        throw new UserException(
            source
                + ": metadata '"
                + key
                + "' is missing: these weights do not say what their classes mean");
      }
    }
    List<String> classNames = List.of(metadata.getOrDefault(CLASSES, "").split("\n", -1));
    float[] mean = split(metadata, MEAN, source);
    float[] deviation = split(metadata, DEVIATION, source);
    double crop = crop(metadata, source);
    try {
      return new InputDescription(classNames, new Normalization(mean, deviation), crop);
    } catch (IllegalArgumentException broken) {
      throw new UserException(source + ": metadata: " + broken.getMessage(), broken);
    }
  }

  private static double crop(Map<String, String> metadata, String source) {
    try {
      return Double.parseDouble(metadata.getOrDefault(CROP, "1"));
    } catch (NumberFormatException broken) {
      throw new UserException(source + ": metadata '" + CROP + "' is no number", broken);
    }
  }

  private static String join(float[] values) {
    List<String> texts = new ArrayList<>();
    for (float value : values) {
      texts.add(Float.toString(value));
    }
    return String.join(",", texts);
  }

  private static float[] split(Map<String, String> metadata, String key, String source) {
    String[] texts = metadata.getOrDefault(key, "").split(",", -1);
    float[] values = new float[texts.length];
    try {
      for (int i = 0; i < values.length; i++) {
        values[i] = Float.parseFloat(texts[i]);
      }
    } catch (NumberFormatException broken) {
      throw new UserException(source + ": metadata '" + key + "' is no list of numbers", broken);
    }
    return values;
  }
}
