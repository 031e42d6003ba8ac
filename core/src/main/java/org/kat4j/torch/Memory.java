package org.kat4j.torch;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.kat4j.error.UserException;

/** The way between Java's memory and tensors. */
public final class Memory {
  private Memory() {}

  /** Where memory of any size begins; a buffer would end at 2 GiB. */
  private static final class Address extends Pointer {
    Address(MemorySegment memory) {
      address = memory.address();
    }
  }

  /**
   * A tensor over native float32 memory, not copied: it must not be used once the memory is gone.
   */
  public static Tensor floats(MemorySegment memory, long... shape) {
    return torch.from_blob(new Address(memory), shape, new TensorOptions(ScalarType.Float));
  }

  /** A tensor over native int64 memory, not copied: it must not be used once the memory is gone. */
  public static Tensor longs(MemorySegment memory, long... shape) {
    return torch.from_blob(new Address(memory), shape, new TensorOptions(ScalarType.Long));
  }

  /** A float64 tensor on the CPU with a copy of the values, in row-major order. */
  public static Tensor doubles(double[] values, long... shape) {
    return Tensor.create(values, shape);
  }

  /** A tensor of the given values on the device and in the dtype of another one. */
  public static Tensor like(Tensor other, float[] values, long... shape) {
    return Tensor.create(values, shape).to(other.device(), other.scalar_type());
  }

  /**
   * Rows of equal length as one batch, on the device and in the dtype of another tensor.
   *
   * @param shape of one row
   * @return {@code [rows, shape...]}
   */
  public static Tensor batch(Tensor like, List<float[]> rows, long... shape) {
    return batch(rows, shape).to(like.device(), like.scalar_type());
  }

  /**
   * Rows of equal length as one batch.
   *
   * @param shape of one row
   * @return {@code [rows, shape...]}, float32 on the CPU
   */
  public static Tensor batch(List<float[]> rows, long... shape) {
    int length = rows.getFirst().length;
    float[] joined = new float[length((long) rows.size() * length)];
    for (int i = 0; i < rows.size(); i++) {
      System.arraycopy(rows.get(i), 0, joined, i * length, length);
    }
    long[] full = new long[shape.length + 1];
    full[0] = rows.size();
    System.arraycopy(shape, 0, full, 1, shape.length);
    return Tensor.create(joined, full);
  }

  /**
   * The tensor on another device; the same tensor where it already is there.
   *
   * <p>To a GPU it goes by way of page-locked memory: the host does not wait for the device.
   */
  public static Tensor to(Tensor tensor, Device device) {
    boolean upload = device.type() == Device.Type.CUDA && !tensor.is_cuda();
    Tensor source = upload ? tensor.pin_memory() : tensor;
    boolean copyAnyway = false;
    return source.to(
        device.toTorch(), tensor.scalar_type(), upload, copyAnyway, new MemoryFormatOptional());
  }

  /** Copies a tensor into one of its shape, wherever that is. The host does not wait for a GPU. */
  public static void fill(Tensor target, Tensor source) {
    Tensor same = source.to(target.scalar_type());
    boolean noWaiting = true;
    boolean upload = target.is_cuda() && !same.is_cuda();
    target.copy_(upload ? same.pin_memory() : same, noWaiting);
  }

  /** The tensor in another floating-point type; the same tensor where it already has it. */
  public static Tensor to(Tensor tensor, DType dtype) {
    return tensor.to(dtype.scalarType());
  }

  /** Whether no element is infinite or not a number; waits for the device. */
  public static boolean isFinite(Tensor tensor) {
    try (Scope _ = Scope.open()) {
      return torch.isfinite(tensor).all().item_bool();
    }
  }

  /** All elements in row-major order, as float64. */
  public static double[] doubles(Tensor tensor) {
    try (Scope _ = Scope.open()) {
      Tensor flat = tensor.detach().to(ScalarType.Double).cpu().contiguous();
      double[] values = new double[length(flat.numel())];
      if (values.length > 0) {
        flat.data_ptr_double().get(values);
      }
      return values;
    }
  }

  /** All elements of an integer tensor in row-major order. */
  public static long[] longs(Tensor tensor) {
    try (Scope _ = Scope.open()) {
      Tensor flat = tensor.detach().to(ScalarType.Long).cpu().contiguous();
      long[] values = new long[length(flat.numel())];
      if (values.length > 0) {
        flat.data_ptr_long().get(values);
      }
      return values;
    }
  }

  /** The length of an array of so many elements. */
  private static int length(long elements) {
    if (elements > Integer.MAX_VALUE - 8) { // the longest array that there is
      throw new UserException(
          "%,d numbers at once are more than an array holds: take fewer rows or images at a time"
              .formatted(elements));
    }
    return (int) elements;
  }
}
