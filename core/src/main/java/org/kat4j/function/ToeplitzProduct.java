package org.kat4j.function;

import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.LongStream;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.StringViewOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;
import org.kat4j.torch.CustomGradient;
import org.kat4j.torch.Scope;

/**
 * Sums over places whose weights depend on distances and on products of features: y_i = sum over j
 * of c(i - j) (q_i k_j) v_j, by fast Fourier transforms, in a line or on a grid.
 *
 * <p>For every feature and channel it is the convolution of k v with c, on twice as many places so
 * that nothing wraps around. Features come in chunks, and again in the backward pass, since their
 * products with the values are what takes memory. Errors are relative to the largest y.
 */
public final class ToeplitzProduct {
  /** Numbers of a chunk's spectrum. */
  private static final long CHUNK = 1 << 20;

  private final long[] sides; // places along each axis
  private final long[] padded;
  private final long[] axes; // the last ones

  /**
   * @param sides places along each axis, the last one fastest
   */
  public ToeplitzProduct(long... sides) {
    this.sides = sides.clone();
    padded = LongStream.of(sides).map(side -> 2 * side).toArray();
    axes = LongStream.range(-sides.length, 0).toArray();
  }

  /**
   * The sums y {@code [batch, heads, places, channels]}.
   *
   * @param q features {@code [batch, heads, places, features]}, float32 or float64
   * @param k the same shape
   * @param v {@code [batch, heads, places, channels]}
   * @param c for each head by distance, along each axis from {@code 1 - side} to {@code side - 1}
   * @param fused whether there may be no second derivatives
   */
  public Tensor of(Tensor q, Tensor k, Tensor v, Tensor c, boolean fused) {
    Tensor wrapped = wrapped(c);
    Tensor queries = q.transpose(-2, -1); // [batch, heads, features, places]
    Tensor keys = k.transpose(-2, -1);
    Tensor values = v.transpose(-2, -1);
    if (!fused) {
      return sums(queries, keys, values, wrapped).transpose(-2, -1);
    }
    List<Tensor> saved =
        List.of(queries.detach(), keys.detach(), values.detach(), wrapped.detach());
    Tensor value;
    try (var _ = Scope.noGradients()) {
      value = sums(saved.get(0), saved.get(1), saved.get(2), saved.get(3));
    }
    return CustomGradient.applyToAll(
            List.of(queries, keys, values, wrapped),
            List.of(value),
            List.of(),
            upstream ->
                new CustomGradient.AllGradients(
                    gradients(saved, Objects.requireNonNull(upstream.getFirst())), List.of()))
        .getFirst()
        .transpose(-2, -1);
  }

  /** c by distance modulo twice the side: {@code [heads, 2 side, …]}. */
  private Tensor wrapped(Tensor c) {
    Tensor out = c;
    for (int axis = 0; axis < sides.length; axis++) {
      long at = axis + 1L;
      long side = sides[axis];
      Tensor behind = out.narrow(at, side - 1, side); // distances 0 to side - 1
      Tensor none = torch.zeros_like(out.narrow(at, 0, 1));
      Tensor before = out.narrow(at, 0, side - 1);
      out = torch.cat(new TensorVector(behind, none, before), at);
    }
    return out;
  }

  private long step(Tensor keys, Tensor values) {
    long places = LongStream.of(padded).reduce(1, (a, b) -> a * b);
    long one = keys.size(0) * keys.size(1) * values.size(2) * places;
    return Math.clamp(CHUNK / one, 1, keys.size(2));
  }

  /** {@code [batch, heads, channels, places]}. */
  private Tensor sums(Tensor queries, Tensor keys, Tensor values, Tensor wrapped) {
    Tensor ofDistances = spectrum(wrapped).unsqueeze(1).unsqueeze(1); // [heads, 1, 1, …]
    Tensor all = null;
    long step = step(keys, values);
    for (long from = 0; from < keys.size(2); from += step) {
      long count = Math.min(step, keys.size(2) - from);
      Tensor sum;
      try (Chunk chunk = Chunk.open()) {
        Tensor convolved =
            onPlaces(spectrum(products(keys.narrow(2, from, count), values)).mul(ofDistances));
        sum = chunk.kept(overFeatures(queries.narrow(2, from, count).unsqueeze(3).mul(convolved)));
      }
      all = all == null ? sum : added(all, sum);
    }
    return given(Objects.requireNonNull(all));
  }

