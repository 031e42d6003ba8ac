package org.kat4j.task.image;

import static org.kat4j.model.Weights.CLASSES;
import static org.kat4j.model.Weights.CROP_PCT;
import static org.kat4j.model.Weights.DEVIATION;
import static org.kat4j.model.Weights.INTERPOLATION;
import static org.kat4j.model.Weights.MEAN;
import static org.kat4j.model.Weights.UPRIGHT;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.kat4j.data.ImageSet;
import org.kat4j.data.Normalization;
import org.kat4j.error.UserException;
import org.kat4j.image.EvaluationTransform;
import org.kat4j.image.Resampling;
import org.kat4j.model.ClassNames;

/**
 * What a model's inputs and outputs mean; travels in the metadata of its weights.
 *
 * @param classNames name of each class, in the order of the logits
 * @param normalization how pixels become numbers
 * @param transform how pictures are brought to the size of the input
 */
public record InputDescription(
    List<String> classNames, Normalization normalization, EvaluationTransform transform) {

  /** Pictures of which nothing but the shape is cut away. */
  public InputDescription(List<String> classNames, Normalization normalization) {
    this(classNames, normalization, EvaluationTransform.WHOLE);
  }

  public static InputDescription of(ImageSet images) {
    return new InputDescription(
        List.copyOf(images.classNames()), images.normalization(), images.transform());
  }

  /** Entries for the metadata of a weights file. */
  public Map<String, String> toMetadata() {
    Map<String, String> metadata = new LinkedHashMap<>();
    metadata.put(CLASSES, ClassNames.toText(classNames));
    metadata.put(MEAN, join(normalization.mean()));
    metadata.put(DEVIATION, join(normalization.std()));
    metadata.put(CROP_PCT, Double.toString(transform.cropPct()));
    metadata.put(INTERPOLATION, transform.interpolation().name().toLowerCase(Locale.ROOT));
    metadata.put(UPRIGHT, Boolean.toString(transform.upright()));
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
    List<String> classNames = ClassNames.fromText(metadata.getOrDefault(CLASSES, ""));
    try {
      return new InputDescription(
          classNames, normalization(metadata, source).orElseThrow(), transform(metadata));
    } catch (IllegalArgumentException broken) {
      throw new UserException(source + ": metadata: " + broken.getMessage(), broken);
    }
  }

  /**
   * How pictures are brought to the size of the input; taken as they are stored, and nothing but
   * the shape cut away, where the metadata do not say.
   *
   * @throws IllegalArgumentException if they say something that cannot be
   */
  public static EvaluationTransform transform(Map<String, String> metadata) {
    double cropPct = Double.parseDouble(metadata.getOrDefault(CROP_PCT, "1"));
    String interpolation = metadata.getOrDefault(INTERPOLATION, "bicubic");
    return new EvaluationTransform(
        cropPct, resampling(interpolation), Boolean.parseBoolean(metadata.get(UPRIGHT)));
  }

  private static Resampling resampling(String name) {
    return Arrays.stream(Resampling.values())
        .filter(filter -> filter.name().equalsIgnoreCase(name))
        .findFirst()
        .orElseThrow(() ->
            new IllegalArgumentException(
                "interpolation = %s: one of %s is expected"
                    .formatted(
                        name,
                        Arrays.stream(Resampling.values())
                            .map(filter -> filter.name().toLowerCase(Locale.ROOT))
                            .collect(Collectors.joining(", ")))));
  }

  /** How pixels become numbers, where the metadata say it; {@code source} is named in errors. */
  public static Optional<Normalization> normalization(Map<String, String> metadata, String source) {
    if (!metadata.containsKey(MEAN) || !metadata.containsKey(DEVIATION)) {
      return Optional.empty();
    }
    float[] mean = split(metadata, MEAN, source);
    float[] deviation = split(metadata, DEVIATION, source);
    try {
      return Optional.of(new Normalization(mean, deviation));
    } catch (IllegalArgumentException broken) {
      throw new UserException(source + ": metadata: " + broken.getMessage(), broken);
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
