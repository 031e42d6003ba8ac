package org.kat4j.kernel;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.bytedeco.cuda.cudart.CUfunc_st;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch_cuda;

/**
 * The GPU kernels of {@code rational.cu}: one pass over memory each way, no atomics, the same bits
 * on every run.
 *
 * <p>What they do not take, and everything after a failed compilation, goes to the composed twin.
 */
final class CudaRational implements RationalKernel {
  private static final int THREADS = 256;
  private static final int FORWARD_PACKS = 4;
  private static final int SHARED_BYTES = 48 << 10;
  private static final int PACK_BYTES = 16;
  private static final int GRID_ROWS = 65_535;

  /** What a compiled program is made for. */
  private record Key(
      int device, CudaElement element, int width, int m, int n, BackwardBlocks backward) {}

  /**
   * How the backward kernel fills a multiprocessor, as measured on an H200.
   *
   * @param threads of a block
   * @param atOnce blocks that a multiprocessor holds
   * @param stages packs of each thread on their way to shared memory, 0 without
   * @param span neighbouring groups that a block works on
   * @param lookup whether a table of what depends on x alone lies in shared memory, for each group
   *     of the span
   */
  record BackwardBlocks(int threads, int atOnce, int stages, int span, boolean lookup) {
    /** The table's range of |x|, powers of two. */
    private static final int SMALLEST = -25;

    private static final int LARGEST = 6;

    /** One of each sign for all of bfloat16's magnitudes in the range and for 0. */
    private static final int ENTRIES = 2 * (((LARGEST - SMALLEST) << 7) + 1);

    private static final int ENTRY_BYTES = 8;

    /** The source keeps offsets in 16 bits. */
    static final int TABLE_BYTES = ENTRIES * ENTRY_BYTES;

    /** Packs of a row that a block had best read at once where it computes every element. */
    private static final int ROW_PACKS = 48;

    /** Packs of a group from which on it fills memory's transactions without a neighbour. */
    private static final int WIDE_PACKS = 12;

    /** Packs of a group below which one stage less is faster. */
    private static final int NARROW_PACKS = 6;

    /**
     * Groups narrower than what a block had best read from a row of memory share it.
     *
     * <p>With two bytes an element arithmetic takes as long as memory, so packs of 16 bytes travel
     * some steps ahead of their use, and bfloat16 looks up half of it. The rows of KAT's groups
     * divide 384 threads evenly.
     *
     * @param width elements of a pack
     * @param runPacks packs of a group in a row
     */
    static BackwardBlocks of(CudaElement element, int width, int runPacks, int groups) {
      if (element == CudaElement.FLOAT64) {
        return new BackwardBlocks(256, 1, 0, 1, false);
      }
      if (element == CudaElement.FLOAT32 || width < element.widest()) {
        return new BackwardBlocks(256, 3, 0, span(ROW_PACKS / runPacks, groups), false);
      }
      int threads = 384;
      // Half of a block would be idle beside an odd group: worth it for narrow ones only.
      boolean alone = 2 * runPacks > threads || groups % 2 != 0 && runPacks >= WIDE_PACKS;
      int span = span(alone ? 1 : 2, groups); // two tables find room
      return element == CudaElement.BFLOAT16
          ? new BackwardBlocks(threads, 1, runPacks < NARROW_PACKS ? 4 : 5, span, true)
          : computed(threads, span);
    }

    private static BackwardBlocks computed(int threads, int span) {
      return new BackwardBlocks(threads, 2, 4, span, false);
    }

    /** As many groups as wanted, or the fewer that leave the last block with as many. */
    private static int span(int wanted, int groups) {
      return Math.ceilDiv(groups, Math.ceilDiv(groups, Math.max(wanted, 1)));
    }

    /** Without the table where it does not fit or its places are not found. */
    BackwardBlocks onCurrentDevice() {
      int ofSums = 32 << 10; // at most, beside what a launch asks for
      boolean fits =
          // Places are found by instructions of compute capability 9.
          CudaProgram.majorCapability() >= 9
              && sharedBytes() + ofSums <= CudaProgram.sharedBytesOfBlock();
      return lookup && !fits ? computed(threads, span) : this;
    }

