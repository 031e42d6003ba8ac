package org.kat4j.kernel;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.bytedeco.cuda.cudart.CUfunc_st;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch_cuda;
import org.jspecify.annotations.Nullable;
import org.kat4j.torch.DType;
import org.kat4j.torch.Device;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Scope;

/**
 * The GPU kernels of {@code adamw.cu}: one pass over memory for all parameters, whose addresses lie
 * in a table on the device.
 */
final class CudaAdamW implements AdamWKernel {
  private static final int THREADS = 256;

  /** Elements of a parameter that a block takes. */
  static final int CHUNK = 8192;

  /** Numbers of a row of the table: the struct Parameter of the source. */
  private static final int FIELDS = 8;

  private static final int ALIGNMENT = 16; // bytes that a thread moves at once
  private static final int SCALES = 3; // numbers of the struct of the source

  private static final CudaPrograms<Integer, Functions> PROGRAMS =
      new CudaPrograms<>("AdamW is", CudaAdamW::compile); // by device

  private record Functions(CUfunc_st scales, CUfunc_st step) {}

  /**
   * What is on the device.
   *
   * @param rows of which it was made
   * @param parameters a row for each
   * @param owner the parameter of each block, int32
   */
  private record Table(long[] rows, Tensor parameters, Tensor owner, int blocks) {
    void free() {
      Scope.free(List.of(parameters, owner));
    }
  }

  private final double beta1;
  private final double beta2;
  private final double epsilon;
  private @Nullable Table table;

  CudaAdamW(double beta1, double beta2, double epsilon) {
    this.beta1 = beta1;
    this.beta2 = beta2;
    this.epsilon = epsilon;
  }

  @Override
  public boolean step(List<Share> shares, double lr, Tensor steps, @Nullable Tensor factor) {
    int device = steps.device().index();
    if (shares.isEmpty() || !steps.is_cuda() || device != torch_cuda.current_device()) {
      return false;
    }
    long[] rows = new long[shares.size() * FIELDS];
    long blocks = 0;
    for (int i = 0; i < shares.size(); i++) {
      Share share = shares.get(i);
      if (!fits(share)) {
        return false;
      }
      rows(share, blocks, rows, i * FIELDS);
      blocks += blocks(share.parameter().numel());
    }
    Optional<Functions> functions = PROGRAMS.get(device);
    if (functions.isEmpty() || blocks > Integer.MAX_VALUE) {
      return false;
    }
    run(functions.get(), table(rows, (int) blocks, Device.of(steps)), lr, steps, factor);
    return true;
  }

  private static boolean fits(Share share) {
    return List.of(share.parameter(), share.gradient(), share.mean(), share.square()).stream()
        .allMatch(tensor ->
            tensor.is_cuda()
                && DType.of(tensor) == DType.FLOAT32
                && tensor.is_contiguous()
                && NativeMemory.address(tensor) % ALIGNMENT == 0
                && tensor.numel() == share.parameter().numel());
  }

  static long blocks(long elements) {
    return Math.ceilDiv(elements, (long) CHUNK);
  }

  private static void rows(Share share, long firstBlock, long[] rows, int at) {
    rows[at] = NativeMemory.address(share.parameter());
    rows[at + 1] = NativeMemory.address(share.gradient());
    rows[at + 2] = NativeMemory.address(share.mean());
    rows[at + 3] = NativeMemory.address(share.square());
    rows[at + 4] = share.parameter().numel();
    rows[at + 5] = firstBlock;
    rows[at + 6] = Double.doubleToRawLongBits(share.weightDecay());
    rows[at + 7] = Double.doubleToRawLongBits(share.lrScale());
  }

  /** The table of the last step where nothing has moved since. */
  private Table table(long[] rows, int blocks, Device device) {
    if (table != null && Arrays.equals(table.rows, rows)) {
      return table;
    }
    if (table != null) {
      table.free();
    }
    int[] owner = new int[blocks];
    for (int i = 0; i < rows.length; i += FIELDS) {
      int first = (int) rows[i + 5];
      Arrays.fill(owner, first, first + (int) blocks(rows[i + 4]), i / FIELDS);
    }
    try (Scope _ = Scope.open()) {
      table =
          new Table(
              rows,
              Scope.keep(Memory.to(Tensor.create(rows), device)),
              Scope.keep(Memory.to(Tensor.create(owner), device)),
              blocks);
    }
    return table;
  }

  private void run(
      Functions functions, Table all, double lr, Tensor steps, @Nullable Tensor factor) {
    Tensor scales = steps.new_empty(SCALES);
    CudaLaunch.arguments()
        .tensor(steps)
        .optional(factor)
        .number(beta1)
        .number(beta2)
        .tensor(scales)
        .run(functions.scales, 1, 1, 1, 0);
    CudaLaunch.arguments()
        .tensor(all.parameters)
        .tensor(all.owner)
        .tensor(scales)
        .number(lr)
        .number(beta1)
        .number(beta2)
        .number(epsilon)
        .run(functions.step, all.blocks, 1, THREADS, 0);
    scales.close();
  }

  private static Functions compile(int device) {
    CudaProgram program =
        CudaProgram.of("adamw.cu", List.of("-DTHREADS=" + THREADS, "-DCHUNK=" + CHUNK));
    return new Functions(program.function("scales"), program.function("step"));
  }

  @Override
  public void close() {
    if (table != null) {
      table.free();
      table = null;
    }
  }
}
