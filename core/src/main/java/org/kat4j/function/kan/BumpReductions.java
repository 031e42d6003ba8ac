package org.kat4j.function.kan;

import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.kat4j.function.Linear;
import org.kat4j.function.kan.ActivationBumps.Reduction;
import org.kat4j.torch.Context;
import org.kat4j.torch.Init;
import org.kat4j.torch.Part;
import org.kat4j.torch.Registry;

/**
 * AF-KAN's ways from the bumps of an input to one number: E {@code [..., in, n]} to {@code [...,
 * in]}, each with its tensors. {@code global_attn} and {@code multistep} share theirs.
 */
final class BumpReductions implements Part {
  /** Neighbouring bumps that local attention takes as one. */
  static final int WINDOW = 2;

  private final Tensor temperature; // scalar
  private final SequencedMap<String, Part> parts = new LinkedHashMap<>();
  private final Map<Reduction, UnaryOperator<Tensor>> all = new EnumMap<>(Reduction.class);

  BumpReductions(List<Reduction> reductions, int bumps, Tensor temperature, Context context) {
    this.temperature = temperature;
    reductions.forEach(reduction -> all.put(reduction, build(reduction, bumps, context)));
  }

  private UnaryOperator<Tensor> build(Reduction reduction, int bumps, Context context) {
    return switch (reduction) {
      case MULTISTEP -> {
        Linear mix = linear("gk_linear", bumps, 1, context);
        yield e -> mix.forward(e).squeeze(-1);
      }
      case GLOBAL_ATTN -> {
        Linear mix = linear("gk_linear", bumps, 1, context);
        yield e -> weighed(e, softened(mix.forward(e)), -2);
      }
      case SPATIAL_ATTN -> {
        var filter = new NeighbourFilter(bumps, context);
        parts.put("conv1d", filter);
        yield e -> weighed(e, softened(filter.forward(e)), -1);
      }
      case LOCAL_ATTN -> {
        Linear query = linear("query_local", WINDOW, WINDOW, context);
        Linear key = linear("key_local", WINDOW, WINDOW, context);
        Linear value = linear("value_local", WINDOW, WINDOW, context);
        Linear mix = linear("local_linear", bumps / WINDOW * WINDOW, 1, context);
        yield e -> {
          Tensor w = e.unfold(-1, WINDOW, WINDOW); // [..., in, windows, 2]; an odd last one is left
          Tensor scores = query.forward(w).matmul(key.forward(w).transpose(-2, -1));
          Tensor mixed = torch.softmax(softened(scores), -1).matmul(value.forward(w));
          return mix.forward(mixed.flatten(-2, -1)).squeeze(-1);
        };
      }
      case MULTIHEAD_ATTN -> {
        var attention = new HeadPerBump(bumps, context);
        parts.put("mh_attn", attention);
        yield e -> attention.forward(e).sum(-1);
      }
    };
  }

  private Linear linear(String name, int in, int out, Context context) {
    return (Linear) parts.computeIfAbsent(name, _ -> new Linear(in, out, true, context));
  }

  /** {@code [..., in, n]} to {@code [..., in]}. */
  Tensor of(Reduction reduction, Tensor bumps) {
    return Objects.requireNonNull(all.get(reduction)).apply(bumps);
  }

  /** Divided by the temperature, which acts from 1 on only. */
  private Tensor softened(Tensor scores) {
    return scores.div(temperature.clamp_min(new Scalar(1)));
  }

  /** The sum over the bumps with weights that are a softmax of scores along an axis. */
  static Tensor weighed(Tensor bumps, Tensor scores, int axis) {
    return bumps.mul(torch.softmax(scores, axis)).sum(-1);
  }

  /** Multiply-accumulates for one row. */
  static long macs(Reduction reduction, int in, int bumps) {
    long windows = bumps / WINDOW;
    return switch (reduction) {
      case MULTISTEP, GLOBAL_ATTN -> (long) in * bumps;
      case SPATIAL_ATTN -> 3L * in * bumps;
      case LOCAL_ATTN ->
          in * WINDOW * windows * (3L * WINDOW + 2 * windows + 1); // queries, keys, values; scores
      case MULTIHEAD_ATTN -> 4L * in * bumps * bumps + 2L * in * in * bumps;
    };
  }

  @Override
  public void register(Registry registry) {
    parts.forEach(registry::part);
  }

  /** Every bump's values filtered along the inputs, over three neighbours. */
  private static final class NeighbourFilter implements Part {
    private static final int TAPS = 3;

    private final Tensor weight; // [n, 1, 3]
    private final Tensor bias; // [n]

    NeighbourFilter(int bumps, Context context) {
      weight = context.parameter(bumps, 1, TAPS);
      bias = context.parameter(bumps);
      Init.uniform(weight, 1 / Math.sqrt(TAPS), context.random());
      Init.uniform(bias, 1 / Math.sqrt(TAPS), context.random());
    }

    /** {@code [..., in, n]} to the same shape. */
    Tensor forward(Tensor bumps) {
      long n = bumps.size(-1);
      Tensor rows = bumps.reshape(-1, bumps.size(-2), n).transpose(1, 2); // [rows, n, in]
      long[] one = {1};
      return torch
          .conv1d(rows, weight, new TensorOptional(bias), one, one, one, n)
          .transpose(1, 2)
          .reshape(bumps.shape());
    }

    @Override
    public void register(Registry registry) {
      registry.tensor("weight", weight);
      registry.tensor("bias", bias);
    }
  }

  /** PyTorch's multi-head attention between the inputs, with n channels and n heads of one. */
  private static final class HeadPerBump implements Part {
    private final Tensor weight; // [3 n, n]: queries, keys, values
    private final Tensor bias; // [3 n]
    private final Linear out; // n to n

    HeadPerBump(int bumps, Context context) {
      weight = context.parameter(3L * bumps, bumps);
      bias = context.parameter(3L * bumps);
      Init.xavierUniform(weight, context.random());
      out = new Linear(bumps, bumps, true, context);
      Init.constant(Objects.requireNonNull(out.bias()), 0);
    }

    /** {@code [..., in, n]} to the same shape; heads of width 1 leave their scores unscaled. */
    Tensor forward(Tensor bumps) {
      long n = bumps.size(-1);
      Tensor rows = bumps.reshape(-1, bumps.size(-2), n);
      Tensor projected = torch.linear(rows, weight, new TensorOptional(bias)); // [rows, in, 3 n]
      // The scores of all pairs of inputs are not held in memory.
      Tensor mixed =
          torch.scaled_dot_product_attention(
              heads(projected, 0, n), heads(projected, 1, n), heads(projected, 2, n));
      return out.forward(mixed.squeeze(-1).transpose(1, 2)).reshape(bumps.shape());
    }

    /** One of queries, keys, values: {@code [rows, n, in, 1]}. */
    private static Tensor heads(Tensor projected, int which, long n) {
      return projected.narrow(2, which * n, n).transpose(1, 2).unsqueeze(-1);
    }

    @Override
    public void register(Registry registry) {
      registry.tensor("in_proj_weight", weight);
      registry.tensor("in_proj_bias", bias);
      registry.part("out_proj", out);
    }
  }
}
