package org.kat4j.kernel;

import java.util.List;
import java.util.Optional;
import org.bytedeco.cuda.cudart.CUfunc_st;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch_cuda;

/**
 * The GPU kernel of {@code crossentropy.cu}: the gradient is written over the logits, no atomics,
 * the same bits on every run.
 */
final class CudaCrossEntropy implements CrossEntropyKernel {
  /** So many that the rows that a device works on fit its cache until they are read again. */
  private static final int THREADS = 1024;

  private static final long BYTES_AT_ONCE = 2L << 30;

  private static final CudaPrograms<Key, CUfunc_st> PROGRAMS =
      new CudaPrograms<>("the loss of a language model is", CudaCrossEntropy::compile);

  /** What a compiled program is made for. */
  private record Key(int device, CudaElement element, int pack) {}

  private final Key key;
  private final CUfunc_st function;

  private CudaCrossEntropy(Key key, CUfunc_st function) {
    this.key = key;
    this.function = function;
  }

  /**
   * Empty where libtorch's operations have to do it.
   *
   * @param like what the logits are computed from: of their dtype and on their device
   * @param columns of the logits
   */
  static Optional<CrossEntropyKernel> of(Tensor like, long columns) {
    CudaElement element = CudaElement.of(like);
    int device = like.device().index();
    if (columns > Integer.MAX_VALUE || device != torch_cuda.current_device()) {
      return Optional.empty();
    }
    Key key = new Key(device, element, element.width(columns, 0)); // a fresh tensor is aligned
    return PROGRAMS.get(key).map(function -> new CudaCrossEntropy(key, function));
  }

  private static CUfunc_st compile(Key key) {
    return CudaProgram.of(
            "crossentropy.cu",
            List.of(
                "-DTYPE=" + key.element.ordinal(), "-DPACK=" + key.pack, "-DTHREADS=" + THREADS))
        .function("crossEntropy");
  }

  @Override
  public long atOnce() {
    return BYTES_AT_ONCE / key.element.bytes;
  }

  @Override
  public Tensor loss(Tensor logits, long classes, Tensor wanted) {
    return run(logits, classes, wanted, false);
  }

  @Override
  public Result lossAndGradient(Tensor logits, long classes, Tensor wanted) {
    return new Result(run(logits, classes, wanted, true), logits);
  }

  private Tensor run(Tensor logits, long classes, Tensor wanted, boolean withGradient) {
    if (!logits.is_contiguous()
        || CudaElement.of(logits) != key.element
        || logits.size(1) % key.pack != 0
        || NativeMemory.address(logits) % ((long) key.pack * key.element.bytes) != 0
        || classes > logits.size(1)
        || !wanted.is_cuda()
        || wanted.numel() != logits.size(0)) {
      throw new IllegalArgumentException("logits are not what the kernel was made for");
    }
    int rows = Math.toIntExact(logits.size(0));
    Tensor losses = logits.new_empty(new long[] {rows}, new TensorOptions(key.element.real()));
    CudaLaunch.arguments()
        .tensor(logits)
        .tensor(wanted.contiguous())
        .tensor(losses)
        .ints((int) (logits.size(1) / key.pack))
        .ints((int) classes)
        .ints(withGradient ? 1 : 0)
        .run(function, rows, 1, THREADS, 0);
    return losses.sum();
  }
}
