package org.kat4j.kernel;

import org.bytedeco.pytorch.Tensor;

/**
 * The CPU kernels written with the JDK's vector instructions.
 *
 * <p>Loaded only where the module jdk.incubator.vector is present; see {@link Kernels}.
 */
final class VectorRational implements RationalKernel {
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
    boolean doubles = ElementKind.of(x) == ElementKind.FLOAT64;
    Tiling tiling = Tiling.of(layout, doubles ? DoubleTiles.LANES : FloatTiles.LANES);
    TileKernel kernel;
    if (doubles) {
      kernel = new DoubleTiles(coefficients, tiling);
    } else if (FloatTiles54.fits(coefficients)) {
      kernel = new FloatTiles54(coefficients, tiling);
    } else {
      kernel = new FloatTiles(coefficients, tiling);
    }
    return new TiledRational(x, tiling, coefficients, kernel);
  }

  /** Width of the vectors in bits. */
  static int bits() {
    return FloatTiles.LANES * Float.SIZE;
  }
}
