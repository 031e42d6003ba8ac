package org.kat4j.data;

import java.util.function.IntPredicate;
import org.kat4j.error.UserException;

/** A set some of whose files are broken and left out. */
public final class PartlyBroken extends DelegatingSet {
  private final IntPredicate broken;

  /**
   * @param set the sound images
   * @param broken which of them are not
   */
  public PartlyBroken(ImageSet set, IntPredicate broken) {
    super(set);
    this.broken = broken;
  }

  @Override
  public void read(int index, byte[] target, int offset) {
    if (broken.test(index)) {
      throw new SkippedImage(new UserException("broken"));
    }
    super.read(index, target, offset);
  }
}
