package org.kat4j.kernel;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.bytedeco.cuda.cudart.CUfunc_st;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch_cuda;

/** The GPU kernels of {@code decode.cu}: no atomics, the same bits on every run. */
final class CudaNextToken implements NextTokenKernel {
  private static final int WARP = 32;

  /** Of a block that attends: few enough for keys and values on their way in registers. */
  private static final int THREADS = 512;

  private static final CudaPrograms<Key, Functions> PROGRAMS =
      new CudaPrograms<>("attention of the next token is", CudaNextToken::compile);

  /**
   * What a compiled program is made for.
   *
   * @param pack elements that a thread moves at once
   * @param lanes threads that share a key
   */
  private record Key(int device, CudaElement element, int pack, int lanes) {}

  private record Functions(CUfunc_st append, CUfunc_st attend) {}

  private final Key key;
  private final Functions functions;

  private CudaNextToken(Key key, Functions functions) {
    this.key = key;
    this.functions = functions;
  }

  /** Empty where libtorch's operations have to do it. */
  static Optional<NextTokenKernel> of(Tensor keys) {
    CudaElement element = CudaElement.of(keys);
    long width = keys.size(3);
    int pack = element.width(width, NativeMemory.address(keys));
    long lanes = width / pack;
    int device = keys.device().index();
    if (lanes > WARP
        || Long.bitCount(lanes) != 1
        || !keys.is_contiguous()
        || keys.numel() / width > Integer.MAX_VALUE
        || device != torch_cuda.current_device()) {
      return Optional.empty();
    }
    Key key = new Key(device, element, pack, (int) lanes);
    return PROGRAMS.get(key).map(functions -> new CudaNextToken(key, functions));
  }

  private static Functions compile(Key key) {
    CudaProgram program =
        CudaProgram.of(
            "decode.cu",
            List.of(
                "-DTYPE=" + key.element.ordinal(),
                "-DPACK=" + key.pack,
                "-DLANES=" + key.lanes,
                "-DTHREADS=" + THREADS));
    return new Functions(program.function("append"), program.function("attend"));
  }

  @Override
  public void append(Tensor keys, Tensor values, Tensor k, Tensor v, Tensor place) {
    long[] ofTokens = {keys.size(0), keys.size(1), 1, keys.size(3)};
    if (!Arrays.equals(k.shape(), ofTokens) || !Arrays.equals(v.shape(), ofTokens)) {
      throw new IllegalArgumentException("a key or value of another shape than those kept");
    }
    Tensor key = inPacks(k);
    Tensor value = inPacks(v);
    int heads = (int) keys.size(1);
    CudaLaunch.arguments()
        .tensor(key)
        .tensor(value)
        .ints(strides(key))
        .ints(strides(value))
        .tensor(keys)
        .tensor(values)
        .tensor(place)
        .ints(heads)
        .ints((int) keys.size(2))
        .run(functions.append, (int) keys.size(0) * heads, 1, 2 * WARP, 0);
  }

  @Override
  public Tensor attend(Tensor q, Tensor keys, Tensor values, Tensor place) {
    Tensor queries = inPacks(q);
    Tensor y = q.new_empty(q.shape());
    int heads = (int) q.size(1);
    CudaLaunch.arguments()
        .tensor(queries)
        .ints(strides(queries))
        .tensor(keys)
        .tensor(values)
        .tensor(y)
        .tensor(place)
        .ints(heads)
        .ints(heads / (int) keys.size(1))
        .ints((int) keys.size(2))
        .number(1 / Math.sqrt(q.size(3)))
        .run(functions.attend, (int) q.size(0) * heads, 1, THREADS, 0);
    return y;
  }

  /** One token of each text so that threads can read it, copied where it lies otherwise. */
  private Tensor inPacks(Tensor x) {
    if (x.size(2) != 1
        || x.size(3) != (long) key.pack * key.lanes
        || CudaElement.of(x) != key.element) {
      throw new IllegalArgumentException("a token that the kernel was not made for");
    }
    long bytes = (long) key.pack * key.element.bytes;
    boolean fits =
        x.stride(3) == 1
            && (x.stride(0) | x.stride(1)) % key.pack == 0
            && x.stride(0) / key.pack <= Integer.MAX_VALUE
            && NativeMemory.address(x) % bytes == 0;
    return fits ? x : x.new_empty(x.shape()).copy_(x);
  }

  /** The struct Strides of the source. */
  private int[] strides(Tensor x) {
    return new int[] {(int) (x.stride(0) / key.pack), (int) (x.stride(1) / key.pack)};
  }
}
