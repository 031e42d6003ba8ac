package org.kat4j.torch;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * The container of {@code torch.save} since 1.6: a zip archive of stored entries {@code
 * ROOT/data.pkl}, {@code ROOT/byteorder} and {@code ROOT/data/KEY}.
 */
final class TorchZip implements TorchArchive {
  private static final int PIECE = 1 << 16;
  private static final long NOT_SUMMED = 0; // what PyTorch leaves where checksums are switched off

  private final ZipFile zip;
  private final Map<String, ZipEntry> entries = new HashMap<>();
  private final String prefix;
  private final Object root;
  private final Set<String> sound =
      ConcurrentHashMap.newKeySet(); // entries with the right checksum

  TorchZip(Path file) throws IOException {
    zip = new ZipFile(file.toFile());
    try {
      for (ZipEntry entry : Collections.list(zip.entries())) {
        if (entries.put(entry.getName(), entry) != null) {
          throw new MalformedFileException("two of its entries have the same name");
        }
      }
      ZipEntry pickle = pickle();
      prefix = pickle.getName().substring(0, pickle.getName().length() - "data.pkl".length());
      checkByteOrder();
      var sum = new CRC32();
      try (InputStream in =
          new BufferedInputStream(new CheckedInputStream(stored(pickle), sum), PIECE)) {
        var input = new PickleInput(in, pickle.getSize());
        root = new PickleMachine(input, TorchArchive.pickleBudget(Files.size(file))).run();
        in.skipNBytes(pickle.getSize() - input.position());
      }
      check(pickle, sum);
    } catch (IllegalArgumentException e) { // the JDK's answer
      zip.close();
      throw new MalformedFileException("one of its entries has a damaged name");
    } catch (IOException | RuntimeException e) {
      zip.close();
      throw e;
    }
  }

  private ZipEntry pickle() throws IOException {
    List<ZipEntry> found =
        entries.values().stream()
            .filter(entry ->
                entry.getName().equals("data.pkl") || entry.getName().endsWith("/data.pkl"))
            .toList();
    if (found.size() != 1) {
      throw new MalformedFileException(
          "it is a zip archive with %d entries data.pkl; one is needed".formatted(found.size()));
    }
    String name = found.getFirst().getName();
    if (entries.containsKey(name.replaceFirst("data\\.pkl$", "constants.pkl"))) {
      throw new MalformedFileException(
          "it is a compiled TorchScript program; save the model's state_dict() instead");
    }
    return found.getFirst();
  }

  private void checkByteOrder() throws IOException {
    ZipEntry order = entries.get(prefix + "byteorder");
    if (order != null) {
      try (InputStream in = stored(order)) {
        String text = new String(in.readNBytes(16), StandardCharsets.US_ASCII);
        if (!text.equals("little")) {
          throw new MalformedFileException("its numbers are not little-endian");
        }
      }
    }
  }

  /** The bytes of an entry, which {@code torch.save} never compresses: no bomb can hide in it. */
  private InputStream stored(ZipEntry entry) throws IOException {
    if (entry.getMethod() != ZipEntry.STORED || entry.getSize() != entry.getCompressedSize()) {
      throw new MalformedFileException("one of its entries is compressed");
    }
    return zip.getInputStream(entry);
  }

  @Override
  public Object root() {
    return root;
  }

  @Override
  public long bytes(String key) {
    ZipEntry entry = entries.get(prefix + "data/" + key);
    return entry == null ? -1 : entry.getSize();
  }

  @Override
  public void read(String key, long offset, MemorySegment target) throws IOException {
    ZipEntry entry = entries.get(prefix + "data/" + key);
    if (entry == null) {
      throw new MalformedFileException("it has no storage of this name");
    }
    try (InputStream in = stored(entry)) {
      if (sound.contains(key)) {
        in.skipNBytes(offset);
        copy(in, target);
        return;
      }
      // The checksum is that of the whole entry, and nobody else looks at it.
      var sum = new CRC32();
      var summed = new CheckedInputStream(in, sum);
      summed.skipNBytes(offset);
      copy(summed, target);
      summed.skipNBytes(entry.getSize() - offset - target.byteSize());
      check(entry, sum);
      sound.add(key);
    }
  }

  private static void check(ZipEntry entry, CRC32 sum) throws MalformedFileException {
    if (entry.getCrc() != sum.getValue() && entry.getCrc() != NOT_SUMMED) {
      throw new MalformedFileException(
          "the checksum of its entry %s is wrong: the file is damaged".formatted(entry.getName()));
    }
  }

  private static void copy(InputStream in, MemorySegment target) throws IOException {
    byte[] piece = new byte[(int) Math.min(PIECE, target.byteSize())];
    for (long done = 0; done < target.byteSize(); ) {
      int count = in.read(piece, 0, (int) Math.min(piece.length, target.byteSize() - done));
      if (count < 0) {
        throw new EOFException("a storage ends early");
      }
      MemorySegment.copy(piece, 0, target, ValueLayout.JAVA_BYTE, done, count);
      done += count;
    }
  }

  @Override
  public void close() throws IOException {
    zip.close();
  }
}
