package org.kat4j.attention;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;
import org.kat4j.function.Activation;
import org.kat4j.function.kan.Wavelet;
import org.kat4j.torch.Context;
import org.kat4j.torch.Init;
import org.kat4j.torch.Part;
import org.kat4j.torch.Recomputed;
import org.kat4j.torch.Registry;

/**
 * The functions of {@link KolmogorovArnold}: Phi_p of every row of scores, sums of phi_pq over the
 * keys q, and W.
 *
 * <p>Features of the scores are made one after the other, and again in the backward pass: of size
 * {@code [batch, heads, tokens, tokens]} the scores alone are kept.
 */
final class RowFunctions implements Part {
  private static final int DEGREE = 5;
  private static final int DENOMINATOR = 4;

  private final KolmogorovArnold.Spec spec;
  private final boolean recomputes;
  private final Tensor[] coefficients; // [heads, functions, keys, …] by the basis
  private final @Nullable Tensor baseScale; // [heads, functions, keys]
  private final @Nullable Tensor functionScale; // [heads, functions, keys]
  private final @Nullable Tensor weight; // W [heads, tokens, functions]

  RowFunctions(KolmogorovArnold.Spec spec, int heads, int tokens, Context context) {
    this.spec = spec;
    recomputes = context.fused();
    int functions = spec.functions(tokens);
    // So that Phi has about the same variance whatever the number of terms.
    double deviation = 1 / Math.sqrt(tokens);
    coefficients =
        switch (spec.basis()) {
          case FOURIER -> {
            Tensor cos = context.parameter(heads, functions, tokens, spec.grid());
            Tensor sin = context.parameter(heads, functions, tokens, spec.grid());
            Init.normal(cos, deviation / Math.sqrt(spec.grid()), context.random());
            Init.normal(sin, deviation / Math.sqrt(spec.grid()), context.random());
            yield new Tensor[] {cos, sin};
          }
          case RATIONAL -> {
            Tensor above = context.parameter(heads, functions, tokens, DEGREE + 1);
            Tensor below = context.parameter(heads, functions, tokens, DENOMINATOR);
            Init.normal(above, deviation, context.random());
            Init.normal(below, 1, context.random());
            yield new Tensor[] {above, below};
          }
          default -> {
            Tensor heights = context.parameter(heads, functions, tokens);
            Init.normal(heights, deviation, context.random());
            yield new Tensor[] {heights};
          }
        };
    baseScale = scale(heads, functions, tokens, context);
    functionScale = scale(heads, functions, tokens, context);
    if (spec.rank() == 0) {
      weight = null;
    } else {
      weight = context.parameter(heads, tokens, functions);
      Init.uniform(weight, 1 / Math.sqrt(functions), context.random());
    }
  }

  private @Nullable Tensor scale(int heads, int functions, int tokens, Context context) {
    return spec.kanScales() ? context.parameter(new double[] {1}, heads, functions, tokens) : null;
  }

  /**
   * Phi of every row.
   *
   * @param scores {@code [batch, heads, tokens, keys]}, float32 or float64
   * @return {@code [batch, heads, tokens, functions]}
   */
  Tensor of(Tensor scores) {
    List<Tensor> terms = new ArrayList<>();
    switch (spec.basis()) {
      case FOURIER -> {
        for (int m = 1; m <= spec.grid(); m++) {
          Scalar times = new Scalar(m);
          terms.add(
              product(scores, a -> a.mul(times).cos(), scaled(coefficients[0].select(3, m - 1))));
          terms.add(
              product(scores, a -> a.mul(times).sin(), scaled(coefficients[1].select(3, m - 1))));
        }
      }
      case RATIONAL -> terms.add(rational(scores));
      default -> terms.add(wavelet(scores));
    }
    if (spec.base() != Activation.ZERO) {
      terms.add(base(scores));
    }
    return terms.stream().reduce(Tensor::add).orElseThrow();
  }

  private Tensor scaled(Tensor ofFunctions) {
    return ScoreWeighting.exact(
        functionScale == null ? ofFunctions : ofFunctions.mul(functionScale));
  }

