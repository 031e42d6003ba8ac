package org.kat4j.attention;

import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.kat4j.torch.Context;
import org.kat4j.torch.Scope;

/**
 * Random vectors of standard normal numbers of which those of a block, as many as channels, are
 * orthogonal: their lengths are those of independent ones. It makes products of random features
 * vary less. Source: arXiv 1610.09072.
 */
final class OrthogonalDraws {
  private OrthogonalDraws() {}

  /** Drawn once and not trained: {@code [count, width]}. */
  static Tensor of(int count, int width, Context context) {
    Tensor draws = context.buffer(new double[1], count, width);
    if (context.hasMemory()) {
      try (Scope _ = Scope.open();
          var _ = Scope.noGradients()) {
        for (long from = 0; from < count; from += width) {
          long rows = Math.min(width, count - from);
          Tensor directions = torch.linalg_qr(normal(width, context)).get0();
          Tensor lengths =
              normal(width, context)
                  .square()
                  .sum(new long[] {1}, true, new ScalarTypeOptional())
                  .sqrt();
          // The sign that QR leaves open would favour one half of the space.
          Tensor signs = normal(width, context).select(1, 0).sign().unsqueeze(1);
          Tensor block = directions.mul(lengths).mul(signs);
          draws.narrow(0, from, rows).copy_(block.narrow(0, 0, rows));
        }
      }
    }
    return draws;
  }

  private static Tensor normal(int width, Context context) {
    Tensor zeros = torch.zeros(new long[] {width, width}, new TensorOptions(ScalarType.Double));
    return context.random().normal(zeros, 0, 1);
  }
}
