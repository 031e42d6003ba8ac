package org.kat4j.model;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.kat4j.function.Linear;
import org.kat4j.token.Attention;
import org.kat4j.torch.Host;
import org.kat4j.torch.Init;
import org.kat4j.torch.Parallel;
import org.kat4j.torch.RandomStream;
import org.kat4j.torch.Scope;

/**
 * Starts attention as trained attention looks: W_q^T W_k near a multiple of the identity, the
 * product of values and output projection near a negative one.
 *
 * <p>Source: Mimetic initialization of self-attention layers, arXiv 2305.09828, with the factors
 * that KAT's code uses. As there, W_v and W_proj are the factors L and R themselves, so the
 * effective map is R L.
 */
final class MimeticAttention {
  private static final double QUERY_KEY_NOISE = 0.7;
  private static final double QUERY_KEY_IDENTITY = 0.7;
  private static final double VALUE_NOISE = 0.4;
  private static final double VALUE_IDENTITY = -0.4;

  private MimeticAttention() {}

  static void initialise(Attention attention, RandomStream random) {
    Linear projections = attention.qkv();
    Linear proj = attention.proj();
    if (projections == null
        || proj == null
        || projections.weight().size(0) != 3 * projections.weight().size(1)) {
      throw new IllegalArgumentException(
          "weightInit: mimetic attention needs projections: fused, with keys for every head and heads that divide the width");
    }
    try (Scope _ = Scope.open();
        var _ = Scope.noGradients()) {
      Tensor qkv = projections.weight(); // [3 width, width]
      long width = qkv.size(1);
      int heads = attention.heads();
      long headWidth = width / heads;
      List<Tensor> products = new ArrayList<>();
      for (int head = 0; head < heads; head++) {
        products.add(nearIdentity(width, QUERY_KEY_NOISE, QUERY_KEY_IDENTITY, random));
      }
      products.add(nearIdentity(width, VALUE_NOISE, VALUE_IDENTITY, random));
      Factors factors = factors(torch.stack(new TensorVector(products.toArray(Tensor[]::new))));
      for (int head = 0; head < heads; head++) {
        long row = head * headWidth;
        Tensor left = factors.left.get(head).narrow(1, 0, headWidth);
        qkv.narrow(0, row, headWidth).copy_(left.t());
        qkv.narrow(0, width + row, headWidth)
            .copy_(factors.right.get(head).narrow(0, 0, headWidth));
      }
      qkv.narrow(0, 2 * width, width).copy_(factors.left.get(heads));
      proj.weight().copy_(factors.right.get(heads));
    }
    for (Tensor bias : new Tensor[] {projections.bias(), proj.bias()}) {
      if (bias != null) {
        Init.constant(bias, 0);
      }
    }
  }

  /** noise Z + identity I, entries of Z uniform with variance 1 / width. */
  private static Tensor nearIdentity(
      long width, double noise, double identity, RandomStream random) {
    TensorOptions float64 = new TensorOptions(ScalarType.Double);
    double bound = Math.sqrt(3.0 / width);
    Tensor z = random.uniform(torch.zeros(new long[] {width, width}, float64), -bound, bound);
    return z.mul(new Scalar(noise)).add(torch.eye(width, float64).mul(new Scalar(identity)));
  }

  /** A = L R with L = U sqrt(S), R = sqrt(S) V^T, for each matrix. */
  private record Factors(Tensor left, Tensor right) {}

  /** Of all matrices at the same time: more threads do not make a single decomposition faster. */
  private static Factors factors(Tensor matrices) {
    Factors factors = new Factors(torch.empty_like(matrices), torch.empty_like(matrices));
    Host.withSmallProducts(
        matrices,
        all -> {
          Parallel.forRange(
              (int) all.size(0),
              i -> {
                try (Scope _ = Scope.open()) {
                  var svd = torch.linalg_svd(all.get(i));
                  Tensor roots = svd.get1().sqrt(); // [width]
                  factors.left.get(i).copy_(svd.get0().mul(roots));
                  factors.right.get(i).copy_(svd.get2().mul(roots.view(-1, 1)));
                }
              });
          return all;
        });
    return factors;
  }
}
