package org.kat4j.data;

import java.util.List;
import java.util.function.IntPredicate;
import org.kat4j.error.UserException;

/**
 * A set some of whose files are broken and left out.
 *
 * @param set the sound images
 * @param broken which of them are not
 */
public record PartlyBroken(ImageSet set, IntPredicate broken) implements ImageSet {
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
    if (broken.test(index)) {
      throw new SkippedImage(new UserException("broken"));
    }
    set.read(index, target, offset);
  }

  @Override
  public Normalization normalization() {
    return set.normalization();
  }
}
