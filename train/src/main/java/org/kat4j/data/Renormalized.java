package org.kat4j.data;

import java.util.List;
import org.kat4j.error.UserException;
import org.kat4j.image.EvaluationTransform;
import org.kat4j.image.Picture;

/**
 * Another set whose pixels are normalised in another way.
 *
 * @param set the other set
 * @param normalization one mean and deviation for each of its channels
 */
record Renormalized(ImageSet set, Normalization normalization) implements ImageSet {
  Renormalized {
    int given = normalization.mean().length;
    if (given != set.channels()) {
      throw new UserException(
          "the normalisation has %d means, the images have %d channels: set data.normalization"
              .formatted(given, set.channels()));
    }
  }

  @Override
  public int size() {
    return set.size();
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
    return set.label(index);
  }

  @Override
  public void read(int index, byte[] target, int offset) {
    set.read(index, target, offset);
  }

  @Override
  public Picture picture(int index) {
    return set.picture(index);
  }

  @Override
  public EvaluationTransform transform() {
    return set.transform();
  }

  @Override
  public boolean isDecoded() {
    return set.isDecoded();
  }
}