  private Tensor wavelet(Tensor scores) {
    Wavelet.Mother mother = Objects.requireNonNull(spec.basis().mother());
    Tensor heights = mother.weighted(scaled(coefficients[0])).mul(new Scalar(spec.basis().sign()));
    return product(scores, mother::of, heights);
  }

  private Tensor base(Tensor scores) {
    if (baseScale == null) {
      return spec.base().apply(scores).sum(new long[] {-1}, true, new ScalarTypeOptional());
    }
    return product(scores, spec.base()::apply, ScoreWeighting.exact(baseScale));
  }

  /** Sums over the keys of a feature of the scores times {@code [heads, functions, keys]}. */
  private Tensor product(Tensor scores, Function<Tensor, Tensor> feature, Tensor heights) {
    return again(
        List.of(scores, heights), (a, w) -> feature.apply(a).matmul(w.get(0).transpose(-2, -1)));
  }

  /** One function after the other, since each has a value at every score. */
  private Tensor rational(Tensor scores) {
    var ofFunctions = new TensorVector();
    for (long p = 0; p < coefficients[0].size(1); p++) {
      Tensor above = coefficients[0].select(1, p); // [heads, keys, 6]
      Tensor scaled =
          functionScale == null ? above : above.mul(functionScale.select(1, p).unsqueeze(-1));
      ofFunctions.push_back(
          again(
              List.of(
                  scores,
                  ScoreWeighting.exact(scaled),
                  ScoreWeighting.exact(coefficients[1].select(1, p))),
              (a, w) -> rational(a, w.get(0), w.get(1)).sum(-1)));
    }
    return torch.stack(ofFunctions, -1);
  }

  private static Tensor rational(Tensor a, Tensor above, Tensor below) {
    Tensor numerator = place(above, DEGREE);
    for (int n = DEGREE - 1; n >= 0; n--) {
      numerator = numerator.mul(a).add(place(above, n));
    }
    Tensor sum = place(below, DENOMINATOR - 1);
    for (int n = DENOMINATOR - 2; n >= 0; n--) {
      sum = sum.mul(a).add(place(below, n));
    }
    return numerator.div(sum.mul(a).abs().add(new Scalar(1)));
  }

  /** Coefficient n for every key: {@code [heads, 1, keys]}. */
  private static Tensor place(Tensor coefficients, int n) {
    return coefficients.select(-1, n).unsqueeze(-2);
  }

  /**
   * @param inputs the scores, then what the operation gets besides
   */
  private Tensor again(List<Tensor> inputs, BiFunction<Tensor, List<Tensor>, Tensor> operation) {
    Function<List<Tensor>, Tensor> all =
        given -> operation.apply(given.getFirst(), given.subList(1, given.size()));
    return recomputes ? Recomputed.of(inputs, all) : all.apply(inputs);
  }

  /** Phi^T (W^T V): {@code [batch, heads, tokens, head width]}. */
  Tensor spread(Tensor rows, Tensor values) {
    return weight == null
        ? rows.matmul(values)
        : rows.matmul(ScoreWeighting.exact(weight).transpose(-2, -1).matmul(values));
  }

  /** Phi^T W^T: {@code [batch, heads, tokens, keys]}. */
  Tensor weights(Tensor rows) {
    return weight == null ? rows : rows.matmul(ScoreWeighting.exact(weight).transpose(-2, -1));
  }

  @Override
  public void register(Registry registry) {
    switch (spec.basis()) {
      case FOURIER -> {
        registry.tensor("cos", coefficients[0]);
        registry.tensor("sin", coefficients[1]);
      }
      case RATIONAL -> {
        registry.tensor("numerator", coefficients[0]);
        registry.tensor("denominator", coefficients[1]);
      }
      default -> registry.tensor("wavelet", coefficients[0]);
    }
    if (baseScale != null && functionScale != null) {
      registry.tensor("base_scale", baseScale);
      registry.tensor("scale", functionScale);
    }
    if (weight != null) {
      registry.tensor("weight", weight);
    }
  }
}
