package org.kat4j.data;

import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.kat4j.error.UserException;

/**
 * The labelled images of one archive, put together from its members.
 *
 * <p>A key is what stands before {@code .cls}; its image has the same key and one of the images'
 * suffixes. Keys may hold dots. {@code KEY.seg.png} beside {@code KEY.cls} is another part of that
 * sample, as WebDataset has it (a field is what follows the first dot), and not read; so is what
 * has another suffix. Names that begin with a dot are left out.
 */
final class ShardSamples {
  private static final String LABEL = ".cls";

  private final Path shard;
  private final Set<String> names = new HashSet<>();
  private final Map<String, Integer> labels = new LinkedHashMap<>();
  private final Map<String, ImageFile> images = new LinkedHashMap<>();

  ShardSamples(Path shard) {
    this.shard = shard;
  }

  static boolean isLabel(String name) {
    return name.toLowerCase(Locale.ROOT).endsWith(LABEL);
  }

  /**
   * Whether a member may belong to a sample.
   *
   * @throws UserException if one of this name was there before, or it has no content of its own
   */
  boolean takes(Tar.Member member) {
    String name = member.name();
    if (name.startsWith(".", name.lastIndexOf('/') + 1)) {
      return false;
    }
    if (!names.add(key(name) + suffix(name).toLowerCase(Locale.ROOT))) {
      throw new UserException(
          "%s: %s is in the archive twice; give each sample a key of its own"
              .formatted(shard, name));
    }
    if (member.isLink() && (isLabel(name) || ImageFile.isImageName(name))) {
      throw new UserException(
          "%s: %s is a link; pack files themselves (tar --dereference --hard-dereference)"
              .formatted(shard, name));
    }
    return true;
  }

  void label(String name, int label) {
    labels.put(key(name), label);
  }

  void image(String name, ImageFile image) {
    if (images.putIfAbsent(key(name), image) != null) {
      throw new UserException(
          "%s: %s has two images; give each sample one".formatted(shard, key(name)));
    }
  }

  /**
   * Adds the images in the order of the archive.
   *
   * @throws UserException if one has no label or a label no image
   */
  void addTo(List<ImageFolder.Item> items) {
    images.forEach((key, image) -> {
      String owner = owner(key);
      Integer label = labels.get(key);
      if (owner == null) {
        throw new UserException(shard + ": " + key + ".cls is missing beside its image");
      }
      if (label == null) {
        return; // another part of its owner's sample
      }
      if (!owner.equals(key)) {
        throw new UserException(
            "%s: %s.cls and %s.cls: it is not clear which of them %s belongs to; rename one"
                .formatted(shard, owner, key, image));
      }
      items.add(new ImageFolder.Item(image, label));
    });
    labels.keySet().stream()
        .filter(key -> !images.containsKey(key) && key.equals(owner(key)))
        .findFirst()
        .ifPresent(key -> {
          throw new UserException(
              "%s: there is no image %s.png, .jpg or .webp beside %s.cls"
                  .formatted(shard, key, key));
        });
  }

  /** The shortest labelled key that this one begins with, up to a dot; null if there is none. */
  private @Nullable String owner(String key) {
    for (int dot = key.indexOf('.', key.lastIndexOf('/') + 1);
        dot >= 0;
        dot = key.indexOf('.', dot + 1)) {
      if (labels.containsKey(key.substring(0, dot))) {
        return key.substring(0, dot);
      }
    }
    return labels.containsKey(key) ? key : null;
  }

  private static String key(String name) {
    return name.substring(0, name.length() - suffix(name).length());
  }

  /** What begins at the last dot of the file's name; empty without one. */
  private static String suffix(String name) {
    int dot = name.lastIndexOf('.');
    return dot > name.lastIndexOf('/') ? name.substring(dot) : "";
  }
}
