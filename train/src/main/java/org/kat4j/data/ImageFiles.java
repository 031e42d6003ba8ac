package org.kat4j.data;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.kat4j.error.UserException;

/** The images that paths of files and folders name. */
public final class ImageFiles {
  private ImageFiles() {}

  /**
   * Files as they are given, folders as the images in and below them, by name.
   *
   * @throws UserException when a folder holds none or cannot be read
   */
  public static List<Path> of(List<Path> paths) {
    List<Path> images = new ArrayList<>();
    for (Path path : paths) {
      if (Files.isDirectory(path)) {
        images.addAll(below(path));
      } else {
        images.add(path);
      }
    }
    return images;
  }

  private static List<Path> below(Path folder) {
    List<Path> images;
    try (Stream<Path> files = Files.walk(folder)) {
      images =
          files
              .filter(file -> ImageFile.isImageName(String.valueOf(file.getFileName())))
              .filter(Files::isRegularFile)
              .sorted()
              .toList();
    } catch (IOException | UncheckedIOException e) {
      throw new UserException(folder + ": cannot be read (" + e.getMessage() + ")", e);
    }
    if (images.isEmpty()) {
      throw new UserException(
          "%s: no images in this folder; those ending in %s are taken"
              .formatted(folder, String.join(", ", ImageFile.SUFFIXES)));
    }
    return images;
  }
}
