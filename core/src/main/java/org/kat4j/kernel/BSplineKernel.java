package org.kat4j.kernel;

import java.lang.foreign.ValueLayout;
import java.lang.ref.Reference;
import java.util.Arrays;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.kat4j.torch.Parallel;

/**
 * B-spline basis values on the CPU: of every input only the order + 1 functions that are not zero
 * are computed, in float64, and written among zeros.
 *
 * <p>Contiguous float32 or float64 {@code x [..., in]}, knots {@code grid [in, knots]} that do not
 * fall. Source: the triangular scheme of Cox and de Boor.
 */
public final class BSplineKernel {
  /** Numbers of basis values that a thread writes at a time. */
  private static final int BLOCK = 1 << 14;

  private BSplineKernel() {}

  /** Whether the tensor is one of the CPU, float32 or float64. */
  public static boolean supports(Tensor x) {
    return ElementKind.supports(x) && ElementKind.of(x) != ElementKind.BFLOAT16;
  }

  /** {@code [..., in, basis]}, a fresh tensor of the caller's scope. */
  public static Tensor forward(Tensor x, Tensor grid, int order) {
    KnotTable knots = KnotTable.of(grid, order);
    long[] shape = Arrays.copyOf(x.shape(), (int) x.dim() + 1);
    shape[shape.length - 1] = knots.basis();
    Tensor values = torch.empty(shape, like(x), new MemoryFormatOptional());
    var run = new Run(x, values, knots);
    run.inBlocks((first, last) -> run.values(first, last));
    Reference.reachabilityFence(x); // the loops know its address only
    return values;
  }

  /** dL/dx from dL/dbasis {@code [..., in, basis]}, contiguous. */
  public static Tensor backward(Tensor upstream, Tensor x, Tensor grid, int order) {
    KnotTable knots = KnotTable.of(grid, order);
    Tensor gradient = torch.empty(x.shape(), like(x), new MemoryFormatOptional());
    var run = new Run(x, upstream, knots);
    long target = NativeMemory.address(gradient);
    run.inBlocks((first, last) -> run.gradients(target, first, last));
    Reference.reachabilityFence(x);
    Reference.reachabilityFence(upstream);
    return gradient;
  }

  private static TensorOptions like(Tensor x) {
    return new TensorOptions(x.scalar_type());
  }

  private interface Block {
    /** Works on the elements of x from first up to last. */
    void work(long first, long last);
  }

  /** One call over the memory of x and of the basis values or their gradients. */
  private static final class Run {
    private final long x;
    private final long values;
    private final long elements;
    private final boolean wide;
    private final KnotTable knots;

    Run(Tensor x, Tensor values, KnotTable knots) {
      if (!x.is_contiguous() || !values.is_contiguous()) {
        throw new IllegalArgumentException("B-splines of tensors that are not contiguous");
      }
      long in = x.size(-1);
      if (in != knots.inputs()) {
        throw new IllegalArgumentException(
            "x of " + in + " channels for the knots of " + knots.inputs());
      }
      this.x = NativeMemory.address(x);
      this.values = NativeMemory.address(values);
      this.knots = knots;
      elements = x.numel();
      wide = ElementKind.of(x) == ElementKind.FLOAT64;
      if (values.numel() != elements * knots.basis()
          || ElementKind.of(values) != ElementKind.of(x)) {
        throw new IllegalArgumentException("basis values of another shape or dtype than x");
      }
    }

    void inBlocks(Block block) {
      long size = Math.max(1, BLOCK / knots.basis());
      int blocks = Math.toIntExact(Math.ceilDiv(elements, size));
      Parallel.forRange(blocks, b -> block.work(b * size, Math.min(elements, (b + 1) * size)));
    }

    void values(long first, long last) {
      int order = knots.order();
      int basis = knots.basis();
      double[] local = new double[order + 1];
      int bytes = wide ? 8 : 4;
      NativeMemory.ALL
          .asSlice(values + first * basis * bytes, (last - first) * basis * bytes)
          .fill((byte) 0);
      int in = knots.inputs();
      int input = (int) (first % in);
      for (long e = first; e < last; e++) {
        double v = load(x, e);
        int cell = knots.cell(input, v);
        if (cell >= 0) {
          knots.local(input, cell, v, order, local);
          int start = cell - order;
          for (int r = Math.max(0, -start); r <= Math.min(order, basis - 1 - start); r++) {
            store(values, e * basis + start + r, local[r]);
          }
        } else if (Double.isNaN(v)) {
          for (int j = 0; j < basis; j++) {
            store(values, e * basis + j, Double.NaN);
          }
        }
        input = input + 1 == in ? 0 : input + 1;
      }
    }

    void gradients(long target, long first, long last) {
      int order = knots.order();
      int basis = knots.basis();
      double[] local = new double[order + 1]; // of order - 1, with a 0 at the end
      int in = knots.inputs();
      int input = (int) (first % in);
      for (long e = first; e < last; e++) {
        double v = load(x, e);
        int cell = knots.cell(input, v);
        double sum = Double.isNaN(v) ? Double.NaN : 0;
        if (cell >= 0) {
          knots.local(input, cell, v, order - 1, local);
          local[order] = 0;
          int start = cell - order;
          for (int r = Math.max(0, -start); r <= Math.min(order, basis - 1 - start); r++) {
            double rising = r == 0 ? 0 : local[r - 1] * knots.inverse(input, start + r);
            double falling = local[r] * knots.inverse(input, start + r + 1);
            sum += load(values, e * basis + start + r) * (rising - falling);
          }
          sum *= order;
        }
        store(target, e, sum);
        input = input + 1 == in ? 0 : input + 1;
      }
    }

    private double load(long address, long element) {
      return wide
          ? NativeMemory.ALL.get(ValueLayout.JAVA_DOUBLE, address + 8 * element)
          : NativeMemory.ALL.get(ValueLayout.JAVA_FLOAT, address + 4 * element);
    }

    private void store(long address, long element, double value) {
      if (wide) {
        NativeMemory.ALL.set(ValueLayout.JAVA_DOUBLE, address + 8 * element, value);
      } else {
        NativeMemory.ALL.set(ValueLayout.JAVA_FLOAT, address + 4 * element, (float) value);
      }
    }
  }
}
