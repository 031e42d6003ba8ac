package org.kat4j.data.text;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipInputStream;
import org.kat4j.data.Sha256;
import org.kat4j.error.UserException;
import org.kat4j.torch.AtomicFile;

/**
 * A range of the bytes of a file of UTF-8 text, which may lie in a zip archive of its own.
 *
 * @param path of the file or archive
 * @param begin first byte
 * @param end the byte after the last
 */
public record TextFile(Path path, long begin, long end) {
  private static final int BUFFER = 1 << 16;

  /** Takes the characters of a block of text, from position to limit. */
  interface Block {
    /**
     * Takes a block.
     *
     * @param before bytes of the file before it
     */
    void take(CharBuffer characters, long before) throws IOException;
  }

  /**
   * What reading a whole file tells.
   *
   * @param whole the range of all its text
   * @param characters how many there are
   * @param sha256 checksum of all its bytes
   */
  record Scan(TextFile whole, long characters, String sha256) {}

  /**
   * Reads a file once, to see that it is text.
   *
   * @throws UserException if it is none, or cannot be read
   */
  static Scan scan(Path path) {
    MessageDigest digest = Sha256.start();
    long[] sums = new long[2]; // characters, of which marks
    long bytes =
        new TextFile(path, 0, Long.MAX_VALUE)
            .read(
                digest,
                (block, before) -> {
                  sums[0] += characters(block);
                  sums[1] += before == 0 && startsWithMark(block) ? 1 : 0;
                });
    TextFile whole = new TextFile(path, 3 * sums[1], bytes);
    String sha256 = HexFormat.of().formatHex(digest.digest());
    return new Scan(whole, sums[0] - sums[1], sha256);
  }

  public long bytes() {
    return end - begin;
  }

  /** Reads the text block by block. */
  void forEachBlock(Block block) {
    read(Sha256.start(), block);
  }

  /** The byte at which the character of this number (counted in this range) begins. */
  long byteOf(long character) {
    long[] state = {character, -1}; // characters to go, the byte
    forEachBlock((block, before) -> {
      int here = characters(block);
      if (state[1] < 0 && state[0] <= here) {
        int chars = 0;
        for (long left = state[0]; left > 0; left--) {
          chars += Character.isHighSurrogate(block.charAt(chars)) ? 2 : 1;
        }
        String head = block.subSequence(0, chars).toString();
        state[1] = before + head.getBytes(StandardCharsets.UTF_8).length;
      }
      state[0] -= here;
    });
    return state[1] < 0 ? end : state[1];
  }

  /** The number of code points; a block never ends within one. */
  private static int characters(CharBuffer block) {
    int count = block.remaining();
    for (int i = 0; i < block.remaining(); i++) {
      count -= Character.isLowSurrogate(block.charAt(i)) ? 1 : 0;
    }
    return count;
  }

  /** Windows' editors put U+FEFF before a text to mark its encoding; it is no part of it. */
  private static boolean startsWithMark(CharBuffer block) {
    return !block.isEmpty() && block.charAt(0) == '\uFEFF';
  }

  /** Hands out the text of the range; returns the byte at which it ended. */
  private long read(MessageDigest digest, Block block) {
    try (InputStream in = new DigestInputStream(open(), digest)) {
      in.skipNBytes(begin);
      return decode(in, block);
    } catch (ZipException e) {
      throw new UserException(
          path + ": the compressed data is damaged (" + e.getMessage() + "); fetch it again", e);
    } catch (IOException e) {
      throw new UserException(path + ": cannot be read (" + AtomicFile.reason(e) + ")", e);
    }
  }

  private long decode(InputStream in, Block block) throws IOException {
    CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
    ByteBuffer bytes = ByteBuffer.allocate(BUFFER);
    CharBuffer characters = CharBuffer.allocate(BUFFER);
    long at = begin; // of the first byte that has not been decoded
    boolean last = false;
    while (!last) {
      int wanted = (int) Math.min(bytes.remaining(), end - at - bytes.position());
      int read = in.readNBytes(bytes.array(), bytes.position(), wanted);
      last = read < wanted || at + bytes.position() + read == end;
      bytes.position(bytes.position() + read).flip();
      CoderResult result = decoder.decode(bytes, characters, last);
      if (result.isError()) {
        throw Utf8.malformed(path.toString(), at + bytes.position());
      }
      int decoded = bytes.position();
      block.take(characters.flip(), at);
      characters.clear();
      bytes.compact();
      at += decoded;
    }
    return at;
  }

  private InputStream open() throws IOException {
    InputStream file = new BufferedInputStream(Files.newInputStream(path), BUFFER);
    if (!isZip()) {
      return file;
    }
    ZipInputStream zip = new ZipInputStream(file);
    ZipEntry entry = zip.getNextEntry();
    if (entry == null || entry.isDirectory()) {
      zip.close();
      throw new ZipException("no text in it");
    }
    return zip;
  }

  boolean isZip() {
    return path.toString().endsWith(".zip");
  }
}
