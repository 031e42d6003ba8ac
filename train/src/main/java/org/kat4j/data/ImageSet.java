package org.kat4j.data;

import java.util.List;
import org.kat4j.image.EvaluationTransform;
import org.kat4j.image.Picture;

/**
 * Labelled images of one size: uint8 pixels, channels first.
 *
 * <p>A set is immutable and may be read from several threads at once.
 */
public interface ImageSet {

  /** Number of images. */
  int size();

  /** Names of the classes; the label of an image is a position in this list. */
  List<String> classNames();

  /** 1 (grey) or 3 (red, green, blue). */
  int channels();

  /** Rows of every image, in pixels. */
  int height();

  /** Columns of every image, in pixels. */
  int width();

  /** Class of image {@code index}, in {@code [0, classNames().size())}. */
  int label(int index);

  /**
   * Writes image {@code index} as {@code [channels, height, width]} into {@code target} from {@code
   * offset} on; may decode a file.
   *
   * @throws org.kat4j.error.UserException if the file of the image turns out to be corrupt
   * @throws SkippedImage if it does, and such images are to be left out
   */
  void read(int index, byte[] target, int offset);

  /**
   * Image {@code index} as a random crop sees it: whole, before it is brought to the size of the
   * set. The picture belongs to the caller.
   */
  default Picture picture(int index) {
    byte[] pixels = new byte[channels() * height() * width()];
    read(index, pixels, 0);
    return new Picture(channels(), height(), width(), pixels);
  }

  /** How {@link #read} brings images to the size of the set. */
  default EvaluationTransform transform() {
    return EvaluationTransform.WHOLE;
  }

  /** Whether images are decoded at every read, which is work for several threads. */
  default boolean isDecoded() {
    return false;
  }

  /** The mean and standard deviation with which the pixels of this set are normalised. */
  Normalization normalization();
}
