package org.kat4j.torch;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.kat4j.torch.Pickled.Elements;
import org.kat4j.torch.Pickled.Function;
import org.kat4j.torch.Pickled.None;
import org.kat4j.torch.Pickled.Opaque;
import org.kat4j.torch.Pickled.Storage;
import org.kat4j.torch.Pickled.StoredTensor;

/**
 * Reads one pickle as data: a stack machine with a closed list of instructions, none of which calls
 * anything.
 *
 * <p>Texts, numbers, lists, tuples and dictionaries become Java's own; tensors become descriptions
 * of where their numbers lie ({@link StoredTensor}); every other object becomes an {@link Opaque}.
 * Memory is bounded by a budget that each value is charged to, so that a short file cannot describe
 * a large one. Source: Python's pickle protocols 2 to 5 as {@code torch.save} writes them.
 */
final class PickleMachine {
  private static final int HIGHEST_PROTOCOL = 5;
  private static final int MAX_DIMENSIONS = 64; // libtorch's own limit

  // About what Java takes for each.
  private static final int REFERENCE_BYTES = 8;
  private static final int OBJECT_BYTES = 32;
  private static final int TABLE_BYTES = 64;

  private final PickleInput in;
  private final List<Object> stack = new ArrayList<>();
  private final List<Integer> marks = new ArrayList<>();
  private final Map<Long, Object> memo = new HashMap<>();
  private long budget;

  /**
   * @param budget bytes of memory that the values may take together
   */
  PickleMachine(PickleInput in, long budget) {
    this.in = in;
    this.budget = budget;
  }

  /** Runs to the end of the pickle and returns its value. */
  Object run() throws IOException {
    while (true) {
      int instruction = in.byte1();
      if (instruction == '.') { // STOP
        return pop();
      }
      execute(instruction);
    }
  }

  private void execute(int instruction) throws IOException {
    switch (instruction) {
      case 0x80 -> checkProtocol(in.byte1());
      case 0x95 -> in.signed8(); // FRAME: its length is of use to nobody who reads byte by byte
      case '(' -> marks.add(charged(REFERENCE_BYTES + OBJECT_BYTES, stack.size()));
      case 'N' -> push(None.NONE);
      case 0x88 -> push(true);
      case 0x89 -> push(false);
      case 'J' -> push((long) in.signed4());
      case 'K' -> push((long) in.byte1());
      case 'M' -> push((long) in.unsigned2());
      case 0x8a -> push(integer(in.bytes(in.byte1()))); // LONG1
      case 'G' -> push(in.float64());
      case 'X' -> pushText(in.utf8(in.unsigned4()));
      case 0x8c -> pushText(in.utf8(in.byte1()));
      case 'U' ->
          pushText(new String(in.bytes(in.byte1()), StandardCharsets.ISO_8859_1)); // Python 2
      case '}' -> push(charged(TABLE_BYTES, new LinkedHashMap<Object, Object>()));
      case ']', 0x8f -> push(charged(OBJECT_BYTES, new ArrayList<Object>())); // list and set
      case ')' -> push(new Object[0]);
      case 't' -> push(sinceMark().toArray());
      case 0x85 -> push(top(1).toArray());
      case 0x86 -> push(top(2).toArray());
      case 0x87 -> push(top(3).toArray());
      case 'a' -> append(top(1));
      case 'e' -> append(sinceMark());
      case 's' -> setItems(top(2));
      case 'u' -> setItems(sinceMark());
      case 'q' -> remember(in.byte1());
      case 'r' -> remember(in.unsigned4());
      case 0x94 -> remember(memo.size());
      case 'h' -> push(recall(in.byte1()));
      case 'j' -> push(recall(in.unsigned4()));
      case 'c' -> push(Pickled.global(in.line(), in.line()));
      case 0x93 -> stackGlobal();
      case 'R', 0x81 -> call(); // REDUCE, NEWOBJ
      case 'b' -> pop(); // BUILD: attributes of the object below, which nothing here has a use for
      case 'Q' -> push(storage());
      default ->
          throw new MalformedFileException(
              "its pickle has the instruction 0x%02x, which tensors do not need"
                  .formatted(instruction));
    }
  }

