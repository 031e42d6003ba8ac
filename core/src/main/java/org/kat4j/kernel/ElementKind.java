package org.kat4j.kernel;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** How the CPU kernels see the elements of a tensor. */
enum ElementKind {
  FLOAT32(4, 4),
  FLOAT64(8, 8),
  /** Stored in two bytes, widened to float32 for arithmetic. */
  BFLOAT16(2, 4);

  /** Bytes of an element in the tensor. */
  final int stored;

  /** Bytes of an element while it is computed with. */
  final int computed;

  ElementKind(int stored, int computed) {
    this.stored = stored;
    this.computed = computed;
  }

  static boolean supports(Tensor tensor) {
    return tensor.is_cpu()
        && switch (type(tensor)) {
          case Float, Double, BFloat16 -> true;
          default -> false;
        };
  }

  static ElementKind of(Tensor tensor) {
    return switch (type(tensor)) {
      case Float -> FLOAT32;
      case Double -> FLOAT64;
      case BFloat16 -> BFLOAT16;
      default ->
          throw new IllegalArgumentException(
              "dtype " + type(tensor) + ": the CPU kernels take float32, float64 and bfloat16");
    };
  }

  private static ScalarType type(Tensor tensor) {
    return tensor.scalar_type().intern(); // JavaCPP hands out enum objects of its own
  }
}
