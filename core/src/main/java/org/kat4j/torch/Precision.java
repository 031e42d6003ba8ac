package org.kat4j.torch;

import java.util.Locale;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.DeviceType;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.kat4j.error.UserException;

/**
 * In what arithmetic a model is trained, or one with float32 parameters computes.
 *
 * <p>{@link #FLOAT64}: all in float64, the parameters too; for training. {@link #FLOAT32}: all in
 * float32. {@link #TF32}: matrix products on a GPU round their inputs to 10 bits of mantissa.
 * {@link #BFLOAT16}: libtorch's autocast; matrix products, convolutions, attention and learnable
 * functions take and give bfloat16, norms and losses float32. {@link #FLOAT16}: the same with
 * float16, whose range is so small that gradients have to be scaled.
 */
public enum Precision {
  FLOAT64,
  FLOAT32,
  TF32,
  BFLOAT16,
  FLOAT16;

  /** The dtype of the parameters. */
  public DType parameters() {
    return this == FLOAT64 ? DType.FLOAT64 : DType.FLOAT32;
  }

  /** The dtype in which a model that is only read from keeps its parameters: half the memory. */
  public DType storage() {
    return switch (this) {
      case BFLOAT16 -> DType.BFLOAT16;
      case FLOAT16 -> DType.FLOAT16;
      case FLOAT64, FLOAT32, TF32 -> parameters();
    };
  }

  /** The precision of a name in lower case, for a model with float32 parameters. */
  public static Precision parse(String name) {
    for (Precision precision : values()) {
      if (precision != FLOAT64 && precision.name().toLowerCase(Locale.ROOT).equals(name)) {
        return precision;
      }
    }
    throw new UserException(
        "precision '" + name + "' is not known: float32, tf32, bfloat16 or float16");
  }

  /**
   * Until the region is closed, forward passes of this thread compute in this precision; {@link
   * #backward} belongs outside. Whether matrix products are rounded to TF32 is libtorch's decision
   * for the whole process: regions of different threads must not differ in it.
   *
   * @throws UserException for TF32 and FLOAT16 on a CPU, which has no arithmetic for them
   */
  public Region on(Device device) {
    requireOn(device);
    return new Region(this, device.toTorch().type());
  }

  /** Fails where the device does not compute in this precision. */
  public void requireOn(Device device) {
    if ((this == TF32 || this == FLOAT16) && device.type() != Device.Type.CUDA) {
      throw new UserException(
          "precision "
              + name().toLowerCase(Locale.ROOT)
              + " on "
              + device
              + ": a GPU only; float32 or bfloat16");
    }
  }

  /** The backward pass of a loss that was computed in this precision. */
  public void backward(Tensor loss) {
    try (var _ = new Rounding(this == TF32)) {
      loss.backward();
    }
  }

  /** Gradients of sum(output * upstream) where the output was computed in this precision. */
  public void backward(Tensor output, Tensor upstream) {
    try (var _ = new Rounding(this == TF32)) {
      Backpropagation.run(output, upstream);
    }
  }

  /** Whether matrix products and convolutions of a GPU are rounded to TF32; for the process. */
  private static final class Rounding implements AutoCloseable {
    private final boolean productsBefore = torch.globalContext().allowTF32CuBLAS();
    private final boolean convolutionsBefore = torch.globalContext().allowTF32CuDNN();

    Rounding(boolean rounds) {
      torch.globalContext().setAllowTF32CuBLAS(rounds);
      torch.globalContext().setAllowTF32CuDNN(rounds);
    }

    @Override
    public void close() {
      torch.globalContext().setAllowTF32CuBLAS(productsBefore);
      torch.globalContext().setAllowTF32CuDNN(convolutionsBefore);
    }
  }

  /** Handle of {@link #on}: restores what was before. */
  public static final class Region implements AutoCloseable {
    private final DeviceType type;
    private final boolean autocastBefore;
    private final ScalarType dtypeBefore;
    private final boolean cacheBefore;
    private final Rounding rounding;

    private Region(Precision precision, DeviceType type) {
      this.type = type.intern();
      autocastBefore = torch.is_autocast_enabled(this.type);
      dtypeBefore = torch.get_autocast_dtype(this.type).intern();
      cacheBefore = torch.is_autocast_cache_enabled();
      rounding = new Rounding(precision == TF32);
      // A cache would keep copies of the weights beyond the scope of the step.
      torch.set_autocast_cache_enabled(false);
      torch.set_autocast_dtype(
          this.type, precision == FLOAT16 ? ScalarType.Half : ScalarType.BFloat16);
      torch.set_autocast_enabled(this.type, precision == BFLOAT16 || precision == FLOAT16);
    }

    @Override
    public void close() {
      torch.set_autocast_enabled(type, autocastBefore);
      torch.set_autocast_dtype(type, dtypeBefore);
      torch.set_autocast_cache_enabled(cacheBefore);
      rounding.close();
    }
  }

  /**
   * The input of an operation that computes in the lower type where autocast is on, as autocast
   * converts the inputs of matrix products; otherwise x itself. float64 stays.
   */
  public static Tensor lowered(Tensor x) {
    DType type = loweredType(x);
    return type == DType.of(x) ? x : x.to(type.scalarType());
  }

  /** Whether autocast lowers the type of x in matrix products; float64 stays. */
  public static boolean lowers(Tensor x) {
    return DType.of(x) != DType.FLOAT64 && torch.is_autocast_enabled(x.device().type());
  }

  /** The dtype in which norms give their result for x: float32 where autocast is on. */
  public static DType normedType(Tensor x) {
    return lowers(x) ? DType.FLOAT32 : DType.of(x);
  }

  /** The dtype in which matrix products take x: {@link #lowered}'s. */
  public static DType loweredType(Tensor x) {
    return lowers(x) ? DType.of(torch.get_autocast_dtype(x.device().type())) : DType.of(x);
  }
}
