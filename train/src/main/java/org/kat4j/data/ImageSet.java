package org.kat4j.data;

import java.util.List;

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
   */
  void read(int index, byte[] target, int offset);

  /** The mean and standard deviation with which the pixels of this set are normalised. */
  Normalization normalization();
}
