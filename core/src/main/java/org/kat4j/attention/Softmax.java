package org.kat4j.attention;

import java.util.Objects;
import java.util.Optional;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.kat4j.config.Kind;
import org.kat4j.kernel.Kernels;
import org.kat4j.torch.Context;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Registry;
import org.kat4j.torch.Tap;

/** softmax(q k^T / sqrt(head width)) v. Source: arXiv 1706.03762. */
public final class Softmax implements Weighting {
  /** Nothing to choose. */
  @Kind("softmax")
  public record Spec() implements Weighting.Spec {
    public static Spec example() {
      return new Spec();
    }

    @Override
    public Softmax build(Heads heads, Context context) {
      return new Softmax(heads.width(), context.fused());
    }
  }

  private final int headWidth;
  private final boolean fused;

  private Softmax(int headWidth, boolean fused) {
    this.headWidth = headWidth;
    this.fused = fused;
  }

  @Override
  public Tensor mix(Tensor q, Tensor k, Tensor v, Scores scores, Pass pass) {
    if (pass.tap() != Tap.NONE) {
      pass.tap().record("weights", weights(q, k, scores));
    }
    return scores.steps().isEmpty() ? attended(q, k, v, scores) : attendedByTables(q, k, v, scores);
  }

  private Tensor attended(Tensor q, Tensor k, Tensor v, Scores scores) {
    long[] shape = q.shape(); // [batch, heads, queries, head width]
    Optional<Tensor> ofOneQuery = ofOneQuery(q, k, v, scores.sight());
    if (ofOneQuery.isPresent()) {
      return ofOneQuery.get();
    }
    if (shape[2] == 1 && shape[1] != k.size(1)) {
      // The heads of one token that share keys are as good as so many tokens that see the same.
      Tensor together = q.reshape(shape[0], k.size(1), -1, shape[3]);
      return attended(together, k, v, scores).reshape(shape);
    }
    if (!fused) { // libtorch's own has no second derivative
      return composed(q, k, v, scores);
    }
    TensorOptional mask =
        scores.sight() instanceof Sight.Allowed some
            ? new TensorOptional(some.allowed())
            : new TensorOptional();
    return fused(q, k, v, mask, scores.sight() instanceof Sight.Earlier);
  }

  /**
   * Additions go into the fused attention as its mask; factors have no place there. On a CPU it has
   * no gradient of its mask: libtorch then takes a way of its own that is longer than ours.
   */
  private Tensor attendedByTables(Tensor q, Tensor k, Tensor v, Scores scores) {
    boolean learns = GradMode.is_enabled() && !q.is_cuda();
    if (!fused || learns || !scores.onlyAdd()) {
      return composed(q, k, v, scores);
    }
    Tensor added = Objects.requireNonNull(scores.added()).to(q.scalar_type());
    return fused(q, k, v, new TensorOptional(added.unsqueeze(0)), false);
  }

  private static Tensor fused(Tensor q, Tensor k, Tensor v, TensorOptional mask, boolean causal) {
    double noDropout = 0;
    boolean grouped = q.size(1) != k.size(1);
    return torch.scaled_dot_product_attention(
        q, k, v, mask, noDropout, causal, new DoubleOptional(), grouped);
  }

  private Tensor composed(Tensor q, Tensor k, Tensor v, Scores scores) {
    return weights(q, k, scores).to(v.scalar_type()).matmul(Scores.forEachQuery(v, q));
  }

  /** A single query by a kernel that takes time for the keys that it sees, where there is one. */
  private Optional<Tensor> ofOneQuery(Tensor q, Tensor k, Tensor v, Sight sight) {
    if (!fused || q.size(2) != 1 || GradMode.is_enabled()) {
      return Optional.empty();
    }
    return switch (sight) {
      case Sight.All _ -> Kernels.ofOneQuery(q, k, v);
      case Sight.Earlier _ -> Optional.empty();
      case Sight.Allowed some -> {
        Tensor places = some.places();
        yield places == null
            ? Optional.empty()
            : Kernels.nextToken(k).map(kernel -> kernel.attend(q, k, v, places));
      }
    };
  }

  /** What the fused attention does not return: the softmax itself. */
  private Tensor weights(Tensor q, Tensor k, Scores scores) {
    return scores.of(q, k, 1 / Math.sqrt(headWidth)).softmax(-1);
  }

  @Override
  public void register(Registry registry) {}
}
