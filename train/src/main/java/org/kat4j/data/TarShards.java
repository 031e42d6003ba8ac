package org.kat4j.data;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.kat4j.error.UserException;

/**
 * Images in tar archives, as WebDataset packs them: {@code KEY.jpg} (or .jpeg, .png, .webp) beside
 * {@code KEY.cls}, whose text is the number of the class. The names of the classes stand in {@code
 * DIR/classes.txt}, one a line; without it they are called by their numbers.
 *
 * <p>Archives are not compressed; only their headers are read when they are opened, and an image is
 * read from its place when it is wanted, in any order.
 */
final class TarShards {
  private static final int BLOCK = 512;
  private static final int MOST_CLASS_BYTES = 32;
  private static final int MOST_IMAGE_BYTES = 256 << 20;
  private static final int MOST_CLASSES = 1_000_000;

  private TarShards() {}

  static boolean areIn(Path folder) {
    return ImageFolder.list(folder).stream().anyMatch(TarShards::isShard);
  }

  private static boolean isShard(Path file) {
    return file.getFileName().toString().endsWith(".tar") && Files.isRegularFile(file);
  }

  /** All images of a folder of shards, in the order of the shards' names and of their entries. */
  static List<ImageFolder.Item> items(Path folder) {
    List<ImageFolder.Item> items = new ArrayList<>();
    for (Path shard : ImageFolder.list(folder).stream().filter(TarShards::isShard).toList()) {
      try (FileChannel channel = FileChannel.open(shard)) {
        index(shard, channel, items);
      } catch (IOException e) {
        throw new UserException(shard + ": cannot be read (" + e.getMessage() + ")", e);
      }
    }
    if (items.isEmpty()) {
      throw new UserException(folder + ": no KEY.jpg with a KEY.cls beside it in its .tar files");
    }
    return List.copyOf(items);
  }

  /** The names in {@code classes.txt}, or numbers up to the largest label. */
  static List<String> classNames(
      Path folder, List<ImageFolder.Item> train, List<ImageFolder.Item> validation) {
    int largest =
        Stream.concat(train.stream(), validation.stream())
            .mapToInt(ImageFolder.Item::label)
            .max()
            .orElse(0);
    Path names = folder.resolve("classes.txt");
    if (!Files.isRegularFile(names)) {
      return IntStream.rangeClosed(0, largest).mapToObj(Integer::toString).toList();
    }
    try {
      List<String> lines = Files.readAllLines(names).stream().map(String::strip).toList();
      if (largest >= lines.size()) {
        throw new UserException(
            "%s: %d names, but an image has class %d; add the missing names"
                .formatted(names, lines.size(), largest));
      }
      return lines;
    } catch (IOException e) {
      throw new UserException(names + ": cannot be read (" + e.getMessage() + ")", e);
    }
  }

  /** What is known of the sample of one key so far. */
  private static final class Sample {
    @Nullable ImageFile image;
    int label = -1;
  }

  private static void index(Path shard, FileChannel channel, List<ImageFolder.Item> items)
      throws IOException {
    Map<String, Sample> samples = new LinkedHashMap<>();
    ByteBuffer header = ByteBuffer.allocate(BLOCK);
    for (long at = 0; ; ) {
      if (!read(channel, at, header)) { // a whole archive ends in blocks of zeros
        throw tooShort(shard);
      }
      if (header.get(0) == 0) {
        break;
      }
      String name = text(header, 0, 100);
      long size = size(header, shard);
      long content = at + BLOCK;
      if (content + size > channel.size()) {
        throw tooShort(shard);
      }
      byte type = header.get(156);
      if (type == '0' || type == 0) {
        take(shard, channel, name, content, size, samples);
      }
      at = content + Math.ceilDiv(size, (long) BLOCK) * BLOCK;
    }
    samples.forEach((key, sample) -> {
      if (sample.image != null) {
        if (sample.label < 0) {
          throw new UserException(shard + ": " + key + ".cls is missing beside its image");
        }
        items.add(new ImageFolder.Item(sample.image, sample.label));
      }
    });
  }

  private static UserException tooShort(Path shard) {
    return new UserException(shard + ": the archive ends too early; fetch it again");
  }

  private static void take(
      Path shard,
      FileChannel channel,
      String name,
      long content,
      long size,
      Map<String, Sample> samples)
      throws IOException {
    int dot = name.indexOf('.', name.lastIndexOf('/') + 1);
    if (dot < 0) {
      return;
    }
    Sample sample = samples.computeIfAbsent(name.substring(0, dot), _ -> new Sample());
    if (name.endsWith(".cls")) {
      sample.label = label(shard, channel, name, content, size);
    } else if (ImageFile.isImageName(name)) {
      if (size > MOST_IMAGE_BYTES) {
        throw new UserException(
            "%s/%s: %d MiB are too much for an image".formatted(shard, name, size >> 20));
      }
      sample.image = new ImageFile.Packed(shard, name, content, (int) size);
    }
  }

  private static int label(Path shard, FileChannel channel, String name, long content, long size)
      throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate((int) Math.min(size, MOST_CLASS_BYTES));
    read(channel, content, bytes);
    String number = new String(bytes.array(), StandardCharsets.US_ASCII).strip();
    if (!number.matches("[0-9]{1,7}") || Integer.parseInt(number) >= MOST_CLASSES) {
      throw new UserException(shard + "/" + name + ": not the number of a class");
    }
    return Integer.parseInt(number);
  }

  /** Fills the buffer from a position on; false at the end of the file. */
  private static boolean read(FileChannel channel, long position, ByteBuffer target)
      throws IOException {
    target.clear();
    while (target.hasRemaining()) {
      if (channel.read(target, position + target.position()) < 0) {
        return false;
      }
    }
    return true;
  }

  private static long size(ByteBuffer header, Path shard) {
    String digits = text(header, 124, 12).strip();
    if (!digits.matches("[0-7]{1,12}")) {
      throw new UserException(shard + ": not a tar archive, or a damaged one; fetch it again");
    }
    return Long.parseLong(digits, 8);
  }

  private static String text(ByteBuffer header, int start, int length) {
    int end = start;
    while (end < start + length && header.get(end) != 0) {
      end++;
    }
    return new String(header.array(), start, end - start, StandardCharsets.UTF_8);
  }
}
