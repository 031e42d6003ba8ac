package org.kat4j.data;

import java.util.List;

/** Reads from another set; tests change what they are about. */
class DelegatingSet implements ImageSet {
  private final ImageSet set;

  DelegatingSet(ImageSet set) {
    this.set = set;
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
  public Normalization normalization() {
    return set.normalization();
  }
}
