package org.kat4j.torch;

import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a pickle can hold for us besides texts, numbers, maps, lists and tuples (which are {@code
 * Object[]}). Nothing here does anything.
 */
sealed interface Pickled {
  /** Python's {@code None}. */
  enum None implements Pickled {
    NONE
  }

  /** Functions of PyTorch and Python whose meaning the machine knows. */
  enum Function implements Pickled {
    DICTIONARY,
    SIZE,
    REBUILD_TENSOR,
    REBUILD_TENSOR_V3,
    REBUILD_PARAMETER,
    REBUILD_SUBCLASS
  }

  /**
   * Anything else that has a name: a class, a function or an object of it. It is carried along and
   * never looked into.
   *
   * @param name module and name
   */
  record Opaque(String name) implements Pickled {}

  /**
   * An element type of PyTorch; null for one that is not read, such as complex128.
   *
   * @param name PyTorch's name
   */
  record Elements(String name, @Nullable ElementType type) implements Pickled {}

  /**
   * A run of numbers in the file.
   *
   * @param key its name there
   * @param elements their type
   * @param count how many, as the pickle says
   */
  record Storage(String key, Elements elements, long count) implements Pickled {}

  /**
   * A window into a storage.
   *
   * @param elements element type
   * @param offset first element, in elements
   * @param shape sizes
   * @param stride distance of neighbours along each axis, in elements
   */
  @SuppressWarnings("ArrayRecordComponent") // made once by the machine, never compared
  record StoredTensor(Storage storage, Elements elements, long offset, long[] shape, long[] stride)
      implements Pickled {

    /** Number of elements; exact, as the machine checked it. */
    long count() {
      return Arrays.stream(shape).reduce(1, (a, b) -> a * b);
    }

    /** Elements of the storage from the first to the last that is used. */
    long span() {
      if (count() == 0) {
        return 0;
      }
      long last = 0;
      for (int i = 0; i < shape.length; i++) {
        last += (shape[i] - 1) * stride[i];
      }
      return last + 1;
    }

    boolean isContiguous() {
      long expected = 1;
      for (int i = shape.length - 1; i >= 0; i--) {
        if (shape[i] != 1 && stride[i] != expected) {
          return false;
        }
        expected *= shape[i];
      }
      return true;
    }
  }

  private static Map<String, ElementType> elementTypes() {
    return Map.ofEntries(
        Map.entry("Double", ElementType.F64),
        Map.entry("Float", ElementType.F32),
        Map.entry("Half", ElementType.F16),
        Map.entry("BFloat16", ElementType.BF16),
        Map.entry("Long", ElementType.I64),
        Map.entry("Int", ElementType.I32),
        Map.entry("Short", ElementType.I16),
        Map.entry("Char", ElementType.I8),
        Map.entry("Byte", ElementType.U8),
        Map.entry("Untyped", ElementType.U8),
        Map.entry("Bool", ElementType.BOOL),
        Map.entry("ComplexFloat", ElementType.C64),
        Map.entry("float64", ElementType.F64),
        Map.entry("float32", ElementType.F32),
        Map.entry("float16", ElementType.F16),
        Map.entry("bfloat16", ElementType.BF16),
        Map.entry("int64", ElementType.I64),
        Map.entry("int32", ElementType.I32),
        Map.entry("int16", ElementType.I16),
        Map.entry("int8", ElementType.I8),
        Map.entry("uint8", ElementType.U8),
        Map.entry("uint16", ElementType.U16),
        Map.entry("uint32", ElementType.U32),
        Map.entry("uint64", ElementType.U64),
        Map.entry("bool", ElementType.BOOL),
        Map.entry("complex64", ElementType.C64),
        Map.entry("float8_e4m3fn", ElementType.F8_E4M3),
        Map.entry("float8_e5m2", ElementType.F8_E5M2));
  }

  /** The closed table of names: what is not in it becomes {@link Opaque}. */
  static Pickled global(String module, String name) {
    boolean torch = module.equals("torch") || module.startsWith("torch.");
    if (torch && name.endsWith("Storage")) {
      String kind = name.substring(0, name.length() - "Storage".length());
      return new Elements(kind.toLowerCase(Locale.ROOT), elementTypes().get(kind));
    }
    if (module.equals("torch") && elementTypes().containsKey(name)) {
      return new Elements(name, elementTypes().get(name));
    }
    return switch (module + "." + name) {
      case "collections.OrderedDict", "collections.Counter", "collections.defaultdict" ->
          Function.DICTIONARY;
      case "torch.Size" -> Function.SIZE;
      case "torch._utils._rebuild_tensor", "torch._utils._rebuild_tensor_v2" ->
          Function.REBUILD_TENSOR;
      case "torch._utils._rebuild_tensor_v3" -> Function.REBUILD_TENSOR_V3;
      case "torch._utils._rebuild_parameter", "torch._utils._rebuild_parameter_with_state" ->
          Function.REBUILD_PARAMETER;
      case "torch._tensor._rebuild_from_type", "torch._tensor._rebuild_from_type_v2" ->
          Function.REBUILD_SUBCLASS;
      default -> new Opaque(module + "." + name);
    };
  }
}
