package org.kat4j.kernel;

import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.bytedeco.cuda.cudart.CUfunc_st;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch_cuda;
import org.jspecify.annotations.Nullable;
import org.kat4j.torch.DType;

/**
 * The GPU kernels of {@code norm.cu}: one pass over memory each way, no atomics, the same bits on
 * every run.
 */
final class CudaNorm implements NormKernel, ResidualNormKernel {
  private static final int WARP = 32;

  private static final CudaPrograms<Key, Functions> PROGRAMS =
      new CudaPrograms<>("the layer norm runs", CudaNorm::compile);

  /**
   * How threads share rows.
   *
   * @param width of a row
   * @param pack elements that a thread moves at once
   * @param lanes threads of a row
   */
  record Rows(int width, int pack, int lanes) {
    private static final int MANY = 16;
    private static final int MOST_BYTES = 128;

    /**
     * Threads divide a row evenly where each of them then has few elements; else there are more of
     * them, up to a warp.
     *
     * @param pack divides the width
     */
    static Rows of(int width, int pack) {
      int lanes = Math.min(WARP, Integer.lowestOneBit(width / pack));
      Rows rows = new Rows(width, pack, lanes);
      while (lanes < WARP && rows.elements() > MANY) {
        lanes *= 2;
        rows = new Rows(width, pack, lanes);
      }
      return rows;
    }

    /** Of a row, for each thread. */
    int elements() {
      return Math.ceilDiv(width / pack, lanes) * pack;
    }

    /** Whether the numbers of a thread are few enough for registers. */
    boolean fit(CudaElement x) {
      return elements() * x.realBytes() <= MOST_BYTES;
    }
  }

  /**
   * How the kernels fill a multiprocessor.
   *
   * @param threads of a block
   * @param forward blocks that a multiprocessor holds of the forward kernel
   * @param backward the same of the backward kernel
   */
  private record Blocks(int threads, int forward, int backward) {
    private static final int FEW_BYTES = 64;

    /** A thread keeps its columns of weight, bias and their gradients in registers. */
    static Blocks of(Rows rows, CudaElement x) {
      return rows.elements() * x.realBytes() <= FEW_BYTES
          ? new Blocks(256, 4, 2)
          : new Blocks(256, 2, 1);
    }
  }

  /**
   * What a compiled program is made for.
   *
   * @param x type of x
   * @param branch type of what is added to x, null for nothing
   * @param y type of y
   * @param columns type of weight and bias
   */
  private record Key(
      int device,
      CudaElement x,
      @Nullable CudaElement branch,
      CudaElement y,
      CudaElement columns,
      Rows rows) {}

  private record Functions(
      CUfunc_st forward,
      CUfunc_st backward,
      CUfunc_st finish,
      Blocks blocks,
      int multiprocessors) {}

  private final Key key;
  private final Functions functions;

  private CudaNorm(Key key, Functions functions) {
    this.key = key;
    this.functions = functions;
  }

  /** Empty where libtorch's layer norm has to do it. */
  static Optional<NormKernel> of(Tensor x, DType type, Tensor weight, Tensor bias) {
    return of(x, (CudaElement) null, type, weight, bias).map(kernel -> kernel);
  }

  /**
   * Empty where libtorch's operations have to do it. The norm of a rounded sum has no gradient
   * here: it is for models that only write.
   */
  static Optional<ResidualNormKernel> of(
      Tensor x, Tensor branch, DType type, Tensor weight, Tensor bias) {
    CudaElement sum = CudaElement.of(x);
    CudaElement added = CudaElement.of(branch);
    boolean trains = sum == CudaElement.FLOAT32 && added.bytes < sum.bytes;
    boolean writes = isShort(sum) && added == sum && !GradMode.is_enabled();
    return (trains || writes) && Arrays.equals(x.shape(), branch.shape())
        ? of(x, added, type, weight, bias).map(kernel -> kernel)
        : Optional.empty();
  }

  private static boolean isShort(CudaElement element) {
    return element.bytes == Short.BYTES;
  }

  private static Optional<CudaNorm> of(
      Tensor x, @Nullable CudaElement branch, DType type, Tensor weight, Tensor bias) {
    CudaElement input = CudaElement.of(x);
    CudaElement output = CudaElement.of(type);
    CudaElement columns = CudaElement.of(weight);
    boolean isExact = input.isReal(weight) && input.isReal(bias);
    boolean isShort =
        isShort(input)
            && columns == input
            && CudaElement.of(bias) == input
            && weight.is_contiguous()
            && bias.is_contiguous()
            && !GradMode.is_enabled(); // what is kept of gradients has the arithmetic's type
    long width = x.size(-1);
    int device = x.device().index();
    if (x.numel() == 0
        || x.numel() / width > Integer.MAX_VALUE
        || weight.numel() != width
        || input.real() != output.real()
        || !weight.is_cuda()
        || !bias.is_cuda()
        || !(isExact || isShort)
        || device != torch_cuda.current_device()) {
      return Optional.empty();
    }
    CudaElement wider = input.bytes >= output.bytes ? input : output;
    int pack = wider.width(width, NativeMemory.address(x));
    Rows rows = Rows.of(Math.toIntExact(width), pack);
    long addresses = NativeMemory.address(weight) | NativeMemory.address(bias);
    if (!rows.fit(input) || addresses % ((long) pack * columns.bytes) != 0) {
      return Optional.empty();
    }
    Key key = new Key(device, input, branch, output, columns, rows);
    return PROGRAMS.get(key).map(functions -> new CudaNorm(key, functions));
  }

