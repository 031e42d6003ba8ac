package org.kat4j.data.text;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.zip.CRC32C;
import org.kat4j.error.UserException;
import org.kat4j.torch.AtomicFile;

/**
 * Texts that have been turned into ids, each in a file: made once, then mapped.
 *
 * <p>A file is a header of 128 bytes and the ids, 2 bytes each where the vocabulary allows, else 4,
 * all little-endian. The header holds a mark, the checksum of text and tokenizer, the width of an
 * id, how many there are, the bytes of the text, and a checksum of the ids. A file whose header or
 * ids are not what they have to be is written anew, beside it and moved into place.
 *
 * @param folder where the files are kept
 */
public record TokenCache(Path folder) {
  private static final byte[] MARK = "kat4j ids 1\n".getBytes(StandardCharsets.US_ASCII);
  private static final int HEADER = 128;
  private static final int KEY = 16; // 64 hexadecimal digits follow
  private static final int WIDTH = 80;
  private static final int SIZE = 88;
  private static final int BYTES = 96;
  private static final int CHECK = 104;
  private static final long BLOCK = 1L << 30;

  /** The cache of the user. */
  public static TokenCache ofUser() {
    return new TokenCache(Path.of(System.getProperty("user.home"), ".cache", "kat4j", "tokens"));
  }

  /**
   * The ids of a part of a text.
   *
   * @throws UserException if the text cannot be read or encoded, or the file not written
   */
  public Tokens open(TextPart part, Tokenizer tokenizer) {
    String key = Utf8.sha256(part.checksum() + " " + tokenizer.checksum());
    Path file = folder.resolve(fileName(part, tokenizer));
    int width = tokenizer.vocabulary() <= 1 << 16 ? Short.BYTES : Integer.BYTES;
    return read(file, part, key, width)
        .orElseGet(() -> {
          write(file, part, tokenizer, key, width);
          return read(file, part, key, width)
              .orElseThrow(() ->
                  new UserException(file + ": does not read as it was written; free its disk"));
        });
  }

  /** Of where the text lies, not of its content: an edited text replaces its old ids. */
  private static String fileName(TextPart part, Tokenizer tokenizer) {
    TextFile first = part.files().getFirst();
    String place = part.name() + " " + first.path().toAbsolutePath();
    String plain = part.name().replaceAll("[^A-Za-z0-9]+", "-").replaceAll("^-|-$", "");
    String shown = plain.substring(Math.max(0, plain.length() - 60));
    return shown + "-" + Utf8.sha256(place + " " + tokenizer.checksum()).substring(0, 16) + ".ids";
  }

  /** The ids of the file; empty if it is missing, of something else, or damaged. */
  private static Optional<Tokens> read(Path file, TextPart part, String key, int width) {
    if (!Files.isRegularFile(file)) {
      return Optional.empty();
    }
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      ByteBuffer header = ByteBuffer.allocate(HEADER).order(ByteOrder.LITTLE_ENDIAN);
      if (channel.read(header, 0) < HEADER) {
        return Optional.empty();
      }
      long length = channel.size() - HEADER;
      // Left to the collector: these pages are the system's, they take no memory of the process.
      MemorySegment ids =
          channel.map(FileChannel.MapMode.READ_ONLY, HEADER, length, Arena.ofAuto());
      ByteBuffer expected = header(key, width, length / width, part.bytes(), checksum(ids));
      return header.flip().equals(expected) && length % width == 0
          ? Optional.of(new Tokens(part.name(), ids, width == Integer.BYTES, part.bytes(), key))
          : Optional.empty();
    } catch (IOException unreadable) {
      return Optional.empty(); // written anew, and if that fails too, it is said
    }
  }

  private static ByteBuffer header(String key, int width, long size, long bytes, long check) {
    ByteBuffer header = ByteBuffer.allocate(HEADER).order(ByteOrder.LITTLE_ENDIAN);
    header.put(0, MARK).put(KEY, key.getBytes(StandardCharsets.US_ASCII));
    header.putInt(WIDTH, width).putLong(SIZE, size).putLong(BYTES, bytes).putLong(CHECK, check);
    return header;
  }

  private static long checksum(MemorySegment ids) {
    CRC32C sum = new CRC32C();
    for (long at = 0; at < ids.byteSize(); at += BLOCK) {
      sum.update(ids.asSlice(at, Math.min(BLOCK, ids.byteSize() - at)).asByteBuffer());
    }
    return sum.getValue();
  }

  private void write(Path file, TextPart part, Tokenizer tokenizer, String key, int width) {
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw new UserException(
          "cannot keep the ids of a text in %s: %s".formatted(file, AtomicFile.reason(e)), e);
    }
    AtomicFile.write(
        file,
        channel -> {
          CRC32C sum = new CRC32C();
          long[] size = new long[1];
          channel.position(HEADER);
          try {
            part.forEachPiece(piece -> {
              int[] ids = tokenizer.encode(piece);
              ByteBuffer packed = packed(ids, width);
              sum.update(packed.duplicate());
              writeAll(channel, packed);
              size[0] += ids.length;
            });
          } catch (UncheckedIOException full) {
            throw full.getCause();
          }
          channel.position(0);
          writeAll(channel, header(key, width, size[0], part.bytes(), sum.getValue()));
        });
  }

  private static ByteBuffer packed(int[] ids, int width) {
    MemorySegment packed = MemorySegment.ofArray(new byte[ids.length * width]);
    for (int i = 0; i < ids.length; i++) {
      if (width == Short.BYTES) {
        packed.set(Tokens.NARROW, (long) i * width, (short) ids[i]);
      } else {
        packed.set(Tokens.WIDE, (long) i * width, ids[i]);
      }
    }
    return packed.asByteBuffer();
  }

  private static void writeAll(FileChannel channel, ByteBuffer bytes) {
    try {
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