  /** For the caller's scope. */
  private static Tensor given(Tensor all) {
    if (GradMode.is_enabled()) {
      return all;
    }
    try (all) {
      return new Tensor(all);
    }
  }

  private static Tensor added(Tensor all, Tensor sum) {
    if (GradMode.is_enabled()) {
      return all.add(sum);
    }
    try (sum) {
      return all.add_(sum);
    }
  }

  /** What is made for a chunk goes with it, unless a graph needs it. */
  private record Chunk(@Nullable Scope scope) implements AutoCloseable {
    static Chunk open() {
      return new Chunk(GradMode.is_enabled() ? null : Scope.open());
    }

    Tensor kept(Tensor made) {
      return scope == null ? made : Scope.keep(made);
    }

    @Override
    public void close() {
      if (scope != null) {
        scope.close();
      }
    }
  }

  private List<Tensor> gradients(List<Tensor> saved, Tensor upstream) {
    Tensor queries = saved.get(0);
    Tensor keys = saved.get(1);
    Tensor values = saved.get(2);
    Tensor ofDistances = spectrum(saved.get(3)).unsqueeze(1).unsqueeze(1);
    Tensor turned = ofDistances.conj();
    Tensor ofQueries = torch.empty_like(queries);
    Tensor ofKeys = torch.empty_like(keys);
    Tensor ofValues = torch.zeros_like(values);
    Tensor ofSpectrum = torch.zeros_like(ofDistances);
    long step = step(keys, values);
    for (long from = 0; from < keys.size(2); from += step) {
      long count = Math.min(step, keys.size(2) - from);
      try (Scope _ = Scope.open()) {
        Tensor k = keys.narrow(2, from, count);
        Tensor q = queries.narrow(2, from, count);
        Tensor given = spectrum(products(k, values));
        Tensor convolved = onPlaces(given.mul(ofDistances));
        ofQueries.narrow(2, from, count).copy_(overChannels(convolved.mul(upstream.unsqueeze(2))));
        Tensor back = spectrum(products(q, upstream));
        Tensor ofProducts = onPlaces(back.mul(turned));
        ofKeys.narrow(2, from, count).copy_(overChannels(ofProducts.mul(values.unsqueeze(2))));
        ofValues.add_(overFeatures(ofProducts.mul(k.unsqueeze(3))));
        Tensor correlated = given.conj().mul(back);
        ofSpectrum.add_(correlated.sum(new long[] {0, 2, 3}, true, none()).squeeze(0));
      }
    }
    Tensor ofWrapped = back(ofSpectrum.squeeze(1).squeeze(1));
    return List.of(ofQueries, ofKeys, ofValues, ofWrapped);
  }

  /** {@code [batch, heads, features, channels, places]}. */
  private static Tensor products(Tensor features, Tensor channels) {
    return features.unsqueeze(3).mul(channels.unsqueeze(2));
  }

  private static Tensor overFeatures(Tensor products) {
    return products.sum(new long[] {2}, false, none());
  }

  private static Tensor overChannels(Tensor products) {
    return products.sum(new long[] {3}, false, none());
  }

  private static ScalarTypeOptional none() {
    return new ScalarTypeOptional();
  }

  /** Of the last axis, which has all places, or of one axis for each side, already padded. */
  private Tensor spectrum(Tensor x) {
    boolean flat = x.dim() == 5;
    Tensor shaped = flat && sides.length > 1 ? x.unflatten(-1, sides) : x;
    return torch.fft_rfftn(shaped, padded, axes, new StringViewOptional());
  }

  private Tensor back(Tensor spectrum) {
    return torch.fft_irfftn(spectrum, padded, axes, new StringViewOptional());
  }

  /** Back from a spectrum, without the places that were added: {@code [..., places]}. */
  private Tensor onPlaces(Tensor spectrum) {
    Tensor x = back(spectrum);
    for (int axis = 0; axis < sides.length; axis++) {
      x = x.narrow(axes[axis], 0, sides[axis]);
    }
    return sides.length > 1 ? x.flatten(-sides.length, -1) : x;
  }

  @Override
  public String toString() {
    return "sums over " + Arrays.toString(sides) + " places";
  }
}
