package org.kat4j.torch;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.kat4j.torch.Pickled.Elements;
import org.kat4j.torch.Pickled.Function;
import org.kat4j.torch.Pickled.None;
import org.kat4j.torch.Pickled.Storage;
import org.kat4j.torch.Pickled.StoredTensor;

/**
 * Storages that a pickle names and the tensors in them: what the few functions of known meaning
 * would give, as descriptions of where numbers lie.
 */
final class PickledTensors {
  private static final int MAX_DIMENSIONS = 64; // libtorch's own limit

  private final PickleStack stack;
  private final Map<String, Elements> storages = new LinkedHashMap<>();

  /**
   * @param stack whose budget pays for what is described
   */
  PickledTensors(PickleStack stack) {
    this.stack = stack;
  }

  /** Element types of all storages that were named, wherever they are used. */
  Map<String, Elements> storages() {
    return storages;
  }

  /** What a function would give. */
  Object value(Function function, Object[] arguments) throws MalformedFileException {
    return switch (function) {
      case DICTIONARY ->
          stack.charged(PickleStack.TABLE_BYTES, new LinkedHashMap<Object, Object>());
      case SIZE -> argument(arguments, 0, Object[].class);
      case REBUILD_PARAMETER -> argument(arguments, 0, Object.class);
      case REBUILD_TENSOR -> tensor(arguments, argument(arguments, 0, Storage.class).elements());
      case REBUILD_TENSOR_V3 -> tensor(arguments, argument(arguments, 6, Elements.class));
      case REBUILD_SUBCLASS -> subclass(arguments);
    };
  }

  /** Arguments: function, class, arguments of the function, ... */
  private Object subclass(Object[] arguments) throws MalformedFileException {
    Object[] inner = argument(arguments, 2, Object[].class);
    return arguments[0] instanceof Function function && function != Function.REBUILD_SUBCLASS
        ? value(function, inner)
        : new Pickled.Opaque("a tensor of a class of its own");
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
    stack.charged(4L * PickleStack.TABLE_BYTES + 2L * Long.BYTES * shape.length, storage);
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
  Storage storage(Object named) throws MalformedFileException {
    if (named instanceof Object[] id
        && id.length >= 5
        && "storage".equals(id[0])
        && id[1] instanceof Elements elements
        && id[2] instanceof String key
        && id[4] instanceof Long count
        && count >= 0) {
      if (id.length > 5 && id[5] != None.NONE) {
        throw new MalformedFileException("it holds views of storages, which are not read");
      }
      storages.put(stack.charged(PickleStack.TABLE_BYTES, key), elements);
      return stack.charged(PickleStack.TABLE_BYTES, new Storage(key, elements, count));
    }
    throw new MalformedFileException("its pickle names a storage wrongly");
  }
}
