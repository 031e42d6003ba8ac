package org.kat4j.data;

import java.io.File;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.kat4j.error.UserException;

/** The data sets that can be opened by name or path. */
public final class ImageSources {
  private ImageSources() {}

  /**
   * Opens a data set.
   *
   * @param name "strokes", "mnist", "fashion-mnist", "cifar10", or the path of a folder: of images
   *     ({@link ImageFolder}, read in colour) or of four IDX files named like those of MNIST
   * @param root folder with the files of the published sets, or the folder of one of them; null to
   *     look in the cache only. What is missing is fetched from its official address.
   * @param size side in pixels to which a folder of images is scaled and cut; the other sets have
   *     their own size. Null to take images as they are.
   * @throws UserException if there is no such set, or its files are missing or wrong
   */
  public static ImageData open(String name, @Nullable Path root, @Nullable Integer size) {
    if (size != null && size < 1) {
      throw new UserException("image size is %d: give at least 1 pixel".formatted(size));
    }
    return openWith(FolderReading.at(size == null ? 0 : size), name, root);
  }

  /** The same, with everything said about how the images of a folder are read. */
  public static ImageData openWith(FolderReading reading, String name, @Nullable Path root) {
    return switch (name) {
      case "strokes" -> Strokes.open();
      case "mnist" -> IdxSource.MNIST.open(DataFolders.of(root));
      case "fashion-mnist" -> IdxSource.FASHION_MNIST.open(DataFolders.of(root));
      case "cifar10" -> Cifar10.PUBLISHED.open(DataFolders.of(root));
      default -> openFolder(name, reading);
    };
  }

  /** The sets known by name, looked for in the cache only. */
  public static List<SourceInfo> known() {
    return known(null);
  }

  /** The sets known by name, and whether their files are at hand. */
  public static List<SourceInfo> known(@Nullable Path root) {
    DataFolders folders = DataFolders.of(root);
    return List.of(
        Strokes.info(),
        IdxSource.MNIST.info(folders),
        IdxSource.FASHION_MNIST.info(folders),
        Cifar10.PUBLISHED.info(folders));
  }

  private static ImageData openFolder(String name, FolderReading reading) {
    // Not Path.of, which throws on characters that no path can have.
    File folder = new File(name);
    if (!folder.isDirectory()) {
      throw new UserException(
          "data set \"%s\" is neither a known name nor a folder: use strokes, mnist, fashion-mnist, cifar10 or the path of a folder of images"
              .formatted(name));
    }
    Path path = folder.toPath();
    return IdxFolder.matches(path) ? IdxFolder.open(path) : ImageFolder.open(path, reading, 3);
  }
}
