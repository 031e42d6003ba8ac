package org.kat4j.torch;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.kat4j.error.UserException;

/**
 * Replaces a file in one step: whoever reads it sees the old content or the whole new one.
 *
 * <p>The content goes to a file beside it, is forced to the disk and moved into place. When that
 * fails at any point, the old file is untouched and nothing new is left behind; what a killed
 * process left is deleted by the next writer.
 */
public final class AtomicFile {
  private static final Pattern SUFFIX = Pattern.compile("[0-9a-z]{10,13}\\.part");
  private static final Duration ABANDONED = Duration.ofMinutes(1);

  private AtomicFile() {}

  /** Writes the content of a file to a channel opened for it. */
  @FunctionalInterface
  public interface Content {
    void writeTo(FileChannel channel) throws IOException;
  }

  /** Writes a text as UTF-8; see {@link #write(Path, Content)}. */
  public static void write(Path file, String text) {
    write(file, text.getBytes(StandardCharsets.UTF_8));
  }

  /** Writes bytes; see {@link #write(Path, Content)}. */
  public static void write(Path file, byte[] bytes) {
    write(file, channel -> TensorBytes.write(channel, MemorySegment.ofArray(bytes)));
  }

  /**
   * Writes {@code content} to {@code file}, whose folder must exist.
   *
   * @throws UserException when the file cannot be written: no such folder, no permission, disk full
   */
  public static void write(Path file, Content content) {
    if (Files.isDirectory(file)) {
      throw new UserException("cannot write " + file + ": it is a folder; name a file in it");
    }
    // A random suffix keeps two writers of the same file apart.
    String suffix = Long.toUnsignedString(ThreadLocalRandom.current().nextLong(), 36);
    Path beside = file.resolveSibling(file.getFileName() + "." + suffix + ".part");
    deleteLeftovers(file);
    try {
      try (FileChannel channel =
          FileChannel.open(beside, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW)) {
        content.writeTo(channel);
        channel.force(true);
      }
      Files.move(beside, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new UserException("cannot write " + file + ": " + reason(e), e);
    } finally {
      deleteQuietly(beside);
    }
  }

  /** Why a file operation failed, in a few words for a message. */
  public static String reason(IOException e) {
    return switch (e) {
      case NoSuchFileException missing -> "no such file or folder";
      case AccessDeniedException denied -> "permission denied";
      case CharacterCodingException binary -> "this is not a UTF-8 text";
      case FileSystemException other when other.getReason() != null -> other.getReason();
      default -> String.valueOf(e.getMessage());
    };
  }

  /** Deletes what killed writers of this file left beside it; one at work has just written. */
  private static void deleteLeftovers(Path file) {
    String begin = file.getFileName() + ".";
    Instant old = Instant.now().minus(ABANDONED);
    try (Stream<Path> beside = Files.list(file.toAbsolutePath().resolveSibling(""))) {
      for (Path path : beside.toList()) {
        String name = path.getFileName().toString();
        if (name.startsWith(begin)
            && SUFFIX.matcher(name.substring(begin.length())).matches()
            && Files.getLastModifiedTime(path).toInstant().isBefore(old)) {
          deleteQuietly(path);
        }
      }
    } catch (IOException | UncheckedIOException e) {
      // Whether the folder can be written to is seen next.
    }
  }

  private static void deleteQuietly(Path file) {
    try {
      Files.deleteIfExists(file); // after a successful move there is nothing to delete
    } catch (IOException e) {
      // The failure that matters is already on its way to the caller.
    }
  }
}
