package org.kat4j.kernel;

import org.bytedeco.pytorch.Tensor;

/** The CPU kernels in plain Java, for a JVM without the vector module. */
final class ScalarRational implements RationalKernel {
  @Override
  public Tensor forward(Tensor x, Tensor numerator, Tensor denominator, GroupLayout layout) {
    return tiled(x, numerator, denominator, layout).forward();
  }

  @Override
  public Gradients backward(
      Tensor upstream, Tensor x, Tensor numerator, Tensor denominator, GroupLayout layout) {
    return tiled(x, numerator, denominator, layout).backward(upstream);
  }

  private static TiledRational tiled(
      Tensor x, Tensor numerator, Tensor denominator, GroupLayout layout) {
    Coefficients coefficients = new Coefficients(numerator, denominator, layout.groups());
    Tiling tiling = Tiling.of(layout, ScalarTiles.LANES);
    TileKernel kernel = new ScalarTiles(coefficients, tiling, ElementKind.of(x));
    return new TiledRational(x, tiling, coefficients, kernel);
  }
}
