package org.kat4j.data;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.kat4j.error.UserException;

/** A user's folder with four files in IDX form, named as those of MNIST, gzipped or not. */
final class IdxFolder {
  private IdxFolder() {}

  /** Whether the folder is one; told by the training images. */
  static boolean matches(Path folder) {
    return find(folder, IdxSource.TRAIN_IMAGES).isPresent();
  }

  /** Opens the folder; the classes are numbered, the normalisation is computed. */
  static ImageData open(Path folder) {
    IdxImages train =
        IdxImages.read(
            file(folder, IdxSource.TRAIN_IMAGES), file(folder, IdxSource.TRAIN_LABELS), null, null);
    Path testLabels = file(folder, IdxSource.TEST_LABELS);
    IdxImages test = IdxImages.read(file(folder, IdxSource.TEST_IMAGES), testLabels, null, null);
    if (train.images().shape()[1] != test.images().shape()[1]
        || train.images().shape()[2] != test.images().shape()[2]) {
      throw new UserException(
          folder + ": training and test images differ in size; give images of one size");
    }
    List<String> classNames = train.numberedClasses();
    Normalization normalization = train.normalization();
    return new ImageData(
        folder.toString(),
        train.toSet(classNames, normalization, file(folder, IdxSource.TRAIN_LABELS)),
        test.toSet(classNames, normalization, testLabels),
        "IDX files in " + folder);
  }

  private static Path file(Path folder, String name) {
    return find(folder, name)
        .orElseThrow(
            () -> new UserException("%s: %s (or %s.gz) is missing".formatted(folder, name, name)));
  }

  private static Optional<Path> find(Path folder, String name) {
    return List.of(folder.resolve(name), folder.resolve(name + ".gz")).stream()
        .filter(Files::isRegularFile)
        .findFirst();
  }
}
