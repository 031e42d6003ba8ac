package org.kat4j.torch;

import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Initial values. Numbers are drawn in float64 on the CPU and then rounded, so that the float32
 * model of a seed is the rounded float64 model. On the meta device nothing happens.
 */
public final class Init {
  /** Standard deviation of a standard normal number cut at -2 and 2. */
  private static final double DEVIATION_OF_CUT_NORMAL = 0.87962566103423978;

  private Init() {}

  private interface Fill {
    void into(Tensor values);
  }

  /** Normal with mean 0. */
  public static void normal(Tensor target, double deviation, RandomStream random) {
    fill(target, values -> random.normal(values, 0, deviation));
  }

  /** Uniform on [-bound, bound). */
  public static void uniform(Tensor target, double bound, RandomStream random) {
    fill(target, values -> random.uniform(values, -bound, bound));
  }

  /** Normal, cut at -2 and 2 (absolute, not in deviations), as timm's {@code trunc_normal_}. */
  public static void truncatedNormal(Tensor target, double deviation, RandomStream random) {
    fill(target, values -> cutNormal(values, deviation, 2, random));
  }

  /** Normal numbers inside [-cut, cut], by the inverse of the distribution function. */
  private static void cutNormal(Tensor values, double deviation, double cut, RandomStream random) {
    double reach = erf(cut / deviation / Math.sqrt(2));
    random.uniform(values, -reach, reach);
    values.erfinv_().mul_(new Scalar(deviation * Math.sqrt(2)));
    values.clamp_(new ScalarOptional(new Scalar(-cut)), new ScalarOptional(new Scalar(cut)));
  }

  /** Normal with variance 1 / fanIn, cut at two deviations. */
  public static void leCunNormal(Tensor target, long fanIn, RandomStream random) {
    double deviation = Math.sqrt(1.0 / fanIn) / DEVIATION_OF_CUT_NORMAL;
    fill(target, values -> cutNormal(values, deviation, 2 * deviation, random));
  }

  /** Uniform with bound sqrt(6 / (rows + columns)), Glorot's. */
  public static void xavierUniform(Tensor target, RandomStream random) {
    uniform(target, Math.sqrt(6.0 / (target.size(0) + target.size(1))), random);
  }

  public static void constant(Tensor target, double value) {
    fill(target, values -> values.fill_(new Scalar(value)));
  }

  private static double erf(double x) {
    try (Scope _ = Scope.open()) {
      return Tensor.create(new double[] {x}).erf().item_double();
    }
  }

  private static void fill(Tensor target, Fill fill) {
    if (target.is_meta()) {
      return;
    }
    try (Scope _ = Scope.open();
        var _ = Scope.noGradients()) {
      Tensor values =
          torch.empty(
              target.shape(), new TensorOptions(ScalarType.Double), new MemoryFormatOptional());
      fill.into(values);
      target.copy_(values);
    }
  }
}
