package org.kat4j.kernel;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.bytedeco.cuda.cudart.CUfunc_st;
import org.bytedeco.pytorch.DeviceOptional;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch_cuda;
import org.kat4j.torch.DType;
import org.kat4j.torch.Device;

/**
 * The GPU kernels of {@code splines.cu} and {@code bumps.cu}: one pass over memory each way, no
 * atomics, the same bits on every run.
 *
 * <p>The values are written in the dtype of the matrix product behind them, whatever x has.
 */
final class CudaBasis implements BasisKernel {
  /** Inputs that a block works on. */
  static final int COLUMNS = 32;

  private static final int MOST_WARPS = 8;
  private static final int WARPS_OF_MULTIPROCESSOR = 64;
  private static final int SHARED_BYTES = 48 << 10;
  private static final int GRID_ROWS = 65_535;

  private static final CudaPrograms<Key, Kernel> PROGRAMS =
      new CudaPrograms<>("the basis functions of KAN layers run", CudaBasis::compile);

  /**
   * What a compiled program is made for.
   *
   * @param x of the input
   * @param values of what is written
   * @param width values that a thread writes at once
   */
  private record Key(
      int device,
      String source,
      String option,
      CudaElement x,
      CudaElement values,
      int basis,
      boolean silu,
      int width,
      int warps) {}

  private record Kernel(CUfunc_st forward, CUfunc_st backward, int multiprocessors) {}

  private final CudaFunctions functions;
  private final Key key;
  private final Kernel kernel;

  private CudaBasis(CudaFunctions functions, Key key, Kernel kernel) {
    this.functions = functions;
    this.key = key;
    this.kernel = kernel;
  }

  /** B-splines; empty where the layer has to compose them. */
  static Optional<BasisKernel> splines(
      Tensor x, DType values, Tensor grid, int order, boolean silu) {
    if (!grid.is_cuda() || grid.size(0) != x.size(-1) || order < 1 || grid.size(1) < order + 2) {
      throw new IllegalArgumentException(
          "x of %d channels on %s, order %d, for knots %s on %s"
              .formatted(
                  x.size(-1), Device.of(x), order, Arrays.toString(grid.shape()), Device.of(grid)));
    }
    Tensor knots = CudaElement.of(x).real(grid);
    return of(new CudaFunctions.Splines(knots, order), x, values, silu);
  }

  /** Bumps; empty where the layer has to compose them. */
  static Optional<BasisKernel> bumps(
      Tensor x, DType values, Tensor centres, double width, Bump form) {
    if (!centres.is_cuda()) {
      throw new IllegalArgumentException("centres on another device than x: move them to it");
    }
    Tensor numbers = CudaElement.of(x).real(centres);
    return of(new CudaFunctions.Bumps(numbers, width, form), x, values, false);
  }

  private static Optional<BasisKernel> of(
      CudaFunctions functions, Tensor x, DType dtype, boolean silu) {
    CudaElement element = CudaElement.of(x);
    CudaElement values = CudaElement.of(dtype);
    int perInput = functions.basis() + (silu ? 1 : 0);
    int warps = warps(element, values, functions.sharedNumbers(), perInput);
    int device = x.device().index();
    if (warps == 0
        || x.numel() == 0
        || x.size(-1) > Integer.MAX_VALUE
        || x.numel() / x.size(-1) > Integer.MAX_VALUE
        || device != torch_cuda.current_device()) {
      return Optional.empty();
    }
    int width = values.width(x.size(-1) * perInput, 0); // what it writes to is fresh, so aligned
    Key key =
        new Key(
            device,
            functions.source(),
            functions.option(),
            element,
            values,
            functions.basis(),
            silu,
            width,
            warps);
    return PROGRAMS.get(key).map(kernel -> new CudaBasis(functions, key, kernel));
  }

  /**
   * Warps of a block: as many as shared memory holds the values of, and a power of two; 0 where
   * there is none, or where one type is float64 and the other is not.
   *
   * @param sharedNumbers numbers of the arithmetic's type that the block needs beside
   */
  static int warps(CudaElement x, CudaElement values, int sharedNumbers, int perInput) {
    if (x.real() != values.real()) {
      return 0;
    }
    long free = SHARED_BYTES - (long) sharedNumbers * x.realBytes();
    long ofWarp = (long) COLUMNS * perInput * values.bytes;
    int warps = MOST_WARPS;
    while (warps > 0 && warps * ofWarp > free) {
      warps /= 2;
    }
    return warps;
  }

  private static Kernel compile(Key key) {
    CudaProgram program =
        CudaProgram.of(
            key.source,
            List.of(
                "-DTYPE=" + key.x.ordinal(),
                "-DVALUE=" + key.values.ordinal(),
                "-DBASIS=" + key.basis,
                "-DSILU=" + (key.silu ? 1 : 0),
                "-DWIDTH=" + key.width,
                "-DWARPS=" + key.warps,
                key.option));
    return new Kernel(
        program.function("forward"), program.function("backward"), CudaProgram.multiprocessors());
  }

  @Override
  public boolean silu() {
    return key.silu;
  }

  @Override
  public Tensor forward(Tensor x) {
    long[] shape = Arrays.copyOf(x.shape(), (int) x.dim() + 1);
    shape[shape.length - 1] = key.basis + (key.silu ? 1 : 0);
    TensorOptions options =
        new TensorOptions(key.values.stored()).device(new DeviceOptional(x.device()));
    Tensor values = torch.empty(shape, options, new MemoryFormatOptional());
    run(kernel.forward, CudaLaunch.arguments().tensor(x).tensor(values), x);
    return values;
  }

  @Override
  public Tensor backward(Tensor upstream, Tensor x) {
    if (upstream.numel() != x.numel() * (key.basis + (key.silu ? 1 : 0))) {
      throw new IllegalArgumentException("gradient of values of another shape than x");
    }
    Tensor u = NativeMemory.aligned(upstream.to(key.values.stored()).contiguous());
    Tensor gradient = torch.empty_like(x);
    run(kernel.backward, CudaLaunch.arguments().tensor(u).tensor(x).tensor(gradient), x);
    return gradient;
  }

  private void run(CUfunc_st function, CudaLaunch arguments, Tensor x) {
    if (!x.is_contiguous() || CudaElement.of(x) != key.x) {
      throw new IllegalArgumentException("x is not what the kernel was made for");
    }
    int in = (int) x.size(-1);
    int rows = (int) (x.numel() / in);
    int columns = Math.ceilDiv(in, COLUMNS);
    int blocks = kernel.multiprocessors * WARPS_OF_MULTIPROCESSOR / key.warps;
    int tiles =
        Math.clamp(
            Math.ceilDiv(blocks, columns), 1, Math.min(GRID_ROWS, Math.ceilDiv(rows, key.warps)));
    functions
        .arguments(arguments)
        .ints(rows, in)
        .run(function, columns, tiles, COLUMNS * key.warps, 0);
  }
}
