package org.kat4j.train;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.kat4j.error.UserException;
import org.kat4j.torch.AtomicFile;

/**
 * The right to train in a run folder, which one process has at a time: a lock on {@code run.lock}
 * of the folder. It ends with the process, however that ends; the file stays.
 */
final class RunLock implements AutoCloseable {
  static final String FILE = "run.lock";

  private static final System.Logger LOG = System.getLogger(RunLock.class.getName());
  private static final long FAR_BEHIND =
      Long.MAX_VALUE - 1; // the number in the file stays readable
  private static final int NUMBER_BYTES = 32;

  // The system's locks are those of a process, and closing any handle of the file gives them up:
  // within this process the folders themselves are remembered, and the file is not opened twice.
  private static final Set<Path> TAKEN = ConcurrentHashMap.newKeySet();

  private final Path folder;
  private final FileChannel channel;

  private RunLock(Path folder, FileChannel channel) {
    this.folder = folder;
    this.channel = channel;
  }

  /**
   * Takes the lock of a folder, which must exist.
   *
   * @throws UserException when another process has it, or the folder cannot be written to
   */
  static RunLock take(Path folder) {
    try {
      Path real = folder.toRealPath();
      if (!TAKEN.add(real)) {
        throw taken(folder, Long.toString(ProcessHandle.current().pid()));
      }
      try {
        return new RunLock(real, locked(folder));
      } catch (IOException | RuntimeException failed) {
        TAKEN.remove(real);
        throw failed;
      }
    } catch (IOException failed) {
      throw new UserException(
          folder + " cannot be trained in: " + FILE + ": " + AtomicFile.reason(failed), failed);
    }
  }

  /**
   * Looks whether a folder is trained in, and changes nothing there.
   *
   * @throws UserException when another process has its lock
   */
  static void requireFree(Path folder) throws IOException {
    Path file = folder.resolve(FILE);
    if (TAKEN.contains(folder.toRealPath())) {
      throw taken(folder, Long.toString(ProcessHandle.current().pid()));
    }
    if (!Files.exists(file)) {
      return;
    }
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      if (isHeldByAnother(channel)) {
        throw taken(folder, number(channel));
      }
    }
  }

  private static FileChannel locked(Path folder) throws IOException {
    FileChannel channel =
        FileChannel.open(
            folder.resolve(FILE),
            StandardOpenOption.CREATE,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE);
    try {
      if (isHeldByAnother(channel)) {
        throw taken(folder, number(channel));
      }
      writeNumber(channel);
      return channel;
    } catch (IOException | RuntimeException failed) {
      channel.close();
      throw failed;
    }
  }

  private static boolean isHeldByAnother(FileChannel channel) {
    try {
      @Nullable FileLock lock = channel.tryLock(FAR_BEHIND, 1, /* shared= */ false);
      return lock == null;
    } catch (IOException unsupported) { // some network file systems have no locks
      LOG.log(
          System.Logger.Level.WARNING,
          "the run folder cannot be locked: " + AtomicFile.reason(unsupported));
      return false;
    }
  }

  private static UserException taken(Path folder, String process) {
    return new UserException(
        "%s: another process (pid %s) trains here: wait for it, stop it, or choose another --out"
            .formatted(folder, process));
  }

  private static String number(FileChannel channel) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(NUMBER_BYTES);
    channel.read(bytes, 0);
    String text = new String(bytes.array(), 0, bytes.position(), StandardCharsets.US_ASCII).strip();
    return text.chars().allMatch(Character::isDigit) && !text.isEmpty() ? text : "unknown";
  }

  private static void writeNumber(FileChannel channel) {
    String number = ProcessHandle.current().pid() + "\n";
    try {
      channel.truncate(0);
      channel.write(ByteBuffer.wrap(number.getBytes(StandardCharsets.US_ASCII)));
    } catch (IOException unimportant) {
      // The number is for a message only.
    }
  }

  @Override
  public void close() {
    if (channel.isOpen()) {
      try {
        channel.close();
      } catch (IOException closedAnyway) {
        // The lock ends with the process at the latest.
      }
      TAKEN.remove(folder);
    }
  }
}