  private static void checkProtocol(int protocol) throws MalformedFileException {
    if (protocol > HIGHEST_PROTOCOL) {
      throw new MalformedFileException(
          "pickle protocol %d; up to %d is read".formatted(protocol, HIGHEST_PROTOCOL));
    }
  }

  /** Two's complement, little-endian; a long where it fits. */
  private static Object integer(byte[] littleEndian) {
    byte[] bigEndian = new byte[littleEndian.length];
    for (int i = 0; i < bigEndian.length; i++) {
      bigEndian[i] = littleEndian[bigEndian.length - 1 - i];
    }
    BigInteger value = bigEndian.length == 0 ? BigInteger.ZERO : new BigInteger(bigEndian);
    return value.bitLength() < Long.SIZE ? (Object) value.longValueExact() : value;
  }

  // The stack

  private <T> T charged(long bytes, T value) throws MalformedFileException {
    budget -= bytes;
    if (budget < 0) {
      throw new MalformedFileException("its pickle describes more than the file can hold");
    }
    return value;
  }

  private void push(Object value) throws MalformedFileException {
    stack.add(charged(REFERENCE_BYTES + OBJECT_BYTES, value));
  }

  private void pushText(String text) throws MalformedFileException {
    push(charged(OBJECT_BYTES + 2L * text.length(), text));
  }

  /** Nothing below the last mark may be taken: what stands there is not finished. */
  private int floor() {
    return marks.isEmpty() ? 0 : marks.getLast();
  }

  private Object pop() throws MalformedFileException {
    return top(1).getFirst();
  }

  /** Takes the topmost values, the lowest of them first. */
  private List<Object> top(int count) throws MalformedFileException {
    int from = stack.size() - count;
    if (from < floor()) {
      throw new MalformedFileException("its pickle takes a value that is not there");
    }
    return from(from);
  }

  /** Takes all values since the last mark, and the mark. */
  private List<Object> sinceMark() throws MalformedFileException {
    if (marks.isEmpty()) {
      throw new MalformedFileException("its pickle closes a group that was not opened");
    }
    return from(marks.removeLast());
  }

  private List<Object> from(int index) throws MalformedFileException {
    List<Object> tail = stack.subList(index, stack.size());
    List<Object> taken =
        charged(OBJECT_BYTES + (long) REFERENCE_BYTES * tail.size(), List.copyOf(tail));
    tail.clear();
    return taken;
  }

  /** The value on top, which stays. */
  private Object peek() throws MalformedFileException {
    if (stack.size() == floor()) {
      throw new MalformedFileException("its pickle takes a value that is not there");
    }
    return stack.getLast();
  }

  private void remember(long index) throws MalformedFileException {
    memo.put(charged(TABLE_BYTES, index), peek());
  }

  private Object recall(long index) throws MalformedFileException {
    Object value = memo.get(index);
    if (value == null) {
      throw new MalformedFileException("its pickle refers to value " + index + ", not yet read");
    }
    return value;
  }

  // Containers

  private void append(List<Object> items) throws MalformedFileException {
    if (peek() instanceof List<?>) {
      @SuppressWarnings("unchecked") // lists on the stack are ours
      List<Object> list = (List<Object>) peek();
      list.addAll(charged(2L * REFERENCE_BYTES * items.size(), items));
    } else if (!(peek() instanceof Opaque)) {
      throw new MalformedFileException("its pickle appends to what is no list");
    }
  }

  /** Entries under names and whole numbers; others are nothing that weights are found by. */
  private void setItems(List<Object> items) throws MalformedFileException {
    if (items.size() % 2 != 0) {
      throw new MalformedFileException("its pickle has a key without a value");
    }
    if (peek() instanceof Map<?, ?>) {
      @SuppressWarnings("unchecked") // maps on the stack are ours
      Map<Object, Object> map = (Map<Object, Object>) peek();
      for (int i = 0; i < items.size(); i += 2) {
        if (items.get(i) instanceof String || items.get(i) instanceof Long) {
          map.put(charged(TABLE_BYTES, items.get(i)), items.get(i + 1));
        }
      }
    } else if (!(peek() instanceof Opaque)) {
      throw new MalformedFileException("its pickle sets entries of what is no dictionary");
    }
  }

  // Objects

