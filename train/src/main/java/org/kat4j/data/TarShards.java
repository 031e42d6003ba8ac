package org.kat4j.data;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.kat4j.error.UserException;
import org.kat4j.torch.AtomicFile;

/**
 * Images in tar archives, as WebDataset packs them: {@code KEY.jpg} (or .jpeg, .png, .webp) beside
 * {@code KEY.cls}, whose text is the number of the class; see {@link ShardSamples} for other
 * members. The names of the classes stand in {@code DIR/classes.txt}, one a line; without it they
 * are called by their numbers.
 *
 * <p>Only headers of an archive are read when it is opened, and an image is read from its place
 * when it is wanted, in any order. There are no places in a compressed archive: its images are kept
 * in memory.
 */
final class TarShards {
  private static final List<String> SUFFIXES = List.of(".tar", ".tar.gz", ".tgz");
  private static final int MOST_CLASS_BYTES = 32;
  private static final int MOST_IMAGE_BYTES = 256 << 20;
  private static final int HEADER_BYTES = 512;
  private static final int MOST_CLASSES = 1_000_000;

  private final List<ImageFolder.Item> items = new ArrayList<>();
  private long heldBytes;

  private TarShards() {}

  static boolean areIn(Path folder) {
    return ImageFolder.list(folder).stream().anyMatch(TarShards::isShard);
  }

  private static boolean isShard(Path file) {
    String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
    return SUFFIXES.stream().anyMatch(name::endsWith) && Files.isRegularFile(file);
  }

  /** All images of a folder of shards, in the order of the shards' names and of their entries. */
  static List<ImageFolder.Item> items(Path folder) {
    TarShards shards = new TarShards();
    ImageFolder.list(folder).stream().filter(TarShards::isShard).forEach(shards::index);
    if (shards.items.isEmpty()) {
      throw new UserException(folder + ": no KEY.jpg with a KEY.cls beside it in its archives");
    }
    return List.copyOf(shards.items);
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
    } catch (CharacterCodingException binary) {
      throw new UserException(names + ": this is not a UTF-8 text", binary);
    } catch (IOException e) {
      throw new UserException(names + ": cannot be read (" + AtomicFile.reason(e) + ")", e);
    }
  }

  private void index(Path shard) {
    ShardSamples samples = new ShardSamples(shard);
    boolean compressed = DataFile.isCompressed(shard);
    Tar.read(
        shard,
        (member, content) -> {
          if (compressed) {
            hold(shard, HEADER_BYTES);
          }
          if (!samples.takes(member)) {
            return;
          }
          if (ShardSamples.isLabel(member.name())) {
            samples.label(member.name(), label(shard, member, content));
          } else if (ImageFile.isImageName(member.name())) {
            samples.image(member.name(), image(shard, member, content, compressed));
          }
        });
    samples.addTo(items);
  }

  private ImageFile image(Path shard, Tar.Member member, InputStream content, boolean compressed)
      throws IOException {
    if (member.size() > MOST_IMAGE_BYTES) {
      throw new UserException(
          "%s/%s: %d MiB are too much for an image"
              .formatted(shard, member.name(), member.size() >> 20));
    }
    int size = (int) member.size();
    if (!compressed) {
      return new ImageFile.Packed(shard, member.name(), member.offset(), size);
    }
    hold(shard, size);
    return new ImageFile.Held(shard + "/" + member.name(), DataFile.exactly(content, size));
  }

  /** Takes account of memory for a compressed archive. */
  private void hold(Path shard, int bytes) {
    heldBytes += bytes;
    long most = Runtime.getRuntime().maxMemory() / 4;
    if (heldBytes > most) {
      throw new UserException(
          "%s: images of compressed archives are kept in memory, and these take more than %d MiB; unpack it with gunzip"
              .formatted(shard, most >> 20));
    }
  }

  private static int label(Path shard, Tar.Member member, InputStream content) throws IOException {
    byte[] bytes = content.readNBytes(MOST_CLASS_BYTES);
    String number = new String(bytes, StandardCharsets.US_ASCII).strip();
    if (!number.matches("[0-9]{1,7}") || Integer.parseInt(number) >= MOST_CLASSES) {
      throw new UserException(shard + "/" + member.name() + ": not the number of a class");
    }
    return Integer.parseInt(number);
  }
}
