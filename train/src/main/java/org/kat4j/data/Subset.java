package org.kat4j.data;

import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.kat4j.error.UserException;
import org.kat4j.image.EvaluationTransform;
import org.kat4j.image.Picture;

/**
 * Some images of another set, in a given order, or all of them normalised in another way; pixels
 * are read from the other set.
 */
public final class Subset implements ImageSet {
  private final ImageSet set;
  private final int[] indices;
  private final Normalization normalization;

  /**
   * @param set where the images are read from
   * @param indices positions in {@code set}
   * @throws IndexOutOfBoundsException if a position lies outside the set
   */
  public Subset(ImageSet set, int[] indices) {
    this(set, indices, set.normalization());
  }

  private Subset(ImageSet set, int[] indices, Normalization normalization) {
    for (int index : indices) {
      Objects.checkIndex(index, set.size());
    }
    this.set = set;
    this.indices = indices.clone();
    this.normalization = normalization;
  }

  /**
   * All images of a set, their pixels normalised in another way.
   *
   * @param normalization one mean and deviation for each channel
   * @throws UserException if there are more or fewer
   */
  public static ImageSet normalized(ImageSet set, Normalization normalization) {
    int given = normalization.mean().length;
    if (given != set.channels()) {
      throw new UserException(
          "the normalisation has %d means, the images have %d channels: set task.data.normalization"
              .formatted(given, set.channels()));
    }
    return new Subset(set, IntStream.range(0, set.size()).toArray(), normalization);
  }

  /**
   * The first {@code count} images.
   *
   * @throws UserException if the set has fewer
   */
  public static ImageSet first(ImageSet set, int count) {
    if (count < 1 || count > set.size()) {
      throw new UserException(
          "the first %d images were asked for: give a number from 1 to %d"
              .formatted(count, set.size()));
    }
    return new Subset(set, IntStream.range(0, count).toArray());
  }

  @Override
  public int size() {
    return indices.length;
  }

  @Override
  public List<String> classNames() {
    return set.classNames();
  }

  @Override
  public int channels() {
    return set.channels();
  }

  @Override
  public int height() {
    return set.height();
  }

  @Override
  public int width() {
    return set.width();
  }

  @Override
  public int label(int index) {
    return set.label(indices[index]);
  }

  @Override
  public void read(int index, byte[] target, int offset) {
    set.read(indices[index], target, offset);
  }

  @Override
  public Picture picture(int index) {
    return set.picture(indices[index]);
  }

  @Override
  public EvaluationTransform transform() {
    return set.transform();
  }

  @Override
  public boolean isDecoded() {
    return set.isDecoded();
  }

  @Override
  public Normalization normalization() {
    return normalization;
  }
}
