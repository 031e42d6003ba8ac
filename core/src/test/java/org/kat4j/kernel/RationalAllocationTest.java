package org.kat4j.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;

/** Once compiled, vectors live in registers; a method too large for the compiler would box each. */
class RationalAllocationTest {
  private static final int ROWS = 400;
  private static final int CHANNELS = 768;
  private static final long DEADLINE_NANOS = 20_000_000_000L;

  @Test
  void compiledKernelsBoxNothing() {
    try (var _ = new PointerScope()) {
      GroupLayout layout = new GroupLayout(ROWS, 8, CHANNELS / 8);
      Rationals.Case drawn =
          Rationals.random(1, layout, new long[] {ROWS, CHANNELS}, 5, 4, false)
              .to(ScalarType.Float);
      Coefficients coefficients =
          new Coefficients(drawn.numerator(), drawn.denominator(), layout.groups());
      Tiling tiling = Tiling.of(layout, FloatTiles.LANES);
      TileKernel kernel = new FloatTiles54(coefficients, tiling);
      long x = NativeMemory.address(drawn.x());
      long upstream = NativeMemory.address(drawn.upstream());
      long result = NativeMemory.address(drawn.forward(new VectorRational()));
      double[] sums = new double[tiling.strips() * coefficients.terms() * FloatTiles.LANES];
      ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
      int vectors = tiling.length(0) / FloatTiles.LANES;
      long least = Long.MAX_VALUE;
      long start = System.nanoTime();
      // The compiler works beside us: it takes a fraction of a second, more on a busy machine.
      for (int call = 0; least >= vectors && System.nanoTime() - start < DEADLINE_NANOS; call++) {
        int block = call % tiling.blocks();
        long at = tiling.start(block) * Float.BYTES;
        Tile tile = tiling.whole(block);
        long before = threads.getCurrentThreadAllocatedBytes();
        kernel.forward(x + at, result + at, tile);
        kernel.backward(upstream + at, x + at, result + at, tile, sums);
        least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
      }
      assertThat(least).isLessThan(vectors); // bytes: a box is 40 of them
    }
  }
}
