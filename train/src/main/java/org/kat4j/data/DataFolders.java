package org.kat4j.data;

import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Where the files of published data sets are looked for, and where fetched ones are kept.
 *
 * @param root the user's data folder: the parent of a folder named like the set, or that folder
 *     itself; null if there is none
 * @param cache the folder of fetched files, used when there is no writable root
 */
public record DataFolders(@Nullable Path root, Path cache) {

  public static DataFolders of(@Nullable Path root) {
    return new DataFolders(root, Path.of(System.getProperty("user.home"), ".cache", "kat4j"));
  }

  /** The folders that may hold files of this set, in the order in which they are tried. */
  public List<Path> candidates(String set) {
    List<Path> folders = new ArrayList<>();
    if (root != null) {
      folders.add(root.resolve(set));
    }
    folders.add(cache.resolve(set));
    if (root != null) {
      folders.add(root);
    }
    return folders;
  }

  /** The file of this set with one of these names, the first name first in every folder. */
  public Optional<Path> find(String set, String... names) {
    return candidates(set).stream()
        .flatMap(folder -> Arrays.stream(names).map(folder::resolve))
        .filter(Files::isRegularFile)
        .findFirst();
  }

  /** The file, fetched from {@code base} if it is nowhere yet. */
  public Path fetch(String set, URI base, RemoteFile file) {
    Path parent = root != null && Files.isWritable(root) ? root : cache;
    Path folder = parent.resolve(set);
    String otherwise =
        "put it at %s or pass its folder with --data-root (or KAT4J_DATA)"
            .formatted(folder.resolve(file.name()));
    return Download.fetch(base.resolve(file.name()), file, folder, otherwise);
  }
}
