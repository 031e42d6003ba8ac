package org.kat4j.data;

import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.ZipException;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.jspecify.annotations.Nullable;
import org.kat4j.error.UserException;

/**
 * Reads the members of a tar archive, gzipped or not, one after the other: names of any length as
 * ustar, GNU tar and PAX headers store them.
 */
final class Tar {
  private static final int BLOCK = 512;

  /** Headers of one member, its long names among them, take less; more is an attack. */
  private static final int MOST_HEADER_BYTES = 1 << 20;

  /**
   * A file in an archive.
   *
   * @param name as stored, without a leading "./"
   * @param offset where its content begins in the archive, before any compression
   * @param isLink whether it only names another file and has no content of its own
   */
  record Member(String name, long size, long offset, boolean isLink) {}

  /** Takes one member; may leave some of its content unread. */
  interface Visitor {
    void visit(Member member, InputStream content) throws IOException;
  }

  private Tar() {}

  /**
   * Shows every file and link of the archive to {@code visitor}.
   *
   * @throws UserException if it is damaged or ends too early
   */
  static void read(Path file, Visitor visitor) {
    DataFile.read(
        file,
        content -> {
          Blocks blocks = new Blocks(content);
          TarArchiveInputStream archive =
              new TarArchiveInputStream(blocks, StandardCharsets.UTF_8.name());
          for (TarArchiveEntry entry; (entry = next(archive, blocks, file)) != null; ) {
            visit(file, entry, archive, visitor);
          }
          if (!blocks.ended) {
            throw tooShort(file);
          }
          return content.transferTo(OutputStream.nullOutputStream());
        });
  }

  private static UserException tooShort(Path file) {
    return new UserException(file + ": the archive ends too early; fetch it again");
  }

  private static void visit(
      Path file, TarArchiveEntry entry, TarArchiveInputStream archive, Visitor visitor)
      throws IOException {
    byte type = entry.getLinkFlag();
    boolean link = entry.isLink() || entry.isSymbolicLink();
    boolean plain =
        type == TarConstants.LF_NORMAL
            || type == TarConstants.LF_OLDNORM
            || type == TarConstants.LF_CONTIG;
    if (entry.isSparse()) {
      throw new UserException(
          "%s/%s: a sparse file is not read; pack it without --sparse"
              .formatted(file, entry.getName()));
    }
    if (link || plain && !entry.isDirectory()) {
      String name = entry.getName().replaceFirst("^(\\./)+", "");
      visitor.visit(new Member(name, entry.getSize(), archive.getBytesRead(), link), archive);
    }
  }

  private static @Nullable TarArchiveEntry next(
      TarArchiveInputStream archive, Blocks blocks, Path file) throws IOException {
    blocks.startHeader();
    try {
      TarArchiveEntry entry = archive.getNextEntry();
      blocks.endHeader();
      return entry;
    } catch (EOFException | ZipException compressed) {
      throw compressed;
    } catch (IOException | IllegalArgumentException damaged) {
      if (blocks.read() < 0) {
        throw tooShort(file);
      }
      throw new UserException(
          "%s: not a tar archive, or a damaged one (%s); fetch it again"
              .formatted(file, damaged.getMessage()),
          damaged);
    }
  }

  /**
   * The bytes of an archive, with what its reader leaves open: a limit of the headers' length, and
   * whether the block of zeros was seen with which a whole archive ends.
   */
  private static final class Blocks extends FilterInputStream {
    private static final byte[] ZEROS = new byte[BLOCK];
    private boolean inHeader;
    private int headerBytes;
    private boolean ended;

    Blocks(InputStream content) {
      super(content);
    }

    void startHeader() {
      inHeader = true;
      headerBytes = 0;
    }

    void endHeader() {
      inHeader = false;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : Byte.toUnsignedInt(one[0]);
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
      int count = in.readNBytes(target, offset, length); // whole blocks also from a slow stream
      if (inHeader && (headerBytes += count) > MOST_HEADER_BYTES) {
        throw new IOException("a header of more than 1 MiB");
      }
      if (inHeader && count == BLOCK) {
        ended |= Arrays.equals(target, offset, offset + BLOCK, ZEROS, 0, BLOCK);
      } else if (!inHeader && count < length) {
        throw new EOFException(); // in the middle of a member
      }
      return count == 0 && length > 0 ? -1 : count;
    }
  }
}
