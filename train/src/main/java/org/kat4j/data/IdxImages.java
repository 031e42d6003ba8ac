package org.kat4j.data;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.kat4j.error.UserException;

/** Grey images and labels from a pair of IDX files, as MNIST and its relatives come. */
record IdxImages(Idx images, Idx labels) {

  /**
   * Reads one split.
   *
   * @param imagesSha256 expected checksum of the unpacked images file, or null
   * @param labelsSha256 expected checksum of the unpacked labels file, or null
   * @throws UserException naming the file that is wrong
   */
  static IdxImages read(
      Path imagesFile,
      Path labelsFile,
      @Nullable String imagesSha256,
      @Nullable String labelsSha256) {
    Idx images = Idx.read(imagesFile, 3, imagesSha256);
    Idx labels = Idx.read(labelsFile, 1, labelsSha256);
    if (images.shape()[0] != labels.shape()[0]) {
      throw new UserException(
          "%s: %d labels for the %d images of %s"
              .formatted(labelsFile, labels.shape()[0], images.shape()[0], imagesFile));
    }
    return new IdxImages(images, labels);
  }

  /**
   * These images as a set with the given classes.
   *
   * @param labelsFile named in the error when a label lies outside the classes
   */
  ImageSet toSet(List<String> classNames, Normalization normalization, Path labelsFile) {
    byte[] label = labels.data();
    for (int i = 0; i < label.length; i++) {
      if (Byte.toUnsignedInt(label[i]) >= classNames.size()) {
        throw new UserException(
            "%s: label %d of image %d is not one of the %d classes"
                .formatted(labelsFile, Byte.toUnsignedInt(label[i]), i, classNames.size()));
      }
    }
    int[] shape = images.shape();
    return new MemoryImages(classNames, 1, shape[1], shape[2], images.data(), label, normalization);
  }

  /** Mean and standard deviation of these images. */
  Normalization normalization() {
    return Normalization.of(images.data(), 1, images.shape()[1] * images.shape()[2]);
  }

  /** Class names "0", "1", … up to the largest label. */
  List<String> numberedClasses() {
    int largest = 0;
    for (byte label : labels.data()) {
      largest = Math.max(largest, Byte.toUnsignedInt(label));
    }
    return IntStream.rangeClosed(0, largest).mapToObj(Integer::toString).toList();
  }
}
