package org.kat4j.torch;

import java.io.IOException;
import java.lang.foreign.MemorySegment;

/** A container of PyTorch: one pickled value, and storages of plain numbers beside it. */
sealed interface TorchArchive extends AutoCloseable permits TorchZip, TorchLegacy {
  /** The pickled value. */
  Object root();

  /** Bytes of a storage that are really there, or -1 where there is none of this name. */
  long bytes(String key);

  /** Fills {@code target} with the bytes of a storage from {@code offset} on. */
  void read(String key, long offset, MemorySegment target) throws IOException;

  @Override
  void close() throws IOException;

  /** Memory that the pickled value of a file may take: the file's size twice, at least 4 MiB. */
  static long pickleBudget(long fileBytes) {
    return Math.max(4L << 20, 2 * fileBytes);
  }
}
