package org.kat4j.channel;

import org.bytedeco.pytorch.Tensor;
import org.kat4j.config.Check;
import org.kat4j.config.Kind;
import org.kat4j.function.GroupRational;
import org.kat4j.function.Linear;
import org.kat4j.function.RationalCoefficients;
import org.kat4j.torch.Context;
import org.kat4j.torch.Dropout;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Registry;

/**
 * The KAN mixer of KAT: two GR-KAN layers, each a group rational function followed by a linear map.
 *
 * <p>x, act1 (starts as the identity), dropout, fc1, act2 (starts as swish), dropout, fc2. Taps:
 * {@code input}, what act1 sees, and {@code hidden [batch, tokens, ratio * width]}, what act2 sees.
 * Source: arXiv 2409.10594; names of Adamdad/kat.
 */
public final class GroupRationalMlp implements ChannelMixer {
  /**
   * @param ratio hidden width by width, above 0
   * @param rational how the coefficients of both functions are shared
   * @param act1 name of the first function's initial coefficients
   * @param act2 name of the second function's initial coefficients
   * @param dropout rate after each function, in [0, 1)
   */
  @Kind("gr-kan")
  public record Spec(
      double ratio, GroupRational.Spec rational, String act1, String act2, double dropout)
      implements ChannelMixer.Spec {
    public Spec {
      Check.positive("ratio", ratio);
      Check.inRange("dropout", dropout, 0, 1);
      RationalCoefficients.named(act1).withDegrees(rational.m(), rational.n());
      RationalCoefficients.named(act2).withDegrees(rational.m(), rational.n());
    }

    /** The published mixer: ratio 4, 8 groups, identity then swish. */
    public static Spec example() {
      return new Spec(4, GroupRational.Spec.example(), "identity", "swish", 0);
    }

    @Override
    public GroupRationalMlp build(int width, Context context) {
      return new GroupRationalMlp(this, width, context);
    }

    @Override
    public long macs(int tokens, int width) {
      int hidden = ChannelMixer.hiddenWidth(ratio, width);
      // One fused multiply-add for each coefficient of numerator and denominator.
      long functions = (long) tokens * (width + hidden) * (rational.m() + rational.n());
      return 2L * tokens * width * hidden + functions;
    }
  }

  private final Spec spec;
  private final Linear fc1;
  private final GroupRational act1;
  private final GroupRational act2;
  private final Linear fc2;

  private GroupRationalMlp(Spec spec, int width, Context context) {
    this.spec = spec;
    int hidden = ChannelMixer.hiddenWidth(spec.ratio, width);
    fc1 = new Linear(width, hidden, true, context);
    act1 = spec.rational.build(width, RationalCoefficients.named(spec.act1), context);
    act2 = spec.rational.build(hidden, RationalCoefficients.named(spec.act2), context);
    fc2 = new Linear(hidden, width, true, context);
  }

  @Override
  public boolean lowersInput() {
    return true;
  }

  @Override
  public Tensor forward(Tensor x, Pass pass) {
    pass.tap().record("input", x);
    Tensor first = Dropout.elements(act1.forward(x), spec.dropout, pass);
    Tensor hidden = fc1.forward(first); // [batch, tokens, ratio * width]
    pass.tap().record("hidden", hidden);
    Tensor second = Dropout.elements(act2.forward(hidden), spec.dropout, pass);
    return fc2.forward(second);
  }

  public Spec spec() {
    return spec;
  }

  public Linear fc1() {
    return fc1;
  }

  public Linear fc2() {
    return fc2;
  }

  @Override
  public void register(Registry registry) {
    registry.part("fc1", fc1);
    registry.part("act1", act1);
    registry.part("act2", act2);
    registry.part("fc2", fc2);
  }
}
