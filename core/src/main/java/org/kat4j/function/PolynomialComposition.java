package org.kat4j.function;

import java.util.Arrays;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.config.Check;
import org.kat4j.torch.Context;
import org.kat4j.torch.DType;
import org.kat4j.torch.Part;
import org.kat4j.torch.Registry;

/**
 * Polynomial compositions: trainable polynomials of a rectified input (PolyReLU), or sums of
 * normalised powers (PolyNorm).
 *
 * <p>Coefficients come in falling order: {@code weight[0]} belongs to the highest power. PolyReLU
 * acts element by element; PolyNorm divides each power by its root mean square over the channels of
 * a token, so it sees all channels. Source: Polynomial Composition Activations, arXiv 2411.03884;
 * names of BryceZhuo/PolyCom.
 */
public final class PolynomialComposition implements Part {
  /** What is done to the input and its powers. */
  public enum Form {
    /** y = sum of w_p max(x, 0)^p + b. */
    POLY_RELU,
    /** y = sum of w_p N(x^p) + b, N(v) = v / sqrt(mean(v^2) + 1e-6). */
    POLY_NORM
  }

  /**
   * @param form PolyReLU or PolyNorm
   * @param order highest power, 1 to 8
   */
  public record Spec(Form form, int order) {
    public Spec {
      Check.between("order", order, 1, 8);
    }

    public static Spec example() {
      return new Spec(Form.POLY_NORM, 3);
    }

    public PolynomialComposition build(Context context) {
      return new PolynomialComposition(this, context);
    }
  }

  private static final double EPSILON = 1e-6;

  private final Spec spec;
  private final Tensor weight; // [order]
  private final Tensor bias; // [1]

  private PolynomialComposition(Spec spec, Context context) {
    this.spec = spec;
    double[] equal = new double[spec.order];
    Arrays.fill(equal, 1.0 / spec.order);
    weight = context.parameter(equal, spec.order);
    bias = context.parameter(1);
  }

  /** {@code [..., channels]} to the same shape. */
  public Tensor forward(Tensor x) {
    return switch (spec.form) {
      case POLY_RELU -> ofRectified(x.relu());
      case POLY_NORM -> ofNormalised(x);
    };
  }

  /** Horner's scheme: ((w_0 u + w_1) u + ...) u + b. */
  private Tensor ofRectified(Tensor u) {
    Tensor sum = u.mul(weight.select(0, 0));
    for (int i = 1; i < spec.order; i++) {
      sum = sum.add(weight.select(0, i)).mul(u);
    }
    return sum.add(bias);
  }

  private Tensor ofNormalised(Tensor x) {
    Tensor sum = bias;
    Tensor power = x;
    for (int p = 1; p <= spec.order; p++) {
      sum = sum.add(normalised(power).mul(weight.select(0, spec.order - p)));
      power = power.mul(x);
    }
    return sum;
  }

  /** The mean of squares in float32 at least: x^6 leaves half precision at 6.35. */
  private static Tensor normalised(Tensor v) {
    DType dtype = DType.of(v);
    boolean narrow = dtype == DType.FLOAT16 || dtype == DType.BFLOAT16;
    Tensor wide = narrow ? v.to(DType.FLOAT32.scalarType()) : v;
    Tensor mean = wide.square().mean(new long[] {-1}, true, new ScalarTypeOptional());
    return wide.mul(mean.add(new Scalar(EPSILON)).rsqrt()).to(v.scalar_type());
  }

  @Override
  public void register(Registry registry) {
    registry.tensor("weight", weight);
    registry.tensor("bias", bias);
  }
}