    int sharedBytes() {
      return stages * 2 * threads * PACK_BYTES + (lookup ? span * TABLE_BYTES : 0);
    }

    List<String> options() {
      return List.of(
          "-DBACKWARD_THREADS=" + threads,
          "-DBLOCKS=" + atOnce,
          "-DSTAGES=" + stages,
          "-DSPAN=" + span,
          "-DLOOKUP=" + (lookup ? 1 : 0),
          "-DSMALLEST=" + SMALLEST,
          "-DLARGEST=" + LARGEST);
    }
  }

  /**
   * @param blocksAtOnce blocks of the backward kernel that a device holds
   */
  private record Functions(
      CUfunc_st forward,
      CUfunc_st backward,
      CUfunc_st finish,
      BackwardBlocks backwardBlocks,
      int blocksAtOnce) {}

  private final CudaPrograms<Key, Functions> programs =
      new CudaPrograms<>("the group rational function runs", CudaRational::compile);
  private final RationalKernel composed;

  CudaRational(RationalKernel composed) {
    this.composed = composed;
  }

  /**
   * One call: the tensors as the kernels take them.
   *
   * @param a {@code [1 or groups, m + 1]}, float32 or float64
   * @param b {@code [1 or groups, n]}, likewise
   */
  private record Call(Key key, Functions functions, GroupLayout layout, Tensor a, Tensor b) {
    int groups() {
      return layout.groups();
    }

    int terms() {
      return (int) (a.size(1) + b.size(1));
    }

    int runPacks() {
      return (int) (layout.run() / key.width);
    }

    int packs() {
      return Math.toIntExact(layout.outer() * groups() * runPacks());
    }

    /** The struct Shape of the source. */
    int[] shape() {
      Divisor byRun = Divisor.by(runPacks());
      Divisor byGroups = Divisor.by(groups());
      return new int[] {
        packs(), runPacks(), groups(), byRun.factor, byRun.shift, byGroups.factor, byGroups.shift
      };
    }

    CudaLaunch coefficients(CudaLaunch arguments) {
      return arguments.tensor(a).tensor(b).ints((int) a.size(0)).ints((int) b.size(0));
    }
  }

  /** How the blocks of the backward kernel share groups; the struct Walk of the source. */
  private record Walk(int spans, int outer, int chunks, int columns, int rows, int tiles) {
    static Walk of(Call call) {
      BackwardBlocks blocks = call.functions.backwardBlocks;
      int spans = Math.ceilDiv(call.groups(), blocks.span);
      int packs = blocks.span * call.runPacks();
      int outer = Math.toIntExact(call.layout.outer());
      int chunks = Math.ceilDiv(packs, blocks.threads);
      int columns = Math.ceilDiv(packs, chunks);
      int rows = blocks.threads / columns;
      int tiles =
          Math.clamp(call.functions.blocksAtOnce / spans / chunks, 1, Math.ceilDiv(outer, rows));
      return new Walk(spans, outer, chunks, columns, rows, tiles);
    }

    int blocks() {
      return chunks * tiles;
    }

    int[] fields() {
      return new int[] {outer, chunks, columns, rows, tiles};
    }
  }

  /** i / d = (high 32 bits of i * factor + i) >> shift, for i below 2^31. */
  private record Divisor(int factor, int shift) {
    static Divisor by(int d) {
      int shift = Integer.SIZE - Integer.numberOfLeadingZeros(d - 1);
      return new Divisor((int) ((1L << 32) * ((1L << shift) - d) / d + 1), shift);
    }
  }

  @Override
  public Tensor forward(Tensor x, Tensor numerator, Tensor denominator, GroupLayout layout) {
    Optional<Call> found = call(x, numerator, denominator, layout, x);
    if (found.isEmpty()) {
      return composed.forward(x, numerator, denominator, layout);
    }
    Call call = found.get();
    Tensor y = torch.empty_like(x);
    int sharedBytes = sharedBytes(layout, call.terms(), call.key.element);
    call.coefficients(CudaLaunch.arguments().tensor(x).tensor(y))
        .ints(call.shape())
        .run(
            call.functions.forward,
            Math.ceilDiv(call.packs(), FORWARD_PACKS * THREADS),
            1,
            THREADS,
            sharedBytes);
    return y;
  }

