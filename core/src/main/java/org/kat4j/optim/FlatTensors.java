package org.kat4j.optim;

import java.util.Collection;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.torch.Context;
import org.kat4j.torch.Memory;

/** Tensors seen as one vector: one after the other, each in row-major order. */
public final class FlatTensors {
  private FlatTensors() {}

  /** The number of elements of all tensors together. */
  public static int length(Collection<Tensor> tensors) {
    return Math.toIntExact(tensors.stream().mapToLong(Tensor::numel).sum());
  }

  /** The values. */
  public static double[] read(Collection<Tensor> tensors) {
    double[] all = new double[length(tensors)];
    int start = 0;
    for (Tensor tensor : tensors) {
      start = append(Memory.doubles(tensor), all, start);
    }
    return all;
  }

  /** Overwrites the values. */
  public static void write(double[] values, Collection<Tensor> tensors) {
    int start = 0;
    for (Tensor tensor : tensors) {
      double[] part = new double[Math.toIntExact(tensor.numel())];
      System.arraycopy(values, start, part, 0, part.length);
      Context.assign(tensor, part);
      start += part.length;
    }
  }

  /** The gradients; 0 where a tensor has none. */
  static void readGradients(Collection<Tensor> tensors, double[] all) {
    int start = 0;
    for (Tensor tensor : tensors) {
      try (Tensor gradient = tensor.mutable_grad()) {
        double[] part =
            gradient.defined()
                ? Memory.doubles(gradient)
                : new double[Math.toIntExact(tensor.numel())];
        start = append(part, all, start);
      }
    }
  }

  static void clearGradients(Collection<Tensor> tensors) {
    for (Tensor tensor : tensors) {
      try (Tensor gradient = tensor.mutable_grad()) {
        gradient.reset();
      }
    }
  }

  private static int append(double[] part, double[] all, int start) {
    System.arraycopy(part, 0, all, start, part.length);
    return start + part.length;
  }
}
