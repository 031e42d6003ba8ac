package org.kat4j.attention;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;
import org.kat4j.config.Check;
import org.kat4j.config.Kind;
import org.kat4j.torch.Context;
import org.kat4j.torch.DType;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Registry;
import org.kat4j.torch.Stream;

/**
 * Turns pairs of channels by angles that grow with the token's position, so that products of
 * queries and keys depend on distances: pair i of d / 2 by position times base^(-2i/d).
 *
 * <p>Source: RoFormer, arXiv 2104.09864. Angles are computed in float32, in float64 models in
 * float64.
 */
public final class Rotary implements QueryKeyStep {
  /** Which channels make a pair. */
  public enum Pairing {
    /** Channels i and i + d / 2: Llama, GPT-NeoX. */
    HALF,
    /** Channels 2i and 2i + 1: the paper, GPT-J. */
    INTERLEAVED
  }

  /**
   * @param base of the frequencies, above 1
   * @param pairing which channels make a pair
   * @param scaling how frequencies are changed for longer sequences
   */
  @Kind("rotary")
  public record Spec(double base, Pairing pairing, RotaryScaling scaling)
      implements QueryKeyStep.Spec {
    public Spec {
      Check.positive("base", base - 1);
    }

    public static Spec example() {
      return new Spec(10_000, Pairing.HALF, new RotaryScaling.None());
    }

    @Override
    public Rotary build(Heads heads, Context context) {
      int headWidth = heads.width();
      if (headWidth % 2 != 0) {
        throw new IllegalArgumentException(
            "queryKey rotary turns pairs of channels: a head width of " + headWidth + " is odd");
      }
      context.layout().line("queryKey rotary");
      return new Rotary(this, headWidth, context);
    }

    /** The angle of one position for each pair of channels, {@code headWidth / 2} of them. */
    public double[] frequencies(int headWidth) {
      double[] all = new double[headWidth / 2];
      for (int i = 0; i < all.length; i++) {
        all[i] = scaling.scaled(Math.pow(base, -2.0 * i / headWidth));
      }
      return all;
    }
  }

  private final Pairing pairing;
  private final Tensor frequencies; // [head width / 2]

  private Rotary(Spec spec, int headWidth, Context context) {
    pairing = spec.pairing;
    DType exact = context.dtype() == DType.FLOAT64 ? DType.FLOAT64 : DType.FLOAT32;
    frequencies = context.withDType(exact).derived(spec.frequencies(headWidth));
  }

  @Override
  public QueryKey apply(QueryKey both, Pass pass) {
    Angles angles = angles(positions(both.q().size(2), pass.stream()));
    return new QueryKey(turned(both.q(), angles), turned(both.k(), angles));
  }

  private Tensor positions(long tokens, @Nullable Stream stream) {
    return stream == null
        ? torch.arange(new Scalar(tokens), frequencies.options())
        : stream.positions().to(frequencies.scalar_type());
  }

  /** {@code [tokens, head width / 2]} each. */
  private record Angles(Tensor cosines, Tensor sines) {}

  private Angles angles(Tensor positions) {
    Tensor all = positions.view(-1, 1).mul(frequencies);
    return new Angles(all.cos(), all.sin());
  }

  /** x {@code [batch, heads, tokens, head width]} in its own dtype. */
  private Tensor turned(Tensor x, Angles angles) {
    ScalarType type = x.scalar_type();
    Tensor pairs = x.unflatten(-1, pairing == Pairing.HALF ? HALVES : PAIRS);
    int axis = pairing == Pairing.HALF ? -2 : -1;
    Tensor first = pairs.select(axis, 0); // [batch, heads, tokens, head width / 2]
    Tensor second = pairs.select(axis, 1);
    Tensor turnedFirst = first.mul(angles.cosines).sub(second.mul(angles.sines));
    Tensor turnedSecond = second.mul(angles.cosines).add(first.mul(angles.sines));
    return torch.stack(new TensorVector(turnedFirst, turnedSecond), axis).flatten(-2, -1).to(type);
  }

  private static final long[] HALVES = {2, -1};
  private static final long[] PAIRS = {-1, 2};

  @Override
  public void register(Registry registry) {
    registry.derived(frequencies);
  }
}
