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
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.kat4j.torch.Pickled.Elements;
import org.kat4j.torch.Pickled.Storage;
import org.kat4j.torch.Pickled.StoredTensor;

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
      root = new PickleMachine(in, budget / 2).run();
      Object keys = new PickleMachine(in, budget / 2).run();
      locate(keys, elementBytes(root), in.position(), size);
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

  /** Element sizes of the storages: the list in the file has only names and counts. */
  private static Map<String, Integer> elementBytes(Object root) {
    Map<String, Integer> bytes = new HashMap<>();
    List<Object> open = new ArrayList<>(List.of(root));
    // Dictionaries only, each once: a dictionary may hold itself.
    Set<Object> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    while (!open.isEmpty()) {
      Object next = open.removeLast();
      if (next instanceof Map<?, ?> map && seen.add(map)) {
        open.addAll(map.values());
      } else if (next instanceof List<?> list && seen.add(list)) {
        open.addAll(list);
      } else if (next instanceof StoredTensor tensor) {
        Storage storage = tensor.storage();
        bytes.put(storage.key(), bytesOf(storage.elements()));
      }
    }
    return bytes;
  }

  private static int bytesOf(Elements elements) {
    return elements.type() == null ? 16 : elements.type().bytes(); // complex128 is the one not read
  }

  private void locate(Object keys, Map<String, Integer> elementBytes, long start, long size)
      throws IOException {
    if (!(keys instanceof List<?> names)) {
      throw new MalformedFileException("its list of storages is missing");
    }
    long position = start;
    for (Object name : names) {
      Integer width = name instanceof String key ? elementBytes.get(key) : null;
      if (width == null) {
        throw new MalformedFileException("it has a storage that no tensor belongs to");
      }
      ByteBuffer count = ByteBuffer.allocate(LENGTH_BYTES).order(ByteOrder.LITTLE_ENDIAN);
      TensorBytes.read(channel, position, MemorySegment.ofBuffer(count));
      position += LENGTH_BYTES;
      long elements = count.getLong(0);
      if (elements < 0 || elements > (size - position) / width) {
        throw new MalformedFileException(
            "a storage of %s elements is announced where %d bytes are left"
                .formatted(Long.toUnsignedString(elements), size - position));
      }
      places.put((String) name, new Place(position, elements * width));
      position += elements * width;
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
