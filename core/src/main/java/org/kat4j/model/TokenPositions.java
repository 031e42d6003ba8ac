package org.kat4j.model;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;
import org.kat4j.torch.Context;
import org.kat4j.torch.DType;
import org.kat4j.torch.Part;
import org.kat4j.torch.Registry;
import org.kat4j.torch.Stream;

/** What tells the tokens of a {@link CausalTransformer} their places. */
sealed interface TokenPositions extends Part {
  /**
   * @param embedded {@code [batch, tokens, width]}
   * @param stream tells the places where the tokens go on with others
   */
  Tensor addedTo(Tensor embedded, @Nullable Stream stream);

  static TokenPositions of(CausalTransformer.Spec spec, Context context) {
    return switch (spec.positions()) {
      case LEARNED -> new Learned(context.parameter(spec.longest(), spec.width()));
      case SINUSOIDAL -> new Sinusoidal(spec.width(), frequencies(spec.width(), context));
      case NONE -> new None();
    };
  }

  private static Tensor frequencies(int width, Context context) {
    double[] all = new double[Math.ceilDiv(width, 2)];
    for (int i = 0; i < all.length; i++) {
      all[i] = Math.pow(Sinusoidal.BASE, -2.0 * i / width);
    }
    DType exact = context.dtype() == DType.FLOAT64 ? DType.FLOAT64 : DType.FLOAT32;
    return context.withDType(exact).derived(all);
  }

  /**
   * A learnable vector for each place.
   *
   * @param vectors {@code [longest, width]}
   */
  record Learned(Tensor vectors) implements TokenPositions {
    @Override
    public Tensor addedTo(Tensor embedded, @Nullable Stream stream) {
      return embedded.add(
          stream == null
              ? vectors.narrow(0, 0, embedded.size(1))
              : vectors.index_select(0, stream.positions()));
    }

    @Override
    public void register(Registry registry) {
      registry.tensor("pos_embed", vectors);
    }
  }

  /**
   * Waves: channel 2i of place p has sin(p / 10000^(2i / width)), channel 2i + 1 the cosine of the
   * same. They are added to embeddings times sqrt(width), which are as large then.
   *
   * <p>Source: Attention Is All You Need, arXiv 1706.03762, sections 3.4 and 3.5. Angles are
   * computed in float32, in float64 models in float64.
   *
   * @param width channels of a token
   * @param frequencies {@code [width / 2, rounded up]}
   */
  record Sinusoidal(int width, Tensor frequencies) implements TokenPositions {
    static final double BASE = 10_000;

    @Override
    public Tensor addedTo(Tensor embedded, @Nullable Stream stream) {
      Tensor places =
          stream == null
              ? torch.arange(new Scalar(embedded.size(1)), frequencies.options())
              : stream.positions().to(frequencies.scalar_type());
      Tensor angles = places.view(-1, 1).mul(frequencies); // [tokens, width / 2]
      Tensor both = torch.stack(new TensorVector(angles.sin(), angles.cos()), -1).flatten(-2, -1);
      Tensor waves = both.narrow(-1, 0, width).to(embedded.scalar_type()); // [tokens, width]
      return embedded.mul(new Scalar(Math.sqrt(width))).add(waves);
    }

    @Override
    public void register(Registry registry) {
      registry.derived(frequencies);
    }
  }

  /** Nothing but what mixers know themselves. */
  record None() implements TokenPositions {
    @Override
    public Tensor addedTo(Tensor embedded, @Nullable Stream stream) {
      return embedded;
    }

    @Override
    public void register(Registry registry) {}
  }
}
