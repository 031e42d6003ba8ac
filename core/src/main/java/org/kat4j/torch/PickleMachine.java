package org.kat4j.torch;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.kat4j.torch.Pickled.Elements;
import org.kat4j.torch.Pickled.Function;
import org.kat4j.torch.Pickled.None;
import org.kat4j.torch.Pickled.Opaque;
import org.kat4j.torch.Pickled.StoredTensor;

/**
 * Reads one pickle as data: a stack machine none of whose instructions calls anything.
 *
 * <p>Texts, numbers, lists, tuples and dictionaries become Java's own; tensors become descriptions
 * of where their numbers lie ({@link StoredTensor}); every other object, bytes and sets among them,
 * becomes an {@link Opaque}. Source: all protocols of Python's pickle, 0 to 5.
 */
final class PickleMachine {
  private static final int HIGHEST_PROTOCOL = 5;
  private static final int LARGEST_INTEGER = 1024; // bytes; no size, count or key has more

  private final PickleInput in;
  private final PickleStack stack;
  private final PickledTensors tensors;

  /**
   * @param budget bytes of memory that the values may take together
   */
  PickleMachine(PickleInput in, long budget) {
    this.in = in;
    stack = new PickleStack(budget);
    tensors = new PickledTensors(stack);
  }

  /** Runs to the end of the pickle and returns its value. */
  Object run() throws IOException {
    while (true) {
      int instruction = in.byte1();
      if (instruction == '.') { // STOP
        return stack.pop();
      }
      execute(instruction);
    }
  }

  /** Element types of all storages that the pickle has named. */
  Map<String, Elements> storages() {
    return tensors.storages();
  }

  private void execute(int instruction) throws IOException {
    switch (instruction) {
      case 0x80 -> checkProtocol(in.byte1());
      case 0x95 -> in.signed8(); // FRAME: its length is of use to nobody who reads byte by byte
      // The stack
      case '(' -> stack.mark();
      case '0' -> stack.drop();
      case '1' -> stack.sinceMark(); // POP_MARK
      case '2' -> stack.push(stack.peek()); // DUP
      case 'q' -> stack.remember(in.byte1());
      case 'r' -> stack.remember(in.unsigned4());
      case 'p' -> stack.remember(number(in.line()));
      case 0x94 -> stack.rememberNext();
      case 'h' -> stack.push(stack.recall(in.byte1()));
      case 'j' -> stack.push(stack.recall(in.unsigned4()));
      case 'g' -> stack.push(stack.recall(number(in.line())));
      // Containers
      case '}' -> stack.push(dictionary());
      case 'd' -> {
        List<Object> items = stack.sinceMark();
        stack.push(dictionary());
        setItems(items);
      }
      case 's' -> setItems(stack.top(2));
      case 'u' -> setItems(stack.sinceMark());
      case ']', 0x8f -> stack.push(list()); // list and set
      case 'l' -> {
        List<Object> items = stack.sinceMark();
        stack.push(list());
        append(items);
      }
      case 'a' -> append(stack.top(1));
      case 'e', 0x90 -> append(stack.sinceMark()); // APPENDS, ADDITEMS
      case 0x91 -> {
        stack.sinceMark();
        stack.push(new Opaque("frozenset"));
      }
      case ')' -> stack.push(new Object[0]);
      case 't' -> stack.push(stack.sinceMark().toArray());
      case 0x85 -> stack.push(stack.top(1).toArray());
      case 0x86 -> stack.push(stack.top(2).toArray());
      case 0x87 -> stack.push(stack.top(3).toArray());
      // Objects
      case 'c' -> stack.push(Pickled.global(in.line(), in.line()));
      case 0x93 -> stackGlobal();
      case 'R', 0x81 -> call(stack.top(2)); // REDUCE, NEWOBJ
      case 0x92 -> call(stack.top(3).subList(0, 2)); // NEWOBJ_EX: names of arguments do not matter
      case 'i' -> call(List.of(Pickled.global(in.line(), in.line()), stack.sinceMark().toArray()));
      case 'o' -> instance(stack.sinceMark());
      case 'b' -> stack.pop(); // BUILD: attributes of the object below, which nothing has a use for
      case 'Q' -> stack.push(tensors.storage(stack.pop()));
      case 0x82 -> pushExtension(in.byte1());
      case 0x83 -> pushExtension(in.unsigned2());
      case 0x84 -> pushExtension(in.unsigned4());
      default -> scalar(instruction);
    }
  }

