package org.kat4j.data;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;
import org.kat4j.error.UserException;

/**
 * Images in the binary form of CIFAR-10, collected from one or more files.
 *
 * <p>A record is one byte of label and 3072 bytes of pixels: 1024 red, 1024 green, 1024 blue, each
 * 32 x 32 row-major.
 */
final class CifarRecords {
  private static final int PIXELS = 3 * Cifar10.SIDE * Cifar10.SIDE;
  private static final int RECORD = 1 + PIXELS;

  private final byte[] pixels;
  private final byte[] labels;
  private int filled;

  CifarRecords(int images) {
    this.pixels = new byte[images * PIXELS];
    this.labels = new byte[images];
  }

  /** The images of several files of equal length, in order. */
  static ImageSet files(List<Path> files, int imagesPerFile) {
    CifarRecords records = new CifarRecords(files.size() * imagesPerFile);
    for (int i = 0; i < files.size(); i++) {
      Path file = files.get(i);
      int first = i * imagesPerFile;
      DataFile.read(
          file,
          content -> {
            records.read(content, first, imagesPerFile, file);
            return records;
          });
    }
    return records.toSet();
  }

  /** The images of a file of any whole number of records, up to {@code most}. */
  static ImageSet partial(Path file, int most) {
    return DataFile.read(
        file,
        content -> {
          long bound = Math.min(DataFile.mostBytes(file), (long) most * RECORD);
          byte[] all = content.readNBytes((int) bound);
          if (all.length == 0 || all.length % RECORD != 0) {
            throw new UserException(
                "%s: %d bytes are not whole records of %d bytes; fetch it again"
                    .formatted(file, all.length, RECORD));
          }
          CifarRecords records = new CifarRecords(all.length / RECORD);
          for (int i = 0; i < records.labels.length; i++) {
            records.put(i, all, i * RECORD, file);
          }
          return records.toSet();
        });
  }

  /** Reads {@code count} records to the places from {@code first} on. */
  void read(InputStream content, int first, int count, Object where) throws IOException {
    for (int i = first; i < first + count; i++) {
      put(i, DataFile.exactly(content, RECORD), 0, where);
    }
  }

  private void put(int image, byte[] record, int offset, Object where) {
    int label = Byte.toUnsignedInt(record[offset]);
    if (label >= Cifar10.CLASS_NAMES.size()) {
      throw new UserException(
          "%s: label %d of image %d is not one of the 10 classes; fetch the file again"
              .formatted(where, label, image));
    }
    labels[image] = (byte) label;
    System.arraycopy(record, offset + 1, pixels, image * PIXELS, PIXELS);
    filled++;
  }

  /** All images, once every place is filled. */
  ImageSet toSet() {
    if (filled != labels.length) {
      throw new UserException(
          "CIFAR-10: only %d of %d images were found; fetch the files again"
              .formatted(filled, labels.length));
    }
    return new MemoryImages(
        Cifar10.CLASS_NAMES, 3, Cifar10.SIDE, Cifar10.SIDE, pixels, labels, Cifar10.NORMALIZATION);
  }
}