  @Override
  public Gradients backward(
      Tensor upstream, Tensor x, Tensor numerator, Tensor denominator, GroupLayout layout) {
    GroupLayout.checkUpstream(upstream, x);
    Tensor u = upstream.to(x.scalar_type()).contiguous();
    Optional<Call> found = call(x, numerator, denominator, layout, u);
    if (found.isEmpty()) {
      return composed.backward(upstream, x, numerator, denominator, layout);
    }
    Call call = found.get();
    Walk walk = Walk.of(call);
    Tensor gradient = torch.empty_like(x);
    Tensor partial = call.a.new_empty(call.groups(), call.terms(), walk.blocks());
    Tensor da = torch.empty_like(call.a);
    Tensor db = torch.empty_like(call.b);
    call.coefficients(CudaLaunch.arguments().tensor(u).tensor(x).tensor(gradient))
        .tensor(partial)
        .ints(walk.fields())
        .ints(call.shape())
        .run(
            call.functions.backward,
            walk.spans,
            walk.blocks(),
            call.functions.backwardBlocks.threads,
            call.functions.backwardBlocks.sharedBytes());
    CudaLaunch.arguments()
        .tensor(partial)
        .ints(walk.blocks())
        .ints(call.groups())
        .tensor(call.b)
        .ints((int) call.a.size(0))
        .ints((int) call.b.size(0))
        .tensor(da)
        .tensor(db)
        .run(call.functions.finish, (int) (da.numel() + db.numel()), 1, THREADS, 0);
    partial.close();
    return new Gradients(
        gradient, da.to(numerator.scalar_type()), db.to(denominator.scalar_type()));
  }

  /** Empty where the composed twin has to do it. */
  private Optional<Call> call(
      Tensor x, Tensor numerator, Tensor denominator, GroupLayout layout, Tensor upstream) {
    Coefficients.check("numerator", numerator, layout.groups(), 2, Coefficients.MAX_DEGREE + 1);
    Coefficients.check("denominator", denominator, layout.groups(), 1, Coefficients.MAX_DEGREE);
    layout.check(x);
    if (!numerator.is_cuda() || !denominator.is_cuda()) {
      throw new IllegalArgumentException("coefficients on another device than x: move them to it");
    }
    CudaElement element = CudaElement.of(x);
    int width =
        element.width(layout.run(), NativeMemory.address(x) | NativeMemory.address(upstream));
    int device = x.device().index();
    int terms = (int) (numerator.size(1) + denominator.size(1));
    if (x.numel() == 0
        || x.numel() / width > Integer.MAX_VALUE
        || layout.run() / width / THREADS >= GRID_ROWS
        || sharedBytes(layout, terms, element) > SHARED_BYTES
        || device != torch_cuda.current_device()) {
      return Optional.empty();
    }
    int m = (int) numerator.size(1) - 1;
    int n = (int) denominator.size(1);
    int runPacks = (int) (layout.run() / width);
    BackwardBlocks blocks = BackwardBlocks.of(element, width, runPacks, layout.groups());
    Key key = new Key(device, element, width, m, n, blocks);
    return programs
        .get(key)
        .map(functions ->
            new Call(key, functions, layout, element.real(numerator), element.real(denominator)));
  }

  /** Shared memory of the forward pass: a0 ... am, 1, |b1| ... |bn| of every group. */
  private static int sharedBytes(GroupLayout layout, int terms, CudaElement element) {
    return Math.multiplyExact(layout.groups(), (terms + 1) * element.realBytes());
  }

  private static Functions compile(Key key) {
    BackwardBlocks blocks = key.backward.onCurrentDevice();
    List<String> options =
        List.of(
            "-DTYPE=" + key.element.ordinal(),
            "-DWIDTH=" + key.width,
            "-DM=" + key.m,
            "-DN=" + key.n,
            "-DTHREADS=" + THREADS,
            "-DFORWARD_PACKS=" + FORWARD_PACKS);
    CudaProgram program =
        CudaProgram.of(
            "rational.cu", Stream.concat(options.stream(), blocks.options().stream()).toList());
    return new Functions(
        program.function("forward"),
        program.function("backward", blocks.sharedBytes()),
        program.function("finish"),
        blocks,
        CudaProgram.multiprocessors() * blocks.atOnce);
  }
}
