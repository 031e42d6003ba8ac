package org.kat4j.kernel;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.kat4j.torch.DType;

/** How the GPU kernels see the elements of a tensor: numbers and sizes of {@code elements.cu}. */
enum CudaElement {
  FLOAT32(4, DType.FLOAT32),
  FLOAT64(8, DType.FLOAT64),
  /** Computed with in float32, like {@link #FLOAT16}. */
  BFLOAT16(2, DType.BFLOAT16),
  FLOAT16(2, DType.FLOAT16);

  private static final int VECTOR_BYTES = 16;

  /** Of one element. */
  final int bytes;

  private final DType dtype;

  CudaElement(int bytes, DType dtype) {
    this.bytes = bytes;
    this.dtype = dtype;
  }

  static CudaElement of(Tensor tensor) {
    return of(DType.of(tensor));
  }

  static CudaElement of(DType dtype) {
    for (CudaElement element : values()) {
      if (element.dtype == dtype) {
        return element;
      }
    }
    throw new IllegalArgumentException("no GPU kernels of " + dtype);
  }

  ScalarType stored() {
    return dtype.scalarType();
  }

  /** The type of the arithmetic. */
  ScalarType real() {
    return this == FLOAT64 ? ScalarType.Double : ScalarType.Float;
  }

  /** Whether a parameter lies in memory as the arithmetic takes it. */
  boolean isReal(Tensor parameter) {
    return parameter.is_contiguous() && parameter.scalar_type().intern() == real();
  }

  /**
   * A parameter as the arithmetic takes it: itself where it lies so, since each call costs time.
   */
  Tensor real(Tensor parameter) {
    return isReal(parameter) ? parameter : parameter.detach().to(real()).contiguous();
  }

  int realBytes() {
    return this == FLOAT64 ? Double.BYTES : Float.BYTES;
  }

  /** Elements that a thread moves at once at most. */
  int widest() {
    return VECTOR_BYTES / bytes;
  }

  /** The most elements, up to 16 bytes, that divide a run and suit the tensors' addresses. */
  int width(long run, long addresses) {
    int width = widest();
    while (width > 1 && (run % width != 0 || addresses % ((long) width * bytes) != 0)) {
      width /= 2;
    }
    return width;
  }
}
