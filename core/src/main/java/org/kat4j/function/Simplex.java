package org.kat4j.function;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * The nearest point of the probability simplex: x = max(y - lambda, 0), which sums to 1.
 *
 * <p>With u the numbers in falling order, rho the last i for which u_i is above (u_1 + … + u_i - 1)
 * / i: lambda is that quotient at rho. Source: Held, Wolfe, Crowder 1974; as in sparsemax, arXiv
 * 1602.02068.
 */
public final class Simplex {
  private Simplex() {}

  /** Each row along the last axis. */
  public static Tensor project(Tensor y) {
    boolean falling = true;
    Tensor u = y.sort(-1, falling).get0();
    Tensor place = torch.arange(new Scalar(y.size(-1)), y.options()).add(new Scalar(1));
    Tensor lambdas = u.cumsum(-1).sub(new Scalar(1)).div(place);
    Tensor rho = u.gt(lambdas).sum(-1).sub(new Scalar(1)).unsqueeze(-1); // from 0
    return y.sub(lambdas.gather(-1, rho)).clamp_min(new Scalar(0));
  }
}