  private void scalar(int instruction) throws IOException {
    switch (instruction) {
      case 'N' -> stack.push(None.NONE);
      case 0x88 -> stack.push(true);
      case 0x89 -> stack.push(false);
      case 'J' -> stack.push((long) in.signed4());
      case 'K' -> stack.push((long) in.byte1());
      case 'M' -> stack.push((long) in.unsigned2());
      case 'I' -> {
        String text = in.line(); // 00 and 01 are the truth values of protocol 0
        stack.push(text.equals("00") || text.equals("01") ? text.equals("01") : number(text));
      }
      case 'L' -> stack.push(number(in.line().replaceFirst("L$", "")));
      case 'F' -> stack.push(real(in.line()));
      case 'G' -> stack.push(in.float64());
      case 0x8a -> pushInteger(in.byte1()); // LONG1
      case 0x8b -> pushInteger(in.unsigned4()); // LONG4
      case 'X' -> pushText(in.utf8(in.unsigned4()));
      case 0x8c -> pushText(in.utf8(in.byte1()));
      case 0x8d -> pushText(in.utf8(in.signed8()));
      case 'V' -> pushText(in.line());
      case 'S' -> pushText(in.line().replaceAll("^['\"]|['\"]$", ""));
      case 'U' -> pushText(latin1(in.byte1())); // Python 2
      case 'T' -> pushText(latin1(in.unsigned4()));
      case 'C' -> pushBytes(in.byte1());
      case 'B' -> pushBytes(in.unsigned4());
      case 0x8e, 0x96 -> pushBytes(in.signed8()); // bytes and bytearray
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

  // Scalars

  private static long number(String text) throws MalformedFileException {
    try {
      return Long.parseLong(text.strip());
    } catch (NumberFormatException none) {
      throw new MalformedFileException("its pickle has a number that is none");
    }
  }

  private static double real(String text) throws MalformedFileException {
    try {
      return switch (text.strip()) {
        case "inf" -> Double.POSITIVE_INFINITY;
        case "-inf" -> Double.NEGATIVE_INFINITY;
        case "nan" -> Double.NaN;
        default -> Double.parseDouble(text);
      };
    } catch (NumberFormatException none) {
      throw new MalformedFileException("its pickle has a number that is none");
    }
  }

  /** Two's complement, little-endian; a long where it fits. */
  private void pushInteger(long count) throws IOException {
    if (count > LARGEST_INTEGER) {
      in.skip(count);
      stack.push(new Opaque("int"));
      return;
    }
    byte[] littleEndian = in.bytes(count);
    byte[] bigEndian = new byte[littleEndian.length];
    for (int i = 0; i < bigEndian.length; i++) {
      bigEndian[i] = littleEndian[bigEndian.length - 1 - i];
    }
    BigInteger value = bigEndian.length == 0 ? BigInteger.ZERO : new BigInteger(bigEndian);
    stack.push(
        value.bitLength() < Long.SIZE
            ? (Object) value.longValueExact()
            : stack.charged(count, value));
  }

  private String latin1(long count) throws IOException {
    return new String(in.bytes(count), StandardCharsets.ISO_8859_1);
  }

  private void pushText(String text) throws MalformedFileException {
    stack.push(stack.charged(PickleStack.OBJECT_BYTES + 2L * text.length(), text));
  }

  /** Bytes are nothing that weights are made of here: storages lie outside of the pickle. */
  private void pushBytes(long count) throws IOException {
    in.skip(count);
    stack.push(new Opaque("bytes"));
  }

  /** EXT: a class by its number in a registry that only Python has. */
  private void pushExtension(long number) throws MalformedFileException {
    stack.push(new Opaque("extension " + number));
  }

  // Containers

  private Map<Object, Object> dictionary() throws MalformedFileException {
    return stack.charged(PickleStack.TABLE_BYTES, new LinkedHashMap<>());
  }

  private List<Object> list() throws MalformedFileException {
    return stack.charged(PickleStack.OBJECT_BYTES, new ArrayList<>());
  }

  private void append(List<Object> items) throws MalformedFileException {
    if (stack.peek() instanceof List<?>) {
      @SuppressWarnings("unchecked") // lists on the stack are ours
      List<Object> list = (List<Object>) stack.peek();
      list.addAll(stack.charged(2L * PickleStack.REFERENCE_BYTES * items.size(), items));
    } else if (!(stack.peek() instanceof Opaque)) {
      throw new MalformedFileException("its pickle appends to what is no list");
    }
  }

  /** Entries under names and whole numbers; others are nothing that weights are found by. */
  private void setItems(List<Object> items) throws MalformedFileException {
    if (items.size() % 2 != 0) {
      throw new MalformedFileException("its pickle has a key without a value");
    }
    if (stack.peek() instanceof Map<?, ?>) {
      @SuppressWarnings("unchecked") // maps on the stack are ours
      Map<Object, Object> map = (Map<Object, Object>) stack.peek();
      for (int i = 0; i < items.size(); i += 2) {
        if (items.get(i) instanceof String || items.get(i) instanceof Long) {
          map.put(stack.charged(PickleStack.TABLE_BYTES, items.get(i)), items.get(i + 1));
        }
      }
    } else if (!(stack.peek() instanceof Opaque)) {
      throw new MalformedFileException("its pickle sets entries of what is no dictionary");
    }
  }

  // Objects

  private void stackGlobal() throws MalformedFileException {
    List<Object> name = stack.top(2);
    if (!(name.get(0) instanceof String module && name.get(1) instanceof String attribute)) {
      throw new MalformedFileException("its pickle names a class by something else than texts");
    }
    stack.push(Pickled.global(module, attribute));
  }

  /** OBJ: a class and its arguments. */
  private void instance(List<Object> classAndArguments) throws MalformedFileException {
    if (classAndArguments.isEmpty()) {
      throw new MalformedFileException("its pickle calls what is no function");
    }
    call(
        List.of(
            classAndArguments.getFirst(),
            classAndArguments.subList(1, classAndArguments.size()).toArray()));
  }

  /**
   * The value of a function of known meaning; for any other an object that is never looked into.
   */
  private void call(List<?> both) throws MalformedFileException {
    if (!(both.get(1) instanceof Object[] arguments)) {
      throw new MalformedFileException("its pickle calls a function without arguments");
    }
    stack.push(
        switch (both.get(0)) {
          case Function function -> tensors.value(function, arguments);
          case Opaque object -> object;
          case Elements elements -> new Opaque("torch." + elements.name());
          default -> throw new MalformedFileException("its pickle calls what is no function");
        });
  }
}
