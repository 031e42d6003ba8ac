package org.kat4j.model;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.kat4j.token.Attention;
import org.kat4j.torch.Init;
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
    try (Scope _ = Scope.open();
        var _ = Scope.noGradients()) {
      Tensor qkv = attention.qkv().weight(); // [3 width, width]
      long width = qkv.size(1);
      long headWidth = width / attention.heads();
      for (int head = 0; head < attention.heads(); head++) {
        Factors a = factors(width, QUERY_KEY_NOISE, QUERY_KEY_IDENTITY, random);
        long row = head * headWidth;
        qkv.narrow(0, row, headWidth).copy_(a.left.narrow(1, 0, headWidth).t());
        qkv.narrow(0, width + row, headWidth).copy_(a.right.narrow(0, 0, headWidth));
      }
      Factors a = factors(width, VALUE_NOISE, VALUE_IDENTITY, random);
      qkv.narrow(0, 2 * width, width).copy_(a.left);
      attention.proj().weight().copy_(a.right);
    }
    for (Tensor bias : new Tensor[] {attention.qkv().bias(), attention.proj().bias()}) {
      if (bias != null) {
        Init.constant(bias, 0);
      }
    }
  }

  /** A = L R with L = U sqrt(S), R = sqrt(S) V^T. */
  private record Factors(Tensor left, Tensor right) {}

  /** The factors of A = noise Z + identity I, entries of Z uniform with variance 1 / width. */
  private static Factors factors(long width, double noise, double identity, RandomStream random) {
    TensorOptions float64 = new TensorOptions(ScalarType.Double);
    double bound = Math.sqrt(3.0 / width);
    Tensor z = random.uniform(torch.zeros(new long[] {width, width}, float64), -bound, bound);
    Tensor a = z.mul(new Scalar(noise)).add(torch.eye(width, float64).mul(new Scalar(identity)));
    var svd = torch.linalg_svd(a);
    Tensor roots = svd.get1().sqrt(); // [width]
    return new Factors(svd.get0().mul(roots), svd.get2().mul(roots.view(-1, 1)));
  }
}
