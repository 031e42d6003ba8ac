package org.kat4j.data;

import org.kat4j.config.Check;
import org.kat4j.image.EvaluationTransform;

/**
 * How the images of a folder are read.
 *
 * @param size side of the square that images are brought to; 0 if all have one size already
 * @param transform how they are brought to it
 * @param maxBroken broken files that are left out before one more is an error
 */
public record FolderReading(int size, EvaluationTransform transform, int maxBroken) {
  public FolderReading {
    Check.between("image size", size, 0, 8192);
    Check.between("maxBroken", maxBroken, 0, Integer.MAX_VALUE);
  }

  /** At this size, nothing but the shape cut away, stored orientation, no broken file. */
  public static FolderReading at(int size) {
    return new FolderReading(size, EvaluationTransform.WHOLE, 0);
  }
}
