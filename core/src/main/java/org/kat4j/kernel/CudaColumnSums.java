package org.kat4j.kernel;

import java.util.List;
import java.util.Optional;
import org.bytedeco.cuda.cudart.CUfunc_st;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch_cuda;

/** The GPU kernels of {@code sums.cu}: no atomics, the same bits on every run. */
final class CudaColumnSums {
  /** Columns that a block of the last stage takes: 32 bytes, what memory gives at once. */
  static final int FINISHED = 8;

  private static final CudaPrograms<Key, Functions> PROGRAMS =
      new CudaPrograms<>("the gradient of a bias is", CudaColumnSums::compile);

  /**
   * What a compiled program is made for.
   *
   * @param gelu whether there is a GELU behind the bias
   */
  private record Key(int device, CudaElement element, int pack, boolean gelu) {
    int threads() {
      return gelu ? 384 : 512;
    }

    /** Of a multiprocessor, as measured on an H200: with all threads it has; a GELU takes more. */
    int blocks() {
      return gelu ? 2 : 4;
    }
  }

  private record Functions(CUfunc_st sums, CUfunc_st finish, int blocksAtOnce) {}

  private CudaColumnSums() {}

  /**
   * Empty where libtorch's operation has to do it.
   *
   * @param x {@code [rows, columns]}, contiguous
   */
  static Optional<Tensor> of(Tensor x) {
    return program(x, NativeMemory.address(x), false)
        .map(program -> sums(program, x, CudaLaunch.arguments().tensor(x)));
  }

  /**
   * upstream * gelu'(x) and its sums; empty where libtorch's operations have to do it.
   *
   * @param upstream of x's shape and dtype, contiguous too
   */
  static Optional<GeluGradient> ofGelu(Tensor x, Tensor upstream) {
    return program(x, NativeMemory.address(x) | NativeMemory.address(upstream), true)
        .map(program -> {
          Tensor gradient = torch.empty_like(x);
          var arguments = CudaLaunch.arguments().tensor(x).tensor(upstream).tensor(gradient);
          return new GeluGradient(gradient, sums(program, x, arguments));
        });
  }

  /** A compiled program with what it is made for. */
  private record Program(Key key, Functions functions) {}

  private static Optional<Program> program(Tensor x, long addresses, boolean gelu) {
    int device = x.device().index();
    if (x.numel() == 0
        || x.size(0) > Integer.MAX_VALUE
        || x.size(1) > Short.MAX_VALUE
        || device != torch_cuda.current_device()) {
      return Optional.empty();
    }
    CudaElement element = CudaElement.of(x);
    Key key = new Key(device, element, element.width(x.size(1), addresses), gelu);
    return PROGRAMS.get(key).map(functions -> new Program(key, functions));
  }

  /**
   * @param arguments the first of the kernel's
   */
  private static Tensor sums(Program program, Tensor x, CudaLaunch arguments) {
    Key key = program.key;
    int rows = (int) x.size(0);
    int columns = (int) x.size(1);
    int packs = columns / key.pack;
    int chunks = Math.ceilDiv(packs, key.threads());
    int width = Math.ceilDiv(packs, chunks);
    int rowsAtOnce = key.threads() / width;
    int blocks =
        Math.clamp(program.functions.blocksAtOnce / chunks, 1, Math.ceilDiv(rows, rowsAtOnce));
    Tensor partial =
        x.new_empty(new long[] {blocks, columns}, new TensorOptions(key.element.real()));
    Tensor result = partial.new_empty(columns);
    arguments
        .tensor(partial)
        .ints(rows)
        .ints(packs)
        .ints(width)
        .run(program.functions.sums, blocks, chunks, key.threads(), 0);
    CudaLaunch.arguments()
        .tensor(partial)
        .ints(blocks)
        .ints(columns)
        .tensor(result)
        .run(program.functions.finish, Math.ceilDiv(columns, FINISHED), 1, key.threads(), 0);
    partial.close();
    return result;
  }

  private static Functions compile(Key key) {
    CudaProgram program =
        CudaProgram.of(
            "sums.cu",
            List.of(
                "-DTYPE=" + key.element.ordinal(),
                "-DGELU=" + (key.gelu ? 1 : 0),
                "-DPACK=" + key.pack,
                "-DTHREADS=" + key.threads(),
                "-DBLOCKS=" + key.blocks(),
                "-DFINISHED=" + FINISHED));
    return new Functions(
        program.function("sums"),
        program.function("finish"),
        CudaProgram.multiprocessors() * key.blocks());
  }
}
