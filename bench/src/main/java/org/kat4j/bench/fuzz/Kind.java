package org.kat4j.bench.fuzz;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * A kind of input.
 *
 * @param name as it is given on the command line
 * @param sound files that are read without complaint; damage starts from them
 * @param reader what kat4j does with such a file
 */
record Kind(String name, List<byte[]> sound, Reader reader) {
  /** Reads a whole file as kat4j does, from memory or by way of a scratch folder of its own. */
  interface Reader {
    /**
     * Throws a {@link org.kat4j.error.UserException} where the content is refused; every other
     * exception is a fault.
     */
    void read(byte[] content, Path scratch) throws IOException;
  }
}
