package org.kat4j.lab;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.kat4j.error.UserException;
import org.kat4j.torch.AtomicFile;

/**
 * Finished trials, one file each, named by the hash of everything that determines them.
 *
 * <p>Several processes may work on one folder: whoever holds the lock of a trial runs it. The
 * system lets go of the locks of a process that dies.
 *
 * @param folder of the files
 */
record TrialStore(Path folder) {
  TrialStore {
    try {
      Files.createDirectories(folder);
    } catch (IOException failed) {
      throw new UserException(
          folder + " cannot be made (" + AtomicFile.reason(failed) + "): choose another --out",
          failed);
    }
  }

  /**
   * The right to run a trial. Its file stays: who has it open and waits would lock a deleted one,
   * and the next a new one beside it.
   */
  record Lock(FileChannel channel, FileLock lock, Path file) implements AutoCloseable {
    @Override
    public void close() {
      try {
        channel.close(); // lets go of the lock
      } catch (IOException failed) {
        throw new UserException(file + ": " + AtomicFile.reason(failed), failed);
      }
    }
  }

  /** The name of whatever is determined by a text. */
  static String key(String determinedBy) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256")
              .digest(determinedBy.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest, 0, 12);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  Optional<Outcome> find(String key) {
    Path file = file(key);
    return Files.exists(file) ? Optional.of(Json.read(file, Outcome.class)) : Optional.empty();
  }

  void put(String key, Outcome outcome) {
    Json.write(file(key), outcome);
    clear(scratch(key));
  }

  /** Empty if another process runs it, or has just finished it. */
  Optional<Lock> take(String key) {
    Path file = folder.resolve(key + ".lock");
    try {
      FileChannel channel =
          FileChannel.open(file, StandardOpenOption.WRITE, StandardOpenOption.CREATE);
      FileLock lock = tryLock(channel);
      if (lock == null) {
        channel.close();
        return Optional.empty();
      }
      Lock taken = new Lock(channel, lock, file);
      if (Files.exists(file(key))) {
        taken.close();
        return Optional.empty();
      }
      return Optional.of(taken);
    } catch (IOException failed) {
      throw new UserException(file + ": " + AtomicFile.reason(failed), failed);
    }
  }

  private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
    try {
      return channel.tryLock();
    } catch (OverlappingFileLockException held) { // by this process
      return null;
    }
  }

  /** Where a trial keeps what it needs to go on. */
  Path scratch(String key) {
    return folder.resolve(key + ".running");
  }

  private Path file(String key) {
    return folder.resolve(key + ".json");
  }

  private static void clear(Path folder) {
    if (!Files.exists(folder)) {
      return;
    }
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    } catch (IOException failed) {
      throw new UserException(folder + ": " + AtomicFile.reason(failed), failed);
    }
  }
}
