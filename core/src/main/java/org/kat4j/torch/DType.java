package org.kat4j.torch;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** The floating-point types that models compute in. */
public enum DType {
  FLOAT64(ScalarType.Double),
  FLOAT32(ScalarType.Float),
  BFLOAT16(ScalarType.BFloat16),
  FLOAT16(ScalarType.Half);

  private final ScalarType scalarType;

  DType(ScalarType scalarType) {
    this.scalarType = scalarType;
  }

  /** libtorch's name for it. */
  public ScalarType scalarType() {
    return scalarType;
  }

  /** The dtype of a tensor; fails for integer tensors. */
  public static DType of(Tensor tensor) {
    return of(tensor.scalar_type());
  }

  /** The dtype of libtorch's name; fails for integers. */
  static DType of(ScalarType name) {
    ScalarType type = name.intern(); // JavaCPP hands out enum objects of its own
    for (DType dtype : values()) {
      if (dtype.scalarType == type) {
        return dtype;
      }
    }
    throw new IllegalArgumentException("a floating-point tensor is needed, not " + type);
  }
}