  private void stackGlobal() throws MalformedFileException {
    List<Object> name = top(2);
    if (!(name.get(0) instanceof String module && name.get(1) instanceof String attribute)) {
      throw new MalformedFileException("its pickle names a class by something else than texts");
    }
    push(Pickled.global(module, attribute));
  }

  /**
   * The value of a function of known meaning; for any other an object that is never looked into.
   */
  private void call() throws MalformedFileException {
    List<Object> both = top(2);
    if (!(both.get(1) instanceof Object[] arguments)) {
      throw new MalformedFileException("its pickle calls a function without arguments");
    }
    push(
        switch (both.get(0)) {
          case Function function -> value(function, arguments);
          case Opaque object -> object;
          case Elements elements -> new Opaque("torch." + elements.name());
          default -> throw new MalformedFileException("its pickle calls what is no function");
        });
  }

  private Object value(Function function, Object[] arguments) throws MalformedFileException {
    return switch (function) {
      case ORDERED_DICT -> charged(TABLE_BYTES, new LinkedHashMap<Object, Object>());
      case SIZE -> argument(arguments, 0, Object[].class);
      case REBUILD_PARAMETER -> argument(arguments, 0, Object.class);
      case REBUILD_TENSOR -> tensor(arguments, argument(arguments, 0, Storage.class).elements());
      case REBUILD_TENSOR_V3 -> tensor(arguments, argument(arguments, 6, Elements.class));
    };
  }

  private static <T> T argument(Object[] arguments, int index, Class<T> type)
      throws MalformedFileException {
    if (index >= arguments.length || !type.isInstance(arguments[index])) {
      throw new MalformedFileException("its pickle describes a tensor wrongly");
    }
    return type.cast(arguments[index]);
  }

  /** Arguments: storage, offset, sizes, strides, ... */
  private StoredTensor tensor(Object[] arguments, Elements elements) throws MalformedFileException {
    Storage storage = argument(arguments, 0, Storage.class);
    long offset = argument(arguments, 1, Long.class);
    long[] shape = sizes(argument(arguments, 2, Object[].class));
    long[] stride = sizes(argument(arguments, 3, Object[].class));
    if (shape.length != stride.length || offset < 0) {
      throw new MalformedFileException("its pickle describes a tensor wrongly");
    }
    checkExact(offset, shape, stride);
    charged(4L * TABLE_BYTES + 2L * Long.BYTES * shape.length, storage);
    return new StoredTensor(storage, elements, offset, shape, stride);
  }

  private static long[] sizes(Object[] numbers) throws MalformedFileException {
    if (numbers.length > MAX_DIMENSIONS) {
      throw new MalformedFileException("a tensor has more than " + MAX_DIMENSIONS + " dimensions");
    }
    long[] sizes = new long[numbers.length];
    for (int i = 0; i < sizes.length; i++) {
      sizes[i] = argument(numbers, i, Long.class);
      if (sizes[i] < 0) {
        throw new MalformedFileException("a tensor has a negative size or stride");
      }
    }
    return sizes;
  }

  /** Products and the last place fit a long, also where a size is 0. */
  private static void checkExact(long offset, long[] shape, long[] stride)
      throws MalformedFileException {
    try {
      long count = Double.BYTES;
      long last = Math.multiplyExact(offset + 1, Double.BYTES);
      for (int i = 0; i < shape.length; i++) {
        long size = Math.max(shape[i], 1);
        count = Math.multiplyExact(count, size);
        long reach = Math.multiplyExact(Math.multiplyExact(size, stride[i]), Double.BYTES);
        last = Math.addExact(last, reach);
      }
    } catch (ArithmeticException overflow) {
      throw new MalformedFileException(
          "a tensor has the impossible shape " + Arrays.toString(shape));
    }
  }

  /** ('storage', type, key, location, number of elements, view), the last one in old files only. */
  private Storage storage() throws MalformedFileException {
    if (pop() instanceof Object[] id
        && id.length >= 5
        && "storage".equals(id[0])
        && id[1] instanceof Elements elements
        && id[2] instanceof String key
        && id[4] instanceof Long count
        && count >= 0) {
      if (id.length > 5 && id[5] != None.NONE) {
        throw new MalformedFileException("it holds views of storages, which are not read");
      }
      return charged(TABLE_BYTES, new Storage(key, elements, count));
    }
    throw new MalformedFileException("its pickle names a storage wrongly");
  }
}
