package org.kat4j.data;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.kat4j.error.UserException;

/**
 * Reads the plain files of a tar archive, gzipped or not, one after the other.
 *
 * <p>Blocks of 512 bytes: a header with the name at byte 0 (100 bytes), the size at 124 (11 octal
 * digits) and the type at 156, then the content, filled up to whole blocks; two blocks of zeros end
 * the archive. Source: POSIX.1-1988, ustar.
 */
final class Tar {
  private static final int BLOCK = 512;

  /** Takes the content of one file; may leave some of it unread. */
  interface Visitor {
    void visit(String name, InputStream content) throws IOException;
  }

  private Tar() {}

  /** Shows every plain file of the archive to {@code visitor}. */
  static void read(Path file, Visitor visitor) {
    DataFile.read(
        file,
        archive -> {
          byte[] header = DataFile.exactly(archive, BLOCK);
          while (header[0] != 0) {
            long size = size(header, file);
            try (EntryStream content = new EntryStream(archive, size)) {
              if (header[156] == '0' || header[156] == 0) {
                visitor.visit(text(header, 0, 100), content);
              }
            }
            archive.skipNBytes(Math.floorMod(-size, BLOCK));
            header = DataFile.exactly(archive, BLOCK);
          }
          return archive.transferTo(OutputStream.nullOutputStream());
        });
  }

  private static long size(byte[] header, Path file) {
    String digits = text(header, 124, 12).strip();
    if (!digits.matches("[0-7]{1,12}")) {
      throw new UserException(file + ": not a tar archive; fetch it again");
    }
    return Long.parseLong(digits, 8);
  }

  private static String text(byte[] header, int start, int length) {
    int end = start;
    while (end < start + length && header[end] != 0) {
      end++;
    }
    return new String(header, start, end - start, StandardCharsets.US_ASCII);
  }

  /** The content of one entry; closing it skips what was left unread. */
  private static final class EntryStream extends InputStream {
    private final InputStream archive;
    private long left;

    EntryStream(InputStream archive, long size) {
      this.archive = archive;
      this.left = size;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : Byte.toUnsignedInt(one[0]);
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
      if (left == 0) {
        return -1;
      }
      int count = archive.read(target, offset, (int) Math.min(length, left));
      left -= Math.max(count, 0);
      return count;
    }

    @Override
    public void close() throws IOException {
      archive.skipNBytes(left);
      left = 0;
    }
  }
}
