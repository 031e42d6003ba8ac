package org.kat4j.data;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.kat4j.error.UserException;
import org.kat4j.image.ImageReading;
import org.kat4j.image.Picture;

/**
 * CIFAR-10 as JPEG files in a zip, named {@code SPLIT/CLASS/NUMBER.jpg}.
 *
 * <p>The original order of the classes is lost; the classes are made to take turns by number.
 */
final class CifarJpegs {
  private static final int MOST_BYTES = 1 << 20;
  private static final int PIXELS = 3 * Cifar10.SIDE * Cifar10.SIDE;
  private static final Pattern NAME = Pattern.compile("([a-z]+)/([a-z]+)/([0-9]{1,9})\\.jpe?g");

  private record Item(String name, int number, int label) {}

  private CifarJpegs() {}

  /** Decodes one split, which must hold {@code expected} images. */
  static ImageSet read(Path file, String split, int expected) {
    try (ZipFile zip = new ZipFile(file.toFile())) {
      List<Item> items =
          zip.stream()
              .filter(entry -> !entry.isDirectory())
              .map(entry -> item(file, split, entry))
              .sorted(Comparator.comparingInt(Item::number).thenComparingInt(Item::label))
              .toList();
      if (items.size() != expected) {
        throw new UserException(
            "%s: %d images, expected %d; fetch it again".formatted(file, items.size(), expected));
      }
      byte[] pixels = new byte[expected * PIXELS];
      byte[] labels = new byte[expected];
      IntStream.range(0, expected)
          .parallel()
          .forEach(i -> {
            Item item = items.get(i);
            labels[i] = (byte) item.label();
            System.arraycopy(decode(zip, item, file), 0, pixels, i * PIXELS, PIXELS);
          });
      return new MemoryImages(
          Cifar10.CLASS_NAMES,
          3,
          Cifar10.SIDE,
          Cifar10.SIDE,
          pixels,
          labels,
          Cifar10.NORMALIZATION);
    } catch (IOException e) {
      throw new UserException(
          "%s: cannot be read as a zip (%s); fetch it again".formatted(file, e.getMessage()), e);
    }
  }

  private static Item item(Path file, String split, ZipEntry entry) {
    Matcher name = NAME.matcher(entry.getName());
    int label = name.matches() ? Cifar10.CLASS_NAMES.indexOf(name.group(2)) : -1;
    if (label < 0 || !name.group(1).equals(split)) {
      throw new UserException(
          "%s: entry \"%s\" is not %s/CLASS/NUMBER.jpg; fetch it again"
              .formatted(file, entry.getName(), split));
    }
    return new Item(entry.getName(), Integer.parseInt(name.group(3)), label);
  }

  private static byte[] decode(ZipFile zip, Item item, Path file) {
    String where = file + "/" + item.name();
    byte[] content;
    try (InputStream in = zip.getInputStream(zip.getEntry(item.name()))) {
      content = in.readNBytes(MOST_BYTES);
    } catch (IOException e) {
      throw new UserException(
          "%s: cannot be unpacked (%s); fetch the zip again".formatted(where, e.getMessage()), e);
    }
    Picture picture = ImageReading.decode(content, where, 3, false);
    if (picture.height() != Cifar10.SIDE || picture.width() != Cifar10.SIDE) {
      throw new UserException(
          "%s: %d x %d pixels, expected 32 x 32; fetch the zip again"
              .formatted(where, picture.width(), picture.height()));
    }
    return picture.pixels();
  }
}
