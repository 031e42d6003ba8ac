package org.kat4j.function.kan;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** The sum over inputs and basis functions that most KAN layers end in. */
final class Contraction {
  private Contraction() {}

  /**
   * y_o = sum over i, j of basis[i, j] weight[o, i, j].
   *
   * @param basis {@code [..., in, basis]}
   * @param weight {@code [out, in, basis]}, or any tensor {@code [out, ...]} of as many numbers
   * @return {@code [..., out]}
   */
  static Tensor outputsFirst(Tensor basis, Tensor weight) {
    return torch.linear(basis.flatten(-2, -1), weight.reshape(weight.size(0), -1));
  }

  /** The same with {@code weight [in, out, basis]}. */
  static Tensor inputsFirst(Tensor basis, Tensor weight) {
    return outputsFirst(basis, weight.transpose(0, 1));
  }
}
