package org.kat4j.data;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.nio.file.FileSystemLoopException;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.kat4j.error.UserException;
import org.kat4j.torch.AtomicFile;

/**
 * Images sorted into a folder for each class, with folders of any depth in it, as timm and
 * torchvision read them: symbolic links are followed, names that begin with a dot are left out.
 * What else is left out is counted and said.
 */
final class ClassFolders {
  private static final int SHOWN_SUFFIXES = 5;

  private ClassFolders() {}

  /** The names of the classes. */
  static List<String> names(Path folder) {
    List<String> names =
        ImageFolder.list(folder).stream()
            .filter(Files::isDirectory)
            .map(path -> path.getFileName().toString())
            .toList();
    if (names.isEmpty()) {
      throw new UserException(folder + ": no class folders in it; put images at CLASS/NAME.png");
    }
    return names;
  }

  static void checkSame(List<String> expected, Path train, Path validation) {
    List<String> found = names(validation);
    for (String name : found) {
      if (!expected.contains(name)) {
        throw new UserException(
            "%s: class \"%s\" is not among the training classes in %s; add or remove it"
                .formatted(validation, name, train));
      }
    }
    for (String name : expected) {
      if (!found.contains(name)) {
        throw new UserException(
            "%s: class \"%s\" of %s is missing; add or remove it"
                .formatted(validation, name, train));
      }
    }
  }

  /** All images, by class and, within a class, by path. */
  static List<ImageFolder.Item> items(Path folder, List<String> classNames) {
    Map<String, Integer> leftOut = new TreeMap<>();
    ImageFolder.list(folder).stream()
        .filter(Files::isRegularFile)
        .forEach(file -> leftOut.merge(suffix(file), 1, Integer::sum));
    List<ImageFolder.Item> items = new ArrayList<>();
    for (int label = 0; label < classNames.size(); label++) {
      Path classFolder = folder.resolve(classNames.get(label));
      int before = items.size();
      for (Path file : files(classFolder)) {
        if (ImageFile.isImageName(file.getFileName().toString()) && Files.isRegularFile(file)) {
          items.add(new ImageFolder.Item(new ImageFile.Plain(file), label));
        } else {
          leftOut.merge(suffix(file), 1, Integer::sum);
        }
      }
      if (items.size() == before) {
        throw new UserException(
            classFolder
                + ": no .png, .jpg, .jpeg or .webp files in it; add images or remove the class");
      }
    }
    if (!leftOut.isEmpty()) {
      System.getLogger(ClassFolders.class.getName())
          .log(Level.WARNING, () -> folder + ": " + describe(leftOut));
    }
    return List.copyOf(items);
  }

  /** Files below a folder, by path. */
  private static List<Path> files(Path folder) {
    try (Stream<Path> paths = Files.walk(folder, FileVisitOption.FOLLOW_LINKS)) {
      return paths
          .filter(path -> !isHidden(folder.relativize(path)))
          .filter(path -> !Files.isDirectory(path))
          .sorted(Comparator.comparing(path -> folder.relativize(path).toString()))
          .toList();
    } catch (UncheckedIOException e) {
      throw unreadable(folder, Objects.requireNonNull(e.getCause()));
    } catch (IOException e) {
      throw unreadable(folder, e);
    }
  }

  private static UserException unreadable(Path folder, IOException e) {
    String reason =
        e instanceof FileSystemLoopException
            ? e.getMessage() + " is a link to a folder that it lies in"
            : "cannot be listed (" + AtomicFile.reason(e) + ")";
    return new UserException(folder + ": " + reason, e);
  }

  private static boolean isHidden(Path below) {
    for (Path name : below) {
      if (name.toString().startsWith(".")) {
        return true;
      }
    }
    return false;
  }

  private static String suffix(Path file) {
    if (!Files.isRegularFile(file)) {
      return "broken link";
    }
    String name = file.getFileName().toString();
    int dot = name.lastIndexOf('.');
    return dot < 0 ? "without a suffix" : name.substring(dot).toLowerCase(Locale.ROOT);
  }

  /** "30 files left out: 24 .tif, 6 .bmp", the most first. */
  private static String describe(Map<String, Integer> leftOut) {
    int files = leftOut.values().stream().mapToInt(Integer::intValue).sum();
    String kinds =
        leftOut.entrySet().stream()
            .sorted(Map.Entry.<String, Integer>comparingByValue().reversed())
            .limit(SHOWN_SUFFIXES)
            .map(kind -> kind.getValue() + " " + kind.getKey())
            .collect(Collectors.joining(", "));
    return "%d %s left out: %s%s (PNG, JPEG and WebP are read)"
        .formatted(
            files,
            files == 1 ? "file" : "files",
            kinds,
            leftOut.size() > SHOWN_SUFFIXES ? ", …" : "");
  }
}
