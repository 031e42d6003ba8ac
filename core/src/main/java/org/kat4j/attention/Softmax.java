package org.kat4j.attention;

import java.util.Optional;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
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
    public Softmax build(int headWidth, Context context) {
      return new Softmax(headWidth, context.fused());
    }
  }

  private final int headWidth;
  private final boolean fused;

  private Softmax(int headWidth, boolean fused) {
    this.headWidth = headWidth;
    this.fused = fused;
  }

  @Override
  public Tensor mix(Tensor q, Tensor k, Tensor v, Sight sight, Pass pass) {
    if (pass.tap() != Tap.NONE) {
      pass.tap().record("weights", weights(q, k, sight));
    }
    return attended(q, k, v, sight);
  }

  private Tensor attended(Tensor q, Tensor k, Tensor v, Sight sight) {
    long[] shape = q.shape(); // [batch, heads, queries, head width]
    Optional<Tensor> ofOneQuery = ofOneQuery(q, k, v, sight);
    if (ofOneQuery.isPresent()) {
      return ofOneQuery.get();
    }
    if (shape[2] == 1 && shape[1] != k.size(1)) {
      // The heads of one token that share keys are as good as so many tokens that see the same.
      Tensor together = q.reshape(shape[0], k.size(1), -1, shape[3]);
      return attended(together, k, v, sight).reshape(shape);
    }
    if (!fused) { // libtorch's own has no second derivative
      return weights(q, k, sight).matmul(forEachQuery(v, q));
    }
    TensorOptional mask =
        sight instanceof Sight.Allowed some
            ? new TensorOptional(some.allowed())
            : new TensorOptional();
    double noDropout = 0;
    boolean causal = sight instanceof Sight.Earlier;
    boolean grouped = q.size(1) != k.size(1);
    return torch.scaled_dot_product_attention(
        q, k, v, mask, noDropout, causal, new DoubleOptional(), grouped);
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
  private Tensor weights(Tensor q, Tensor k, Sight sight) {
    Tensor scores =
        q.matmul(forEachQuery(k, q).transpose(-2, -1)).mul(new Scalar(1 / Math.sqrt(headWidth)));
    return sight.of(scores).softmax(-1);
  }

  /** Keys or values repeated for the heads of queries that share them. */
  private static Tensor forEachQuery(Tensor shared, Tensor q) {
    long times = q.size(1) / shared.size(1);
    return times == 1
        ? shared
        : shared.repeat_interleave(times, new LongOptional(1), new LongOptional());
  }

  @Override
  public void register(Registry registry) {}
}
