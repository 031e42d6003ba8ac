package org.kat4j.token;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.kat4j.torch.Backpropagation;
import org.kat4j.torch.Context;
import org.kat4j.torch.DType;
import org.kat4j.torch.Layout;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Pass;
import org.kat4j.torch.RandomStream;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;

/** Causal attention: what a token may see. */
class AttentionTest {
  private static final int TOKENS = 5;
  private static final int WIDTH = 6;
  private static final Attention.Spec WHOLE = Attention.Spec.heads(2);

  private static final Layout CAUSAL = new Layout.Line(TOKENS, true, false);

  private static Attention built(Layout layout) {
    return WHOLE.build(WIDTH, exact().at(layout));
  }

  private static Context exact() {
    return Context.cpu(1).withDType(DType.FLOAT64);
  }

  private static Tensor input() {
    Tensor zeros = torch.zeros(new long[] {1, TOKENS, WIDTH}, new TensorOptions(ScalarType.Double));
    return new RandomStream(2).normal(zeros, 0, 1);
  }

  @Test
  void aTokenSeesWhatAShorterSequenceHas() {
    try (Scope _ = Scope.open();
        var _ = Scope.noGradients()) {
      Attention causal = built(CAUSAL);
      Attention whole = built(new Layout.Free());
      Tensor x = input();
      Tensor y = causal.forward(x, Pass.evaluation());
      for (int t = 0; t < TOKENS; t++) {
        // The last token of a sequence sees all of it, causal or not.
        Tensor last =
            whole.forward(x.narrow(1, 0, t + 1), Pass.evaluation()).select(1, t).flatten();
        double[] wanted = Memory.doubles(last);
        double[] found = Memory.doubles(y.select(1, t));
        for (int c = 0; c < WIDTH; c++) {
          assertThat(found[c]).as("token %d", t).isCloseTo(wanted[c], within(1e-14));
        }
      }
    }
  }

  /** libtorch's own attention has no second derivative; the composed one computes the same. */
  @Test
  void theComposedTwinHasSecondDerivatives() {
    try (Scope _ = Scope.open()) {
      for (Layout layout : List.of(new Layout.Free(), CAUSAL)) {
        Attention twin = WHOLE.build(WIDTH, exact().at(layout).composed());
        Tensor x = input().set_requires_grad(true);
        Tensor y = twin.forward(x, Pass.evaluation());
        double[] wanted = Memory.doubles(built(layout).forward(x, Pass.evaluation()));
        double[] found = Memory.doubles(y);
        for (int i = 0; i < found.length; i++) {
          assertThat(found[i]).isCloseTo(wanted[i], within(1e-14));
        }
        Tensor first =
            torch
                .grad(
                    new TensorVector(y.square().sum()),
                    new TensorVector(x),
                    new TensorVector(),
                    new BoolOptional(true),
                    true,
                    false)
                .get(0);
        Backpropagation.run(first.square().sum());
        assertThat(x.grad().abs().max().item_double()).isPositive().isFinite();
      }
    }
  }

  @Test
  void recordedWeightsOfLaterTokensAreNothing() {
    List<Tensor> weights = new ArrayList<>();
    try (Scope _ = Scope.open();
        var _ = Scope.noGradients()) {
      built(CAUSAL).forward(input(), Pass.evaluation((_, recorded) -> weights.add(recorded)));
      Tensor recorded = weights.getFirst(); // [1, heads, tokens, tokens]
      assertThat(recorded.triu(1).abs().max().item_double()).isZero();
      assertThat(recorded.sum(-1).sub(new Scalar(1)).abs().max().item_double())
          .isLessThan(1e-15 * TOKENS);
    }
  }

  @Test
  void namesAreThoseOfAttentionThatSeesAll() {
    assertThat(StateDict.of(built(CAUSAL)).keySet())
        .containsExactlyElementsOf(StateDict.of(built(new Layout.Free())).keySet());
  }
}
