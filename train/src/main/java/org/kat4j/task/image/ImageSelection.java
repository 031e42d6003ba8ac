package org.kat4j.task.image;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.kat4j.config.Check;
import org.kat4j.data.FolderReading;
import org.kat4j.data.ImageData;
import org.kat4j.data.ImageSources;
import org.kat4j.data.Normalization;
import org.kat4j.image.EvaluationTransform;
import org.kat4j.image.Resampling;

/**
 * Which images, and how they are read.
 *
 * @param name strokes, mnist, fashion-mnist, cifar10 or an image folder
 * @param imageSize pixels that images of a folder are brought to, 0 for the set's own size
 * @param holdOut share of the training images that is kept back to validate on, 0 to validate on
 *     the set's second split
 * @param cropPct share of the scaled side that is kept at evaluation, for images of a folder
 * @param interpolation filter of that scaling
 * @param upright whether JPEGs of a folder are turned as their EXIF orientation says
 * @param maxBroken broken files of a folder that are left out before one more ends the run
 * @param normalization {@code set} for the set's own mean and deviation, or means, a slash and
 *     deviations: {@code 0.5,0.5,0.5/0.25,0.25,0.25}
 */
public record ImageSelection(
    String name,
    int imageSize,
    double holdOut,
    double cropPct,
    Resampling interpolation,
    boolean upright,
    int maxBroken,
    String normalization) {
  private static final String OF_SET = "set";

  public ImageSelection {
    Check.between("imageSize", imageSize, 0, 8192);
    Check.inRange("holdOut", holdOut, 0, 1);
    new EvaluationTransform(cropPct, interpolation); // checks the share
    Check.between("maxBroken", maxBroken, 0, Integer.MAX_VALUE);
    if (!normalization.equals(OF_SET)) {
      try {
        Normalization.parse(normalization);
      } catch (IllegalArgumentException wrong) {
        throw new IllegalArgumentException(
            "normalization = " + wrong.getMessage() + ", or " + OF_SET, wrong);
      }
    }
  }

  /** A set as it is. */
  public static ImageSelection of(String name) {
    return new ImageSelection(name, 0, 0, 1, Resampling.BICUBIC, false, 0, OF_SET);
  }

  /** The same images, their pixels normalised in another way. */
  ImageSelection withNormalization(Normalization other) {
    return new ImageSelection(
        name, imageSize, holdOut, cropPct, interpolation, upright, maxBroken, other.text());
  }

  /**
   * Opens the images.
   *
   * @param root folder with the files of published sets, null to look in the cache only
   */
  public ImageData open(@Nullable Path root) {
    ImageData images = ImageSources.openWith(reading(), name, root);
    return normalization.equals(OF_SET)
        ? images
        : images.normalized(Normalization.parse(normalization));
  }

  private FolderReading reading() {
    return new FolderReading(
        imageSize, new EvaluationTransform(cropPct, interpolation, upright), maxBroken);
  }
}
