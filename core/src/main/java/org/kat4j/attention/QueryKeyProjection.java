package org.kat4j.attention;

import org.bytedeco.pytorch.DeviceOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.kat4j.function.Linear;
import org.kat4j.torch.Context;
import org.kat4j.torch.Init;
import org.kat4j.torch.Part;
import org.kat4j.torch.Registry;
import org.kat4j.torch.Scope;

/**
 * Queries and keys of tokens, by fewer matrices than one each. Source: Reducing the transformer
 * architecture to a minimum, arXiv 2410.13732.
 */
sealed interface QueryKeyProjection extends Part {
  /**
   * @param q {@code [batch, tokens, heads * head width]}
   * @param k {@code [batch, tokens, key-value heads * head width]}
   */
  record Both(Tensor q, Tensor k) {}

  /** Of x {@code [batch, tokens, width]}. */
  Both of(Tensor x);

  /** A matrix each: {@code q_proj, k_proj}. */
  record Separate(Linear q, Linear k) implements QueryKeyProjection {
    @Override
    public Both of(Tensor x) {
      return new Both(q.forward(x), k.forward(x));
    }

    @Override
    public void register(Registry registry) {
      registry.part("q_proj", q);
      registry.part("k_proj", k);
    }
  }

  /** One matrix for both, {@code qk_proj}: scores are symmetric, those of a token not negative. */
  record Shared(Linear qk) implements QueryKeyProjection {
    @Override
    public Both of(Tensor x) {
      Tensor both = qk.forward(x);
      return new Both(both, both);
    }

    @Override
    public void register(Registry registry) {
      registry.part("qk_proj", qk);
    }
  }

  /** The product of both matrices as one, {@code qk}; keys are the tokens themselves. */
  record Collapsed(Linear qk) implements QueryKeyProjection {
    @Override
    public Both of(Tensor x) {
      return new Both(qk.forward(x), x);
    }

    @Override
    public void register(Registry registry) {
      registry.part("qk", qk);
    }
  }

  /**
   * A symmetric matrix or a lower triangle T, of which only the triangle is stored, row after row:
   * {@code qk [width (width + 1) / 2]}. Scores are x S y, or x T T^T y, which is not negative for a
   * token with itself.
   */
  record Triangle(Tensor qk, int width, boolean factor) implements QueryKeyProjection {
    static Triangle of(int width, boolean factor, Context context) {
      Tensor packed = context.parameter(width * (width + 1L) / 2);
      if (factor) { // T T^T grows with the square of T: nearly the identity divided by the width
        Init.normal(packed, 1.0 / width, context.random());
        addToDiagonal(packed, width, 1 / Math.sqrt(width));
      } else {
        Init.uniform(packed, 1 / Math.sqrt(width), context.random());
      }
      return new Triangle(packed, width, factor);
    }

    private static void addToDiagonal(Tensor packed, int width, double value) {
      if (packed.is_meta()) {
        return;
      }
      try (Scope _ = Scope.open();
          var _ = Scope.noGradients()) {
        for (long i = 0; i < width; i++) {
          packed.get(i * (i + 3) / 2).add_(new Scalar(value));
        }
      }
    }

    @Override
    public Both of(Tensor x) {
      Tensor symmetric = mirrored();
      if (!factor) {
        return new Both(Linear.apply(x, symmetric), x);
      }
      Tensor both = x.matmul(symmetric.tril()); // x T
      return new Both(both, both);
    }

    /** Row i of the triangle begins behind i (i + 1) / 2 numbers. */
    private Tensor mirrored() {
      TensorOptions whole =
          new TensorOptions(ScalarType.Long).device(new DeviceOptional(qk.device()));
      Tensor place = torch.arange(new Scalar(width), whole);
      Tensor row = torch.maximum(place.view(-1, 1), place);
      Tensor column = torch.minimum(place.view(-1, 1), place);
      Tensor index = row.mul(row.add(new Scalar(1))).bitwise_right_shift(new Scalar(1)).add(column);
      return torch.embedding(qk.view(-1, 1), index).squeeze(-1); // [width, width]
    }

    @Override
    public void register(Registry registry) {
      registry.undecayed("qk", qk);
    }
  }
}
