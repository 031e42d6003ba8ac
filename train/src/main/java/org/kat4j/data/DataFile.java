package org.kat4j.data;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;
import org.kat4j.error.UserException;
import org.kat4j.torch.AtomicFile;

/**
 * Reads a data file from outside, gzipped or not, without trusting what it says about its size.
 *
 * <p>Whether a file is gzipped is told by its first two bytes, not by its name.
 */
final class DataFile {
  /** Deflate turns one byte into at most 1032 (RFC 1951: 258 bytes from two bits). */
  private static final long MOST_BYTES_PER_GZIP_BYTE = 1032;

  /** Small: between the headers of an archive lies much that is not read. */
  private static final int BUFFER = 1 << 12;

  private static final int UNPACKING_BUFFER = 1 << 16;

  /**
   * Reads the content of an opened file; what it throws is turned into one line by {@link #read}.
   */
  interface Parser<T> {
    T parse(InputStream content) throws IOException;
  }

  private DataFile() {}

  /**
   * Hands the unpacked content of {@code file} to {@code parser}, which must find it at its end.
   *
   * @throws UserException naming the file if it cannot be read, is truncated, is damaged or goes on
   *     after its end
   */
  static <T> T read(Path file, Parser<T> parser) {
    try (InputStream packed = new BufferedInputStream(Files.newInputStream(file), BUFFER);
        InputStream content =
            isGzip(packed) ? new GZIPInputStream(packed, UNPACKING_BUFFER) : packed) {
      T value = parser.parse(content);
      if (content.read() >= 0) {
        throw new UserException(file + ": bytes follow the expected end; fetch the file again");
      }
      return value;
    } catch (EOFException e) {
      throw new UserException(file + ": the file ends too early; fetch it again", e);
    } catch (ZipException e) {
      throw new UserException(
          file + ": the compressed data is damaged (" + e.getMessage() + "); fetch it again", e);
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  /** Whether {@link #read} unpacks the file. */
  static boolean isCompressed(Path file) {
    try (InputStream packed = new BufferedInputStream(Files.newInputStream(file))) {
      return isGzip(packed);
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  private static UserException unreadable(Path file, IOException e) {
    return new UserException(file + ": cannot be read (" + AtomicFile.reason(e) + ")", e);
  }

  /** The most bytes that {@code file} can hold when unpacked; never more than an array can. */
  static long mostBytes(Path file) throws IOException {
    long growth = isCompressed(file) ? MOST_BYTES_PER_GZIP_BYTE : 1;
    return Math.min(Files.size(file) * growth, Integer.MAX_VALUE - 8);
  }

  /**
   * Reads exactly {@code length} bytes.
   *
   * @throws UserException if they do not fit into memory
   */
  static byte[] exactly(InputStream content, int length) throws IOException {
    byte[] bytes = allocate(length);
    if (content.readNBytes(bytes, 0, length) < length) {
      throw new EOFException();
    }
    return bytes;
  }

  /** Memory for what a header announces: a small compressed file may announce a lot. */
  private static byte[] allocate(int length) {
    long most = Runtime.getRuntime().maxMemory() / 2;
    try {
      if (length <= most) {
        return new byte[length];
      }
    } catch (OutOfMemoryError full) {
      // said below; nothing was taken
    }
    throw new UserException(
        "%d MiB of data do not fit into the Java heap of %d MiB: give more, for example KAT4J_JAVA_OPTS=-Xmx%dg"
            .formatted(length >> 20, most >> 19, Math.max(4, (length >> 28))));
  }

  private static boolean isGzip(InputStream packed) throws IOException {
    packed.mark(2);
    boolean gzip = packed.read() == 0x1f && packed.read() == 0x8b;
    packed.reset();
    return gzip;
  }
}
