package org.kat4j.parity;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.kat4j.attention.Heads;
import org.kat4j.attention.Scores;
import org.kat4j.attention.Sight;
import org.kat4j.attention.Sinkhorn;
import org.kat4j.attention.Weighting;
import org.kat4j.function.Linear;
import org.kat4j.torch.Backpropagation;
import org.kat4j.torch.Context;
import org.kat4j.torch.Part;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Registry;
import org.kat4j.torch.Tap;

/** Sinkhorn's iterations of Sinkformers, alone and in their attention with its mask. */
public final class SinkhornParity implements ParityAdapter {
  private static final String ITERATIONS = "SinkhornDistance";

  @Override
  public boolean covers(Golden golden) {
    return golden.text("repo").endsWith("/sinkformers")
        && List.of(ITERATIONS, "MultiHeadAttention").contains(golden.text("cls"));
  }

  @Override
  public void run(Golden golden, Comparison comparison) {
    if (golden.text("cls").equals(ITERATIONS)) {
      iterations(golden, comparison);
    } else {
      attention(golden, comparison);
    }
  }

  private static Sinkhorn.Spec spec(Golden golden, String halfSteps) {
    int steps = golden.config().path(halfSteps).asInt();
    return new Sinkhorn.Spec(steps, golden.config().path("eps").asDouble(1), true);
  }

  /** The recorded plan sums to 1; ours is as many times larger as there are tokens. */
  private static void iterations(Golden golden, Comparison comparison) {
    RecordedPart recorded =
        RecordedPart.load(golden, _ -> {}, comparison.tolerance(1e-11, 1e-5), comparison);
    Tensor scores = recorded.input("c");
    var sinkhorn = new Sinkhorn(spec(golden, "max_iter"));
    Sinkhorn.Potentials found = sinkhorn.potentials(scores);
    List<Tensor> sums = new ArrayList<>();
    compare(golden, recorded, "pi", found.plan(), sums);
    compare(golden, recorded, "C", scores.neg(), sums);
    compare(golden, recorded, "U", found.u(), sums);
    compare(golden, recorded, "V", found.v(), sums);
    Tensor weights = sinkhorn.of(scores);
    recorded.compare("output.pi", weights.div(new Scalar(scores.size(-1))));
    finish(recorded, sums);
  }

  private static void attention(Golden golden, Comparison comparison) {
    int width = golden.config().path("d_model").asInt();
    int heads = golden.config().path("n_heads").asInt();
    var part =
        new SinkformerAttention(
            width, heads, spec(golden, "n_it"), Context.cpu(0).withDType(comparison.dtype()));
    RecordedPart recorded =
        RecordedPart.load(golden, part, comparison.tolerance(1e-10, 1e-4), comparison);
    Tensor x = recorded.input("x");
    Tensor[] weights = new Tensor[1];
    Tensor y = part.forward(x, sight(golden), (_, tensor) -> weights[0] = tensor);
    List<Tensor> sums = new ArrayList<>();
    compare(golden, recorded, "y", y, sums);
    compare(golden, recorded, "attention", weights[0], sums);
    finish(recorded, sums);
  }

  /** The recorded mask says what must not be seen. */
  private static Sight sight(Golden golden) {
    if (!golden.has("input.mask")) {
      return new Sight.All();
    }
    Tensor hidden = golden.read("input.mask").to(ScalarType.Bool);
    return new Sight.Allowed(hidden.logical_not().unsqueeze(1)); // for all heads
  }

  private static void compare(
      Golden golden, RecordedPart recorded, String name, Tensor actual, List<Tensor> sums) {
    recorded.compare("output." + name, actual);
    if (golden.has("weight.out." + name)) {
      Tensor weight = golden.read("weight.out." + name);
      sums.add(actual.mul(weight.to(actual.scalar_type())).sum());
    }
  }

  private static void finish(RecordedPart recorded, List<Tensor> sums) {
    Backpropagation.run(sums.stream().reduce(Tensor::add).orElseThrow());
    recorded.compareGradients();
  }

  /** Attention under the names of their language models. */
  private static final class SinkformerAttention implements Part {
    private final int heads;
    private final Linear queries;
    private final Linear keys;
    private final Linear values;
    private final Linear out;
    private final Weighting weighting;

    SinkformerAttention(int width, int heads, Sinkhorn.Spec spec, Context context) {
      this.heads = heads;
      queries = new Linear(width, width, true, context);
      keys = new Linear(width, width, true, context);
      values = new Linear(width, width, true, context);
      out = new Linear(width, width, true, context);
      weighting = spec.build(Heads.of(heads, width / heads), context);
    }

    Tensor forward(Tensor x, Sight sight, Tap tap) {
      Tensor mixed =
          weighting.mix(
              perHead(queries.forward(x)),
              perHead(keys.forward(x)),
              perHead(values.forward(x)),
              Scores.plain(sight, x.size(1), x.size(1)),
              Pass.evaluation(tap));
      return out.forward(mixed.transpose(1, 2).flatten(2, 3));
    }

    private Tensor perHead(Tensor x) {
      return x.unflatten(-1, new long[] {heads, -1}).transpose(1, 2);
    }

    @Override
    public void register(Registry registry) {
      registry.part("WQ", queries);
      registry.part("WK", keys);
      registry.part("WV", values);
      registry.part("linear", out);
    }
  }
}
