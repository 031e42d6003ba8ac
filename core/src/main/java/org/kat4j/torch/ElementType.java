package org.kat4j.torch;

import java.util.Arrays;
import java.util.Optional;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The element types that a safetensors file may hold, under the names of the format, smallest
 * first.
 *
 * <p>The order is the reference library's: it decides where a tensor stands in a written file.
 *
 * <p>Source: the safetensors format; its sub-byte types (F4, F6 and kin) are not read.
 */
public enum ElementType {
  BOOL(1, ScalarType.Bool),
  U8(1, ScalarType.Byte),
  I8(1, ScalarType.Char),
  F8_E5M2(1, ScalarType.Float8_e5m2),
  F8_E4M3(1, ScalarType.Float8_e4m3fn),
  I16(2, ScalarType.Short),
  U16(2, ScalarType.UInt16),
  F16(2, ScalarType.Half),
  BF16(2, ScalarType.BFloat16),
  I32(4, ScalarType.Int),
  U32(4, ScalarType.UInt32),
  F32(4, ScalarType.Float),
  C64(8, ScalarType.ComplexFloat),
  F64(8, ScalarType.Double),
  I64(8, ScalarType.Long),
  U64(8, ScalarType.UInt64);

  private final int bytes;
  private final ScalarType scalarType;

  ElementType(int bytes, ScalarType scalarType) {
    this.bytes = bytes;
    this.scalarType = scalarType;
  }

  /** Bytes of one element. */
  public int bytes() {
    return bytes;
  }

  /** Whether it holds real numbers, of whatever precision. */
  public boolean isReal() {
    return switch (this) {
      case F8_E5M2, F8_E4M3, F16, BF16, F32, F64 -> true;
      case BOOL, U8, I8, I16, U16, I32, U32, I64, U64, C64 -> false;
    };
  }

  /** The same type in libtorch. */
  ScalarType scalarType() {
    return scalarType;
  }

  static Optional<ElementType> named(String name) {
    return Arrays.stream(values()).filter(type -> type.name().equals(name)).findFirst();
  }

  static Optional<ElementType> of(ScalarType scalarType) {
    // JavaCPP hands out enum objects of its own; intern() gives the constant.
    ScalarType constant = scalarType.intern();
    return Arrays.stream(values()).filter(type -> type.scalarType == constant).findFirst();
  }
}
