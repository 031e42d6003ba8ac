package org.kat4j.torch;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.kat4j.torch.Pickled.Elements;

/**
 * The container of {@code torch.save} before 1.6: five pickles in a row (a number that marks the
 * format, its version, a description of the machine, the value, the list of storages), then each
 * storage as a count and plain numbers.
 */
final class TorchLegacy implements TorchArchive {
  private static final BigInteger MARK = new BigInteger("1950a86a20f9469cfc6c", 16);
  private static final long VERSION = 1001;
  private static final int SMALL_BUDGET = 1 << 16;
  private static final int LENGTH_BYTES = Long.BYTES;

  /** Where the numbers of a storage lie. */
  private record Place(long start, long bytes) {}

  private final FileChannel channel;
  private final Object root;
  private final Map<String, Place> places = new HashMap<>();

  TorchLegacy(Path file) throws IOException {
    channel = FileChannel.open(file, StandardOpenOption.READ);
    try {
      long size = channel.size();
      var in =
          new PickleInput(
              new BufferedInputStream(Channels.newInputStream(channel)), size); // not closed: ours
      if (!MARK.equals(new PickleMachine(in, SMALL_BUDGET).run())
          || !Long.valueOf(VERSION).equals(new PickleMachine(in, SMALL_BUDGET).run())) {
        throw new MalformedFileException("it is of an unknown older format");
      }
      checkMachine(new PickleMachine(in, SMALL_BUDGET).run());
      long budget = TorchArchive.pickleBudget(size);
      var machine = new PickleMachine(in, budget / 2);
      root = machine.run();
      Object keys = new PickleMachine(in, budget / 2).run();
      locate(keys, machine.storages(), in.position(), size);
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  private static void checkMachine(Object description) throws MalformedFileException {
    if (description instanceof Map<?, ?> map && Boolean.FALSE.equals(map.get("little_endian"))) {
      throw new MalformedFileException("its numbers are not little-endian");
    }
  }

  private static int bytesOf(Elements elements) {
    return elements.type() == null ? 16 : elements.type().bytes(); // complex128 is the one not read
  }

  private void locate(Object keys, Map<String, Elements> storages, long start, long size)
      throws IOException {
    if (!(keys instanceof List<?> names)) {
      throw new MalformedFileException("its list of storages is missing");
    }
    long position = start;
    for (Object name : names) {
      // The list has only names; how wide an element is stands where the value names the storage.
      Elements elements = name instanceof String key ? storages.get(key) : null;
      if (elements == null) {
        throw new MalformedFileException("it has a storage that its value does not name");
      }
      int width = bytesOf(elements);
      ByteBuffer count = ByteBuffer.allocate(LENGTH_BYTES).order(ByteOrder.LITTLE_ENDIAN);
      TensorBytes.read(channel, position, MemorySegment.ofBuffer(count));
      position += LENGTH_BYTES;
      long length = count.getLong(0);
      if (length < 0 || length > (size - position) / width) {
        throw new MalformedFileException(
            "a storage of %s elements is announced where %d bytes are left"
                .formatted(Long.toUnsignedString(length), size - position));
      }
      places.put((String) name, new Place(position, length * width));
      position += length * width;
    }
  }

  @Override
  public Object root() {
    return root;
  }

  @Override
  public long bytes(String key) {
    Place place = places.get(key);
    return place == null ? -1 : place.bytes();
  }

  @Override
  public void read(String key, long offset, MemorySegment target) throws IOException {
    Place place = places.get(key);
    if (place == null) {
      throw new MalformedFileException("it has no storage of this name");
    }
    TensorBytes.read(channel, place.start() + offset, target);
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