  private static Functions compile(Key key) {
    Blocks blocks = Blocks.of(key.rows, key.x);
    CudaProgram program =
        CudaProgram.of(
            "norm.cu",
            List.of(
                "-DTYPE=" + key.x.ordinal(),
                "-DVALUE=" + key.y.ordinal(),
                "-DCOLUMN=" + key.columns.ordinal(),
                "-DADDED=" + (key.branch == null ? -1 : key.branch.ordinal()),
                "-DWIDTH=" + key.rows.width,
                "-DPACK=" + key.rows.pack,
                "-DLANES=" + key.rows.lanes,
                "-DFINISHED=" + CudaColumnSums.FINISHED,
                "-DTHREADS=" + blocks.threads,
                "-DFORWARD_BLOCKS=" + blocks.forward,
                "-DBACKWARD_BLOCKS=" + blocks.backward));
    return new Functions(
        program.function("forward"),
        program.function("backward"),
        program.function("finish"),
        blocks,
        CudaProgram.multiprocessors());
  }

  @Override
  public NormKernel.Result forward(Tensor x, Tensor weight, Tensor bias, double epsilon) {
    Tensor y = like(x, key.y);
    Tensor moments = forward(x, null, null, y, weight, bias, epsilon);
    return new NormKernel.Result(y, moments);
  }

  @Override
  public ResidualNormKernel.Result forward(
      Tensor x, Tensor branch, Tensor weight, Tensor bias, double epsilon) {
    Tensor added = NativeMemory.aligned(branch.contiguous());
    Tensor sum = torch.empty_like(x);
    Tensor y = like(x, key.y);
    Tensor moments = forward(x, added, sum, y, weight, bias, epsilon);
    return new ResidualNormKernel.Result(sum, y, moments);
  }

  /** The moments. */
  private Tensor forward(
      Tensor x,
      @Nullable Tensor branch,
      @Nullable Tensor sum,
      Tensor y,
      Tensor weight,
      Tensor bias,
      double epsilon) {
    int rows = rows(x);
    Tensor moments = weight.new_empty(new long[] {rows, 2}, new TensorOptions(key.x.real()));
    CudaLaunch.arguments()
        .tensor(x)
        .optional(branch)
        .optional(sum)
        .tensor(y)
        .tensor(weight)
        .tensor(bias)
        .tensor(moments)
        .number(epsilon)
        .ints(rows)
        .run(
            functions.forward,
            blocks(rows, functions.blocks.forward),
            1,
            functions.blocks.threads,
            0);
    return moments;
  }

  @Override
  public NormKernel.Gradients backward(Tensor upstream, Tensor x, Tensor weight, Tensor moments) {
    Tensor gradient = torch.empty_like(x);
    Columns columns = backward(upstream, x, null, gradient, null, weight, moments);
    return new NormKernel.Gradients(gradient, columns.weight, columns.bias);
  }

  @Override
  public ResidualNormKernel.Gradients backward(
      Tensor upstream, @Nullable Tensor ofSum, Tensor sum, Tensor weight, Tensor moments) {
    Tensor beside = ofSum == null ? null : fitting(ofSum, key.x, sum);
    Tensor gradient = torch.empty_like(sum);
    Tensor ofBranch = like(sum, Objects.requireNonNull(key.branch));
    Columns columns = backward(upstream, sum, beside, gradient, ofBranch, weight, moments);
    return new ResidualNormKernel.Gradients(gradient, ofBranch, columns.weight, columns.bias);
  }

  /** dL/dweight, dL/dbias. */
  private record Columns(Tensor weight, Tensor bias) {}

  private Columns backward(
      Tensor upstream,
      Tensor x,
      @Nullable Tensor ofSum,
      Tensor gradient,
      @Nullable Tensor ofBranch,
      Tensor weight,
      Tensor moments) {
    int rows = rows(x);
    int blocks = blocks(rows, functions.blocks.backward);
    Tensor u = fitting(upstream, key.y, x);
    Tensor partial = weight.new_empty(blocks, 2, key.rows.width);
    Tensor ofWeight = torch.empty_like(weight);
    Tensor ofBias = torch.empty_like(weight);
    CudaLaunch.arguments()
        .tensor(u)
        .tensor(x)
        .optional(ofSum)
        .tensor(gradient)
        .optional(ofBranch)
        .tensor(weight)
        .tensor(moments)
        .tensor(partial)
        .ints(rows)
        .run(functions.backward, blocks, 1, functions.blocks.threads, 0);
    CudaLaunch.arguments()
        .tensor(partial)
        .ints(blocks)
        .tensor(ofWeight)
        .tensor(ofBias)
        .run(
            functions.finish,
            Math.ceilDiv(2 * key.rows.width, CudaColumnSums.FINISHED),
            1,
            functions.blocks.threads,
            0);
    partial.close();
    return new Columns(ofWeight, ofBias);
  }

  private static Tensor like(Tensor x, CudaElement type) {
    return torch.empty_like(x, new TensorOptions(type.stored()), new MemoryFormatOptional());
  }

  /** A gradient as the kernels read it. */
  private static Tensor fitting(Tensor gradient, CudaElement type, Tensor x) {
    if (gradient.numel() != x.numel()) {
      throw new IllegalArgumentException("gradient of another shape than x");
    }
    return NativeMemory.aligned(gradient.to(type.stored()).contiguous());
  }

  private int rows(Tensor x) {
    if (!x.is_contiguous() || CudaElement.of(x) != key.x || x.size(-1) != key.rows.width) {
      throw new IllegalArgumentException("x is not what the kernel was made for");
    }
    return (int) (x.numel() / key.rows.width);
  }

  /** As many as a device holds at once, or as there are rows for. */
  private int blocks(int rows, int ofMultiprocessor) {
    int atOnce = functions.blocks.threads / key.rows.lanes;
    return Math.min(functions.multiprocessors * ofMultiprocessor, Math.ceilDiv(rows, atOnce));
  }
}
