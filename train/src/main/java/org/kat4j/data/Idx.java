package org.kat4j.data;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;
import org.kat4j.error.UserException;

/**
 * An array of unsigned bytes in the IDX format of MNIST.
 *
 * <p>Layout: bytes 0, 0, type (8 = unsigned byte), rank; then rank sizes as big-endian unsigned
 * 32-bit numbers; then the data, row-major. Source: yann.lecun.com/exdb/mnist, as it once stood.
 *
 * @param shape the sizes, each at least 1
 * @param data the elements
 */
@SuppressWarnings("ArrayRecordComponent") // only carries the arrays, is never compared
record Idx(int[] shape, byte[] data) {
  private static final int UNSIGNED_BYTE = 8;

  /**
   * Reads a file, gzipped or not.
   *
   * @param rank the number of sizes the array must have
   * @param sha256 what the unpacked bytes must hash to, in lower-case hexadecimal; null to accept
   *     any
   * @throws UserException naming the file if it is not such an array
   */
  static Idx read(Path file, int rank, @Nullable String sha256) {
    return DataFile.read(
        file,
        content -> {
          if (sha256 == null) {
            return parse(file, rank, content);
          }
          MessageDigest digest = Sha256.start();
          Idx array = parse(file, rank, new DigestInputStream(content, digest));
          String found = HexFormat.of().formatHex(digest.digest());
          if (!found.equals(sha256)) {
            throw new UserException(
                "%s: not the published file (sha256 of its content is %s, not %s); fetch it again, or name its folder as the data set to read it as it is"
                    .formatted(file, found, sha256));
          }
          return array;
        });
  }

  private static Idx parse(Path file, int rank, InputStream content) throws IOException {
    ByteBuffer header = ByteBuffer.wrap(DataFile.exactly(content, 4 + 4 * rank));
    int magic = header.getInt();
    int expected = UNSIGNED_BYTE << 8 | rank;
    if (magic != expected) {
      throw new UserException(
          "%s: not an IDX file of unsigned bytes with %d sizes (magic number %08x, expected %08x)"
              .formatted(file, rank, magic, expected));
    }
    long most = DataFile.mostBytes(file);
    int[] shape = new int[rank];
    long length = 1;
    for (int i = 0; i < rank; i++) {
      long size = Integer.toUnsignedLong(header.getInt());
      // Both factors stay below 2^32 and the product is checked each time, so it cannot overflow.
      length *= size;
      if (size == 0 || length > most) {
        throw new UserException(
            "%s: size %d of the header is %d, which the file cannot hold; fetch it again"
                .formatted(file, i + 1, size));
      }
      shape[i] = (int) size;
    }
    return new Idx(shape, DataFile.exactly(content, (int) length));
  }
}
