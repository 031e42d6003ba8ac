package org.kat4j.kernel;

import java.util.List;
import java.util.Optional;
import org.bytedeco.cuda.cudart.CUfunc_st;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch_cuda;

/** The GPU kernels of {@code sums.cu}: no atomics, the same bits on every run. */
final class CudaColumnSums {
  private static final int THREADS = 512;
  private static final int BLOCKS = 4; // as measured on an H200: with all threads it has

  /** Columns that a block of the last stage takes: 32 bytes, what memory gives at once. */
  static final int FINISHED = 8;

  private static final CudaPrograms<Key, Functions> PROGRAMS =
      new CudaPrograms<>("the gradient of a bias is", CudaColumnSums::compile);

  /** What a compiled program is made for. */
  private record Key(int device, CudaElement element, int pack) {}

  private record Functions(CUfunc_st sums, CUfunc_st finish, int blocksAtOnce) {}

  private CudaColumnSums() {}

  /**
   * Empty where libtorch's operation has to do it.
   *
   * @param x {@code [rows, columns]}, contiguous
   */
  static Optional<Tensor> of(Tensor x) {
    CudaElement element = CudaElement.of(x);
    long rows = x.size(0);
    long columns = x.size(1);
    int device = x.device().index();
    if (x.numel() == 0
        || rows > Integer.MAX_VALUE
        || columns > Short.MAX_VALUE
        || device != torch_cuda.current_device()) {
      return Optional.empty();
    }
    int pack = element.width(columns, NativeMemory.address(x));
    return PROGRAMS
        .get(new Key(device, element, pack))
        .map(functions -> sums(functions, x, element, (int) rows, (int) columns, pack));
  }

  private static Tensor sums(
      Functions functions, Tensor x, CudaElement element, int rows, int columns, int pack) {
    int packs = columns / pack;
    int chunks = Math.ceilDiv(packs, THREADS);
    int width = Math.ceilDiv(packs, chunks);
    int rowsAtOnce = THREADS / width;
    int blocks = Math.clamp(functions.blocksAtOnce / chunks, 1, Math.ceilDiv(rows, rowsAtOnce));
    Tensor partial = x.new_empty(new long[] {blocks, columns}, new TensorOptions(element.real()));
    Tensor result = partial.new_empty(columns);
    CudaLaunch.arguments()
        .tensor(x)
        .tensor(partial)
        .ints(rows)
        .ints(packs)
        .ints(width)
        .run(functions.sums, blocks, chunks, THREADS, 0);
    CudaLaunch.arguments()
        .tensor(partial)
        .ints(blocks)
        .ints(columns)
        .tensor(result)
        .run(functions.finish, Math.ceilDiv(columns, FINISHED), 1, THREADS, 0);
    partial.close();
    return result;
  }

  private static Functions compile(Key key) {
    CudaProgram program =
        CudaProgram.of(
            "sums.cu",
            List.of(
                "-DTYPE=" + key.element.ordinal(),
                "-DPACK=" + key.pack,
                "-DTHREADS=" + THREADS,
                "-DBLOCKS=" + BLOCKS,
                "-DFINISHED=" + FINISHED));
    return new Functions(
        program.function("sums"),
        program.function("finish"),
        CudaProgram.multiprocessors() * BLOCKS);
  }
}
