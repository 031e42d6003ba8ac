package org.kat4j.data;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.kat4j.error.UserException;
import org.kat4j.image.EvaluationTransform;
import org.kat4j.image.ImageReading;
import org.kat4j.image.Picture;

/**
 * A folder of PNG, JPEG and WebP files: {@code DIR/train/CLASS/*} and {@code DIR/val/CLASS/*}, or
 * tar shards in the same two folders (see {@link TarShards}).
 *
 * <p>The second folder may also be called "validation" or "test". Classes and, within a class,
 * files are sorted by name; {@link ClassFolders} says which are taken. Headers are checked when the
 * folder is opened, pixels are decoded at every read.
 */
public final class ImageFolder implements ImageSet {
  private static final List<String> VALIDATION_NAMES = List.of("val", "validation", "test");
  private static final Normalization GREY = new Normalization(new float[] {.5f}, new float[] {.5f});
  // The constants of ImageNet, so that weights trained on it can be used.
  private static final Normalization COLOUR =
      new Normalization(new float[] {.485f, .456f, .406f}, new float[] {.229f, .224f, .225f});

  private static final Pattern CONTROL = Pattern.compile("[\\p{Cc}\\u2028\\u2029]");

  /** One image and its class. */
  record Item(ImageFile file, int label) {}

  private final List<String> classNames;
  private final List<Item> items;
  private final int channels;
  private final ImageReading.Size size;
  private final FolderReading reading;
  private final BrokenImages broken;

  private ImageFolder(
      List<String> classNames,
      List<Item> items,
      int channels,
      ImageReading.Size size,
      FolderReading reading,
      BrokenImages broken) {
    this.classNames = classNames;
    this.items = items;
    this.channels = channels;
    this.size = size;
    this.reading = reading;
    this.broken = broken;
  }

  /**
   * Opens a folder.
   *
   * @param channels 3 for colour, grey files included; 1 to turn all to grey
   * @throws UserException if the folder is not laid out as said above, if the two parts differ in
   *     their classes, if a class has no images or if more files are broken than allowed
   */
  public static ImageData open(Path folder, FolderReading reading, int channels) {
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
    boolean packed = TarShards.areIn(trainFolder);
    List<Item> train;
    List<Item> validation;
    List<String> classNames;
    if (packed) {
      train = TarShards.items(trainFolder);
      validation = TarShards.items(validationFolder);
      classNames = TarShards.classNames(folder, train, validation);
    } else {
      classNames = ClassFolders.names(trainFolder);
      ClassFolders.checkSame(classNames, trainFolder, validationFolder);
      train = ClassFolders.items(trainFolder, classNames);
      validation = ClassFolders.items(validationFolder, classNames);
    }
    checkNames(folder, classNames);
    BrokenImages broken = new BrokenImages(reading.maxBroken());
    ImageReading.Size common =
        reading.size() == 0
            ? train.getFirst().file().size()
            : new ImageReading.Size(reading.size(), reading.size());
    ImageReading.Size expected = reading.size() == 0 ? common : null;
    List<Item> soundTrain = withSoundHeaders(train, expected, broken);
    List<Item> soundValidation = withSoundHeaders(validation, expected, broken);
    return new ImageData(
        folder.toString(),
        new ImageFolder(classNames, soundTrain, channels, common, reading, broken),
        new ImageFolder(classNames, soundValidation, channels, common, reading, broken),
        "image %s %s, %d classes"
            .formatted(packed ? "shards" : "folder", folder, classNames.size()));
  }

  /** A name stands in lines of text: in weights, on the terminal, in tables. */
  private static void checkNames(Path folder, List<String> classNames) {
    for (String name : classNames) {
      if (CONTROL.matcher(name).find()) {
        throw new UserException(
            "%s: the class name \"%s\" holds a line break or another control character; rename it"
                .formatted(folder, CONTROL.matcher(name).replaceAll("?")));
      }
    }
  }

  /**
   * Finds broken, oversized and, if a size is given, deviating files before training begins; broken
   * ones are left out as far as allowed.
   */
  private static List<Item> withSoundHeaders(
      List<Item> items, ImageReading.@Nullable Size expected, BrokenImages broken) {
    List<Item> sound =
        items.parallelStream()
            .filter(item -> hasSoundHeader(item.file(), expected, broken))
            .toList();
    if (sound.isEmpty()) {
      throw new UserException(
          items.getFirst().file() + " and all other images beside it are broken; replace them");
    }
    return sound;
  }

  private static boolean hasSoundHeader(
      ImageFile file, ImageReading.@Nullable Size expected, BrokenImages broken) {
    ImageReading.Size found;
    try {
      found = file.size();
    } catch (UserException unreadable) {
      broken.add(file.toString(), unreadable);
      return false;
    }
    if (expected != null && !found.equals(expected)) {
      throw new UserException(
          "%s: %d x %d pixels, but other images have %d x %d; choose an image size to scale all to"
              .formatted(file, found.width(), found.height(), expected.width(), expected.height()));
    }
    return true;
  }

  /** Entries of a folder by name, without hidden ones. */
  static List<Path> list(Path folder) {
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
    byte[] image = reading.transform().apply(picture(index), size.height(), size.width()).pixels();
    System.arraycopy(image, 0, target, offset, image.length);
  }

  @Override
  public Picture picture(int index) {
    ImageFile file = items.get(index).file();
    try {
      return file.read(channels, reading.transform().upright());
    } catch (UserException unreadable) {
      throw broken.add(file.toString(), unreadable);
    }
  }

  @Override
  public EvaluationTransform transform() {
    return reading.transform();
  }

  @Override
  public boolean isDecoded() {
    return true;
  }

  @Override
  public Normalization normalization() {
    return channels == 1 ? GREY : COLOUR;
  }
}
