package org.kat4j.data;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * Lets one process at a time fetch a file; the system lets go of it when a process is killed.
 *
 * <p>The lock is on a file of its own, which is deleted in the end: a lock on what is written would
 * be lost as soon as that is closed once.
 */
final class DownloadLock implements AutoCloseable {
  private static final int MOST_SIZE = 1 << 20;

  private final Path file;
  private final FileChannel channel;

  private DownloadLock(Path file, FileChannel channel) {
    this.file = file;
    this.channel = channel;
  }

  /** The lock, or null while another thread or process has it. */
  static @Nullable DownloadLock tryTake(Path file) throws IOException {
    FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    boolean taken = false;
    try {
      taken = isLocked(channel) && isThere(file, channel);
      return taken ? new DownloadLock(file, channel) : null;
    } catch (OverlappingFileLockException ofThisProcess) {
      return null;
    } finally {
      if (!taken) {
        channel.close();
      }
    }
  }

  private static boolean isLocked(FileChannel channel) {
    try {
      return channel.tryLock() != null;
    } catch (IOException withoutLocks) { // some network file systems: there nobody is kept out
      return true;
    }
  }

  /**
   * Whether the locked file is the one that others will find, or was deleted since it was opened.
   * It is known by a random size, since opening it once more would end the lock.
   */
  private static boolean isThere(Path file, FileChannel channel) throws IOException {
    int size = ThreadLocalRandom.current().nextInt(MOST_SIZE);
    channel.truncate(0);
    channel.write(ByteBuffer.allocate(1), size);
    try {
      return Files.size(file) == size + 1;
    } catch (NoSuchFileException deleted) {
      return false;
    }
  }

  @Override
  public void close() throws IOException {
    try (channel) {
      Files.deleteIfExists(file);
    }
  }
}
