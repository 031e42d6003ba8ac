package org.kat4j.function.kan;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * The pure state of one qubit as its Bloch vector, a point of the unit sphere.
 *
 * <p>A gate RZ(t) = diag(e^(-it/2), e^(it/2)) turns it around z by t, and so on; the global phase,
 * which nothing measures, is left out. Shapes broadcast.
 */
record Qubit(Tensor x, Tensor y, Tensor z) {
  /** (|0> + |1>) / sqrt 2 in the shape of another tensor. */
  static Qubit afterHadamard(Tensor like) {
    Tensor zero = torch.zeros_like(like);
    return new Qubit(torch.ones_like(like), zero, zero);
  }

  Qubit rx(Tensor angle) {
    Tensor cos = angle.cos();
    Tensor sin = angle.sin();
    return new Qubit(x, y.mul(cos).sub(z.mul(sin)), y.mul(sin).add(z.mul(cos)));
  }

  Qubit ry(Tensor angle) {
    Tensor cos = angle.cos();
    Tensor sin = angle.sin();
    return new Qubit(x.mul(cos).add(z.mul(sin)), y, z.mul(cos).sub(x.mul(sin)));
  }

  Qubit rz(Tensor angle) {
    Tensor cos = angle.cos();
    Tensor sin = angle.sin();
    return new Qubit(x.mul(cos).sub(y.mul(sin)), x.mul(sin).add(y.mul(cos)), z);
  }

  /** Pauli's X: half a turn around x. */
  Qubit flipX() {
    return new Qubit(x, y.neg(), z.neg());
  }

  /** Pauli's Z: half a turn around z. */
  Qubit flipZ() {
    return new Qubit(x.neg(), y.neg(), z);
  }
}
