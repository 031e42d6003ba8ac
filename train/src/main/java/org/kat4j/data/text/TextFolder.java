package org.kat4j.data.text;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.kat4j.error.UserException;
import org.kat4j.torch.AtomicFile;

/** The files of a folder of texts. */
final class TextFolder {
  private TextFolder() {}

  /** All files in it, in folders of any depth, in the order of their paths. */
  static List<TextFile.Scan> scan(Path folder) {
    List<Path> files = files(folder);
    if (files.isEmpty()) {
      throw new UserException(folder + ": no files in it; put UTF-8 texts there");
    }
    return files.stream().map(TextFile::scan).toList();
  }

  private static List<Path> files(Path folder) {
    // The real path: a walk that begins at a link would end there.
    try (Stream<Path> walk = Files.walk(folder.toRealPath())) {
      Path real = folder.toRealPath();
      return walk.filter(file -> Files.isRegularFile(file) && !isHidden(real.relativize(file)))
          .sorted(Comparator.comparing(file -> real.relativize(file).toString().replace('\\', '/')))
          .toList();
    } catch (IOException e) {
      throw new UserException(folder + ": cannot be read (" + AtomicFile.reason(e) + ")", e);
    } catch (UncheckedIOException e) {
      throw new UserException(
          "%s: cannot be read (%s)"
              .formatted(folder, AtomicFile.reason(Objects.requireNonNull(e.getCause()))),
          e);
    }
  }

  private static boolean isHidden(Path relative) {
    for (Path name : relative) {
      if (name.toString().startsWith(".")) {
        return true;
      }
    }
    return false;
  }
}
