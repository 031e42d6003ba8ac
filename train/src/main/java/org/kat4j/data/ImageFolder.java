package org.kat4j.data;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.kat4j.error.UserException;

/**
 * A folder of PNG and JPEG files: {@code DIR/train/CLASS/*} and {@code DIR/val/CLASS/*}.
 *
 * <p>The second folder may also be called "validation" or "test". Classes and, within a class,
 * files are sorted by name; names that begin with a dot are left out. Headers are checked when the
 * folder is opened, pixels are decoded at every read.
 */
public final class ImageFolder implements ImageSet {
  private static final List<String> VALIDATION_NAMES = List.of("val", "validation", "test");
  private static final List<String> SUFFIXES = List.of(".png", ".jpg", ".jpeg");
  private static final Normalization GREY = new Normalization(new float[] {.5f}, new float[] {.5f});
  // The constants of ImageNet, so that weights trained on it can be used.
  private static final Normalization COLOUR =
      new Normalization(new float[] {.485f, .456f, .406f}, new float[] {.229f, .224f, .225f});

  /** One image file and its class. */
  private record Item(Path file, int label) {}

  private final List<String> classNames;
  private final List<Item> items;
  private final int channels;
  private final ImageReading.Size size;

  private ImageFolder(
      List<String> classNames, List<Item> items, int channels, ImageReading.Size size) {
    this.classNames = classNames;
    this.items = items;
    this.channels = channels;
    this.size = size;
  }

  /**
   * Opens a folder.
   *
   * @param size side of the square that images are scaled and cut to; null if all have one size
   *     already
   * @param channels 3 for colour, grey files included; 1 to turn all to grey
   * @throws UserException if the folder is not laid out as said above, if the two parts differ in
   *     their classes, if a class has no images or a file is not an image
   */
  public static ImageData open(Path folder, @Nullable Integer size, int channels) {
    if (size != null && size < 1) {
      throw new UserException("image size is %d: give at least 1 pixel".formatted(size));
    }
    if (channels != 1 && channels != 3) {
      throw new UserException("image channels are %d: give 1 or 3".formatted(channels));
    }
    Path trainFolder = folder.resolve("train");
    if (!Files.isDirectory(trainFolder)) {
      throw new UserException(
          folder + ": no folder \"train\" in it; put images at train/CLASS/ and val/CLASS/");
    }
    Path validationFolder =
        VALIDATION_NAMES.stream()
            .map(folder::resolve)
            .filter(Files::isDirectory)
            .findFirst()
            .orElseThrow(() ->
                new UserException(
                    folder
                        + ": no folder \"val\", \"validation\" or \"test\" in it; put images to measure on at val/CLASS/"));
    List<String> classNames = classNames(trainFolder);
    checkSameClasses(classNames, trainFolder, validationFolder);
    List<Item> train = items(trainFolder, classNames);
    List<Item> validation = items(validationFolder, classNames);
    ImageReading.Size common =
        size == null
            ? ImageReading.size(train.getFirst().file())
            : new ImageReading.Size(size, size);
    checkHeaders(train, size == null ? common : null);
    checkHeaders(validation, size == null ? common : null);
    return new ImageData(
        folder.toString(),
        new ImageFolder(classNames, train, channels, common),
        new ImageFolder(classNames, validation, channels, common),
        "image folder %s, %d classes".formatted(folder, classNames.size()));
  }

  private static List<String> classNames(Path folder) {
    List<String> names =
        list(folder).stream()
            .filter(Files::isDirectory)
            .map(path -> path.getFileName().toString())
            .toList();
    if (names.isEmpty()) {
      throw new UserException(folder + ": no class folders in it; put images at CLASS/NAME.png");
    }
    return names;
  }

  private static void checkSameClasses(List<String> expected, Path train, Path validation) {
    List<String> found = classNames(validation);
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

  private static List<Item> items(Path folder, List<String> classNames) {
    List<Item> items = new ArrayList<>();
    for (int label = 0; label < classNames.size(); label++) {
      Path classFolder = folder.resolve(classNames.get(label));
      int before = items.size();
      for (Path file : list(classFolder)) {
        if (isImageName(file) && Files.isRegularFile(file)) {
          items.add(new Item(file, label));
        }
      }
      if (items.size() == before) {
        throw new UserException(
            classFolder + ": no .png, .jpg or .jpeg files in it; add images or remove the class");
      }
    }
    return List.copyOf(items);
  }

  /** Finds broken, oversized and, if a size is given, deviating files before training begins. */
  private static void checkHeaders(List<Item> items, ImageReading.@Nullable Size expected) {
    IntStream.range(0, items.size())
        .parallel()
        .forEach(i -> {
          Path file = items.get(i).file();
          ImageReading.Size found = ImageReading.size(file);
          if (expected != null && !found.equals(expected)) {
            throw new UserException(
                "%s: %d x %d pixels, but other images have %d x %d; choose an image size to scale all to"
                    .formatted(
                        file, found.width(), found.height(), expected.width(), expected.height()));
          }
        });
  }

  private static boolean isImageName(Path file) {
    String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
    return SUFFIXES.stream().anyMatch(name::endsWith);
  }

  /** Entries of a folder by name, without hidden ones. */
  private static List<Path> list(Path folder) {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries
          .filter(path -> !path.getFileName().toString().startsWith("."))
          .sorted(Comparator.comparing(path -> path.getFileName().toString()))
          .toList();
    } catch (IOException e) {
      throw new UserException(folder + ": cannot be listed (" + e.getMessage() + ")", e);
    }
  }

  @Override
  public int size() {
    return items.size();
  }

  @Override
  public List<String> classNames() {
    return classNames;
  }

  @Override
  public int channels() {
    return channels;
  }

  @Override
  public int height() {
    return size.height();
  }

  @Override
  public int width() {
    return size.width();
  }

  @Override
  public int label(int index) {
    return items.get(index).label();
  }

  @Override
  public void read(int index, byte[] target, int offset) {
    byte[] image =
        ImageReading.read(items.get(index).file(), channels, size.height(), size.width());
    System.arraycopy(image, 0, target, offset, image.length);
  }

  @Override
  public Normalization normalization() {
    return channels == 1 ? GREY : COLOUR;
  }
}
