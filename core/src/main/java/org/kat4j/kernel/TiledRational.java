package org.kat4j.kernel;

import java.lang.ref.Reference;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.kat4j.kernel.Scratch.Use;
import org.kat4j.torch.Parallel;

/**
 * Runs a {@link TileKernel} over a tensor: checks, threads, and the detours for bfloat16 and for
 * columns that do not fill a vector.
 *
 * <p>Sums are taken lane by lane in each block, then in float64 in each part, then over the parts
 * in their order: the same bits on every run, whatever the number of threads.
 */
final class TiledRational {
  /** Parts that threads draw from: enough to even out cores that are disturbed. */
  private static final int PARTS = 32;

  /** Elements that are not worth waking other threads. */
  private static final int SMALL = 1 << 15;

  private final Tensor x;
  private final ElementKind kind;
  private final Tiling tiling;
  private final Coefficients coefficients;
  private final TileKernel kernel;

  /** Refuses what the kernels would read or write outside of the tensor for. */
  TiledRational(Tensor x, Tiling tiling, Coefficients coefficients, TileKernel kernel) {
    tiling.layout().check(x);
    this.x = x;
    this.kind = ElementKind.of(x);
    this.tiling = tiling;
    this.coefficients = coefficients;
    this.kernel = kernel;
  }

  Tensor forward() {
    Tensor y = torch.empty_like(x);
    long from = NativeMemory.address(x);
    long to = NativeMemory.address(y);
    inParts((_, first, end) -> {
      Scratch scratch = Scratch.ofThread();
      for (int block = first; block < end; block++) {
        forward(block, from, to, scratch);
      }
    });
    Reference.reachabilityFence(x); // the loops know its address only
    return y;
  }

  private void forward(int block, long x, long y, Scratch scratch) {
    long start = tiling.start(block) * kind.stored;
    int length = tiling.length(block);
    long blockX = widened(x + start, length, Use.WIDE_X, scratch);
    long blockY = result(y + start, length, scratch);
    Tile whole = tiling.whole(block);
    if (!whole.isEmpty()) {
      kernel.forward(blockX, blockY, whole);
    }
    Tile rest = tiling.rest(block);
    if (!rest.isEmpty()) {
      Padding padding = padding(whole, rest);
      long paddedX = padded(padding, blockX, Use.PADDED_X, scratch);
      long paddedY = scratch.address(Use.PADDED_RESULT, padding.size());
      kernel.forward(paddedX, paddedY, padding.tile());
      padding.copyBack(paddedY, blockY);
    }
    narrow(blockY, y + start, length);
  }

  RationalKernel.Gradients backward(Tensor upstream) {
    GroupLayout.checkUpstream(upstream, x);
    Tensor gradient = torch.empty_like(x);
    double[][] sums = new double[parts()][];
    // Gradients arrive expanded, or in another dtype, where the loss is a plain sum or a mean.
    try (Tensor typed = upstream.to(x.scalar_type());
        Tensor dense = typed.contiguous()) {
      long u = NativeMemory.address(dense);
      long from = NativeMemory.address(x);
      long to = NativeMemory.address(gradient);
      inParts((part, first, end) -> {
        Scratch scratch = Scratch.ofThread();
        double[] mine = new double[tiling.strips() * coefficients.terms() * tiling.lanes()];
        for (int block = first; block < end; block++) {
          backward(block, u, from, to, mine, scratch);
        }
        sums[part] = mine;
      });
      Reference.reachabilityFence(x);
    }
    return coefficients.gradients(gradient, perGroup(sums));
  }

  private void backward(int block, long upstream, long x, long dx, double[] sums, Scratch scratch) {
    long start = tiling.start(block) * kind.stored;
    int length = tiling.length(block);
    long blockU = widened(upstream + start, length, Use.WIDE_UPSTREAM, scratch);
    long blockX = widened(x + start, length, Use.WIDE_X, scratch);
    long blockDx = result(dx + start, length, scratch);
    Tile whole = tiling.whole(block);
    if (!whole.isEmpty()) {
      kernel.backward(blockU, blockX, blockDx, whole, sums);
    }
    Tile rest = tiling.rest(block);
    if (!rest.isEmpty()) {
      Padding padding = padding(whole, rest);
      long paddedU = padded(padding, blockU, Use.PADDED_UPSTREAM, scratch);
      long paddedX = padded(padding, blockX, Use.PADDED_X, scratch);
      long paddedDx = scratch.address(Use.PADDED_RESULT, padding.size());
      kernel.backward(paddedU, paddedX, paddedDx, padding.tile(), sums);
      padding.copyBack(paddedDx, blockDx);
    }
    narrow(blockDx, dx + start, length);
  }

  private double[][] perGroup(double[][] sums) {
    int terms = coefficients.terms();
    int lanes = tiling.lanes();
    double[] total = new double[tiling.strips() * terms * lanes];
    for (double[] part : sums) {
      for (int i = 0; i < total.length; i++) {
        total[i] += part[i];
      }
    }
    double[][] groups = new double[tiling.layout().groups()][terms];
    for (int strip = 0; strip < tiling.strips(); strip++) {
      for (int lane = 0; lane < lanes; lane++) {
        int group = tiling.group(strip, lane);
        for (int term = 0; group >= 0 && term < terms; term++) {
          groups[group][term] += total[(strip * terms + term) * lanes + lane];
        }
      }
    }
    return groups;
  }

  private int parts() {
    return Math.min(tiling.blocks(), PARTS);
  }

  private void inParts(BlockRange body) {
    int parts = parts();
    long blocks = tiling.blocks();
    IntConsumer run =
        part -> body.run(part, (int) (blocks * part / parts), (int) (blocks * (part + 1) / parts));
    if (tiling.layout().elements() <= SMALL) {
      IntStream.range(0, parts).forEach(run);
    } else {
      Parallel.forRange(parts, run);
    }
  }

  private interface BlockRange {
    void run(int part, int first, int end);
  }

  private Padding padding(Tile whole, Tile rest) {
    // An incomplete strip stands behind whole ones, an incomplete vector behind those of its strip.
    long offset =
        tiling.width() == tiling.lanes()
            ? (long) whole.strips() * whole.stripPitch()
            : whole.columns();
    return new Padding(rest, offset, tiling.lanes(), kind.computed);
  }

  private static long padded(Padding padding, long block, Use use, Scratch scratch) {
    long address = scratch.address(use, padding.size());
    padding.copyIn(block, address);
    return address;
  }

  /** The block as it is computed with: where it lies, or widened from bfloat16. */
  private long widened(long address, int length, Use use, Scratch scratch) {
    if (kind != ElementKind.BFLOAT16) {
      return address;
    }
    long wide = scratch.address(use, (long) length * kind.computed);
    kernel.widen(address, wide, length);
    return wide;
  }

  private long result(long address, int length, Scratch scratch) {
    return kind == ElementKind.BFLOAT16
        ? scratch.address(Use.WIDE_RESULT, (long) length * kind.computed)
        : address;
  }

  private void narrow(long computed, long stored, int length) {
    if (kind == ElementKind.BFLOAT16) {
      kernel.narrow(computed, stored, length);
    }
  }
}
