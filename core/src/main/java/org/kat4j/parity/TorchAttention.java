package org.kat4j.parity;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;
import org.kat4j.attention.Heads;
import org.kat4j.attention.Scores;
import org.kat4j.attention.Sight;
import org.kat4j.attention.Softmax;
import org.kat4j.attention.Weighting;
import org.kat4j.function.Linear;
import org.kat4j.torch.Context;
import org.kat4j.torch.Part;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Registry;
import org.kat4j.torch.Tap;

/**
 * Our softmax attention between the projections of {@code torch.nn.MultiheadAttention}, which may
 * read keys and values from elsewhere: one matrix for all three where they have one width, else
 * three.
 */
final class TorchAttention implements Part {
  private final int width;
  private final int heads;
  private final @Nullable Tensor together;
  private final Tensor[] weights; // of queries, keys, values
  private final @Nullable Tensor bias;
  private final Weighting weighting;
  private final Linear out;

  TorchAttention(int width, int keys, int values, int heads, boolean bias, Context context) {
    this.width = width;
    this.heads = heads;
    if (keys == width && values == width) {
      Tensor all = context.parameter(3L * width, width);
      together = all;
      weights = new Tensor[] {third(all, 0), third(all, 1), third(all, 2)};
    } else {
      together = null;
      weights =
          new Tensor[] {
            context.parameter(width, width),
            context.parameter(width, keys),
            context.parameter(width, values)
          };
    }
    this.bias = bias ? context.parameter(3L * width) : null;
    weighting = new Softmax.Spec().build(Heads.of(heads, width / heads), context);
    out = new Linear(width, width, bias, context);
  }

  private Tensor third(Tensor all, long index) {
    return all.narrow(0, index * width, width);
  }

  /** What it gives out, and the weights of all heads {@code [batch, heads, queries, keys]}. */
  record Result(Tensor y, Tensor weights) {}

  Result forward(Tensor query, Tensor key, Tensor value, Sight sight) {
    Tensor[] seen = new Tensor[1];
    Tap tap = (_, attention) -> seen[0] = attention;
    Tensor mixed =
        weighting.mix(
            perHead(query, 0),
            perHead(key, 1),
            perHead(value, 2),
            Scores.plain(sight, query.size(1), key.size(1)),
            Pass.evaluation(tap)); // [batch, heads, queries, head width]
    Tensor joined = mixed.transpose(1, 2).flatten(2, 3);
    return new Result(out.forward(joined), seen[0]);
  }

  private Tensor perHead(Tensor x, int which) {
    Tensor product = torch.linear(x, weights[which]);
    Tensor projected = bias == null ? product : product.add(third(bias, which));
    return projected.view(x.size(0), x.size(1), heads, width / heads).transpose(1, 2);
  }

  @Override
  public void register(Registry registry) {
    if (together != null) {
      registry.tensor("in_proj_weight", together);
    } else {
      registry.tensor("q_proj_weight", weights[0]);
      registry.tensor("k_proj_weight", weights[1]);
      registry.tensor("v_proj_weight", weights[2]);
    }
    if (bias != null) {
      registry.tensor("in_proj_bias", bias);
    }
    registry.part("out_proj", out);
  }
}
