package org.kat4j.torch;

import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.bytedeco.pytorch.DeviceOptional;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Where and how a part is built.
 *
 * @param device where its tensors live
 * @param dtype their floating-point type
 * @param random stream that initial values are drawn from
 * @param block index of the block it stands in, from 0
 * @param depth number of blocks of the model
 * @param fused whether learnable functions use their fused kernels; the composed twins have second
 *     derivatives
 * @param overwritten whether every tensor is overwritten next, so that initial values which cost
 *     time may be left out
 * @param layout how the tokens lie that its mixers get
 * @param shared parts that blocks of one layout have in common, by name
 */
public record Context(
    Device device,
    DType dtype,
    RandomStream random,
    int block,
    int depth,
    boolean fused,
    boolean overwritten,
    Layout layout,
    Map<String, Object> shared) {
  public Context {
    if (depth < 1 || block < 0 || block >= depth) {
      throw new IllegalArgumentException(
          "block " + block + " of " + depth + ": 0 <= block < depth is needed");
    }
    Host.start();
  }

  /** A context whose initial values matter. */
  public Context(
      Device device, DType dtype, RandomStream random, int block, int depth, boolean fused) {
    this(device, dtype, random, block, depth, fused, false, new Layout.Free(), new HashMap<>());
  }

  /** float32 on the CPU, a model of one block. */
  public static Context cpu(long seed) {
    return new Context(Device.CPU, DType.FLOAT32, new RandomStream(seed), 0, 1, true);
  }

  public Context withDType(DType other) {
    return new Context(device, other, random, block, depth, fused, overwritten, layout, shared);
  }

  public Context withDevice(Device other) {
    return new Context(other, dtype, random, block, depth, fused, overwritten, layout, shared);
  }

  /** The context of block {@code index} of {@code count}. */
  public Context atBlock(int index, int count) {
    return new Context(device, dtype, random, index, count, fused, overwritten, layout, shared);
  }

  /** The same for mixers of tokens that lie so. */
  public Context at(Layout other) {
    return new Context(
        device, dtype, random, block, depth, fused, overwritten, other, new HashMap<>());
  }

  /**
   * A part that several blocks have in common.
   *
   * @param first whether it was made now: who gets it first registers it
   */
  public record Shared<T>(T part, boolean first) {}

  /**
   * The part of this name, made where it is asked for first since the layout was said: blocks that
   * ask for the same have the same.
   *
   * @param name all that it depends on
   */
  public <T> Shared<T> shared(String name, Class<T> type, Supplier<T> made) {
    boolean first = !shared.containsKey(name);
    return new Shared<>(type.cast(shared.computeIfAbsent(name, _ -> made.get())), first);
  }

  /** The same, but second derivatives exist: no fused kernels. */
  public Context composed() {
    return new Context(device, dtype, random, block, depth, false, overwritten, layout, shared);
  }

  /** The same for a part whose every tensor is overwritten next: no costly initial values. */
  public Context forOverwriting() {
    return new Context(device, dtype, random, block, depth, fused, true, layout, shared);
  }

  /** Whether the tensors have memory; on the meta device only shapes exist. */
  public boolean hasMemory() {
    return device.type() != Device.Type.META;
  }

  /**
   * A trainable tensor of this device and dtype, all zeros; it outlives every scope and belongs to
   * its part.
   */
  public Tensor parameter(long... shape) {
    Allowance.charge(shape);
    try (Scope _ = Scope.open()) {
      return Scope.keep(torch.zeros(shape, options()).set_requires_grad(true));
    }
  }

  /**
   * A trainable tensor that repeats the given row: all its numbers, in row-major order, or as many
   * of them at a time as there are values.
   */
  public Tensor parameter(double[] row, long... shape) {
    return repeated(row, parameter(shape));
  }

  /** The same, saved with the part but not trained. */
  public Tensor buffer(double[] row, long... shape) {
    Allowance.charge(shape);
    try (Scope _ = Scope.open()) {
      return repeated(row, Scope.keep(torch.zeros(shape, options())));
    }
  }

  /** A vector of these values that a part makes for itself; see {@link Registry#derived}. */
  public Tensor derived(double[] values) {
    try (Scope _ = Scope.open()) {
      return repeated(values, Scope.keep(torch.zeros(new long[] {values.length}, options())));
    }
  }

  private Tensor repeated(double[] row, Tensor target) {
    if (row.length == 0 ? target.numel() > 0 : target.numel() % row.length != 0) {
      throw new IllegalArgumentException(
          "rows of " + row.length + " values in a tensor of " + target.numel());
    }
    if (!hasMemory() || target.numel() == 0) {
      return target;
    }
    try (Scope _ = Scope.open();
        var _ = Scope.noGradients()) {
      target.view(-1, row.length).copy_(Tensor.create(row));
    }
    return target;
  }

  /** A yes or no, at first no, that is saved with the part but not trained: a boolean scalar. */
  public Tensor flag() {
    Allowance.charge();
    try (Scope _ = Scope.open()) {
      return Scope.keep(torch.zeros(new long[0], options(ScalarType.Bool)));
    }
  }

  private TensorOptions options() {
    return options(dtype.scalarType());
  }

  private TensorOptions options(ScalarType type) {
    return new TensorOptions()
        .dtype(new ScalarTypeOptional(type))
        .device(new DeviceOptional(device.toTorch()));
  }

  /** Writes the values, in row-major order, into a tensor of any device and dtype. */
  public static void assign(Tensor target, double... values) {
    if (target.numel() != values.length) {
      throw new IllegalArgumentException(
          values.length + " values for a tensor of " + target.numel());
    }
    try (Scope _ = Scope.open();
        var _ = Scope.noGradients()) {
      Tensor source = Tensor.create(values);
      target.copy_(source.view(target.sizes()));
    }
  }
}
