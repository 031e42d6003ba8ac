package org.kat4j.attention;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.kat4j.attention.ScoreStep.Places;
import org.kat4j.optim.AdamW;
import org.kat4j.optim.ParameterGroup;
import org.kat4j.token.Attention;
import org.kat4j.torch.Backpropagation;
import org.kat4j.torch.Context;
import org.kat4j.torch.DType;
import org.kat4j.torch.Device;
import org.kat4j.torch.Layout;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Precision;
import org.kat4j.torch.RandomStream;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;

/** Steps of scores: their tables by hand, and attention with them. */
class ScoreStepTest {
  private static final int HEADS = 2;
  private static final int WIDTH = 6;
  private static final Layout.Grid GRID = new Layout.Grid(List.of(2, 3), 1, false);
  private static final int TOKENS = 7;
  private final Scope scope = Scope.open();

  @AfterEach
  void close() {
    scope.close();
  }

  private static Context exact(Layout layout) {
    return Context.cpu(3).withDType(DType.FLOAT64).at(layout);
  }

  private static Layout.Grid grid(int rows, int columns, int prefix) {
    return new Layout.Grid(List.of(rows, columns), prefix, false);
  }

  private static Tensor normal(long seed, long... shape) {
    Tensor zeros = torch.zeros(shape, new TensorOptions(ScalarType.Double));
    return new RandomStream(seed).normal(zeros, 0, 1);
  }

  private static double distance(Tensor a, Tensor b) {
    return a.sub(b).abs().max().item_double();
  }

  private static ScoreStep.Spec gaussian(int kernels, Start start) {
    return new GaussianMask.Spec(kernels, start, false);
  }

  /** A mask with the widths and factors of its kernels, the same in all heads. */
  private static ScoreStep mask(Context context, int heads, double[] sigmas, double[] alphas) {
    ScoreStep mask = gaussian(sigmas.length, Start.PUBLISHED).build(Heads.of(heads, 1), context);
    SequencedMap<String, Tensor> tensors = StateDict.of(mask);
    set(tensors, "sigma", sigmas, heads);
    set(tensors, "alpha", alphas, heads);
    return mask;
  }

  private static void set(Map<String, Tensor> tensors, String name, double[] values, int heads) {
    Tensor each = Memory.doubles(values, values.length, 1, 1, 1);
    Backpropagation.set(requireNonNull(tensors.get(name)), each.expand(values.length, heads, 1, 1));
  }

  private static double[] row(ScoreStep step, int tokens, int head, int query) {
    return Memory.doubles(step.table(Places.of(tokens)).get(head).get(query));
  }

  @Test
  void theExampleOfTheSheet() {
    ScoreStep base =
        mask(exact(grid(2, 2, 0)), 1, new double[] {Math.sqrt(1 - 1e-5)}, new double[] {1});
    assertThat(row(base, 4, 0, 0))
        .containsExactly(new double[] {1, .606531, .606531, .367879}, within(5e-7));
    ScoreStep wide = mask(exact(grid(2, 2, 0)), 1, new double[] {2}, new double[] {1.5});
    assertThat(row(wide, 4, 0, 0))
        .containsExactly(new double[] {1.5, 1.323746, 1.323746, 1.168202}, within(5e-7));
  }

  /** Any grid: the formula written out cell by cell, and a class token that is left alone. */
  @Test
  void everyEntryIsTheFormula() {
    double[] sigmas = {.7, -2, 5};
    double[] alphas = {.6, -.8, 1.3};
    int rows = 2;
    int columns = 3;
    int prefix = 2;
    ScoreStep mask = mask(exact(grid(rows, columns, prefix)), HEADS, sigmas, alphas);
    Tensor table = mask.table(Places.of(rows * columns + prefix));
    assertThat(table.shape()).containsExactly(HEADS, 8, 8);
    for (int i = 0; i < 8; i++) {
      for (int j = 0; j < 8; j++) {
        double wanted = 1;
        if (i >= prefix && j >= prefix) {
          int down = (i - prefix) / columns - (j - prefix) / columns;
          int across = (i - prefix) % columns - (j - prefix) % columns;
          wanted = 0;
          for (int k = 0; k < sigmas.length; k++) {
            double square = sigmas[k] * sigmas[k] + 1e-5;
            wanted += alphas[k] * Math.exp(-(down * down + across * across) / (2 * square));
          }
        }
        assertThat(table.get(1).get(i).get(j).item_double()).isCloseTo(wanted, within(1e-14));
      }
    }
    assertThat(distance(table, table.transpose(1, 2))).isZero();
    assertThat(table.get(0).get(4).get(4).item_double()).isCloseTo(1.1, within(1e-14));
  }

  /** exp(-d^2) of float32 is 0 from d = 10 on, whatever power is taken of it afterwards. */
  @Test
  void distantCellsAreNotLost() {
    Context context = Context.cpu(1).at(grid(1, 14, 0));
    ScoreStep mask = mask(context, 1, new double[] {4}, new double[] {1});
    double[] found = row(mask, 14, 0, 0);
    for (int d = 0; d < 14; d++) {
      double direct = Math.exp(-d * d / (2 * (16 + 1e-5)));
      assertThat(found[d]).isCloseTo(direct, within(1e-6));
      double oneAfterTheOther = Math.pow((float) Math.exp(-d * d / 2.0), 1 / (16 + 1e-5));
      if (d * d <= 80) {
        assertThat(found[d]).isCloseTo(oneAfterTheOther, within(1e-6));
      } else if (d * d > 2 * 104) {
        assertThat(oneAfterTheOther).isZero();
      }
    }
  }

  private static Attention attention(Context context, ScoreStep.Spec... steps) {
    return Attention.Spec.heads(HEADS).withScores(List.of(steps)).build(WIDTH, context);
  }

  private static void copy(Attention from, Attention to) {
    SequencedMap<String, Tensor> targets = StateDict.of(to);
    targets.keySet().removeIf(name -> name.startsWith("scores."));
    StateDict.copy(StateDict.of(from), targets);
  }

  private static Tensor plain(Tensor x) {
    return attention(exact(GRID)).forward(x, Pass.evaluation());
  }

  private static Stream<ScoreStep.Spec> neutral() {
    return Stream.of(
        gaussian(1, Start.NEUTRAL),
        gaussian(5, Start.NEUTRAL),
        new ElementMask.Spec(Start.NEUTRAL),
        new RelativeBias.Spec(0));
  }

  @ParameterizedTest
  @MethodSource("neutral")
  void aNeutralStartChangesNothing(ScoreStep.Spec step) {
    Tensor x = normal(5, 2, TOKENS, WIDTH);
    Attention with = attention(exact(GRID), step);
    copy(attention(exact(GRID)), with);
    assertThat(distance(with.forward(x, Pass.evaluation()), plain(x))).isLessThan(1e-14);
    Tensor upstream = normal(6, 2, TOKENS, WIDTH);
    Backpropagation.run(with.forward(x, Pass.evaluation()), upstream);
    StateDict.trained(with)
        .forEach((name, tensor) -> {
          if (name.contains("alpha") || name.contains("mask") || name.contains("table")) {
            assertThat(tensor.grad().abs().max().item_double()).as(name).isPositive();
          }
        });
  }

  @Test
  void aMaskOfZeroWeighsAllTheSame() {
    Attention with = attention(exact(grid(2, 3, 0)), new ElementMask.Spec(Start.PUBLISHED));
    Tensor x = normal(5, 2, 6, WIDTH);
    Tensor y = with.forward(x, Pass.evaluation());
    assertThat(distance(y, y.narrow(1, 0, 1).expand_as(y))).isLessThan(1e-15);
  }

  @Test
  void aFactorOfMinusOneTurnsTheQueriesAround() {
    Attention turned = attention(exact(grid(2, 3, 0)), gaussian(1, Start.NEUTRAL));
    Backpropagation.set(
        requireNonNull(StateDict.of(turned).get("scores.0.alpha")),
        torch.full(new long[] {1, HEADS, 1, 1}, new Scalar(-1)));
    Attention plain = attention(exact(grid(2, 3, 0)));
    copy(turned, plain);
    Tensor qkv = requireNonNull(StateDict.of(plain).get("qkv.weight"));
    Tensor bias = requireNonNull(StateDict.of(plain).get("qkv.bias"));
    try (var _ = Scope.noGradients()) {
      qkv.narrow(0, 0, WIDTH).neg_();
      bias.narrow(0, 0, WIDTH).neg_();
    }
    Tensor x = normal(5, 2, 6, WIDTH);
    assertThat(distance(turned.forward(x, Pass.evaluation()), plain.forward(x, Pass.evaluation())))
        .isLessThan(1e-14);
  }

  /** Additions go another way, the fused attention's; factors after them do not commute. */
  @Test
  void stepsFollowTheirOrder() {
    ScoreStep.Spec bias = new RelativeBias.Spec(0);
    ScoreStep.Spec half = new ElementMask.Spec(Start.NEUTRAL);
    Attention biasFirst = attention(exact(GRID), bias, half);
    Attention maskFirst = attention(exact(GRID), half, bias);
    SequencedMap<String, Tensor> one = StateDict.of(biasFirst);
    SequencedMap<String, Tensor> other = StateDict.of(maskFirst);
    copy(biasFirst, maskFirst);
    Tensor table = normal(8, 15, HEADS);
    Tensor twice = torch.full_like(requireNonNull(one.get("scores.1.mask")), new Scalar(2));
    Backpropagation.set(requireNonNull(one.get("scores.0.relative_position_bias_table")), table);
    Backpropagation.set(requireNonNull(one.get("scores.1.mask")), twice);
    Backpropagation.set(
        requireNonNull(other.get("scores.1.relative_position_bias_table")),
        table.mul(new Scalar(2)));
    Backpropagation.set(requireNonNull(other.get("scores.0.mask")), twice);
    Tensor x = normal(5, 2, TOKENS, WIDTH);
    Tensor wanted = biasFirst.forward(x, Pass.evaluation());
    assertThat(distance(maskFirst.forward(x, Pass.evaluation()), wanted)).isLessThan(1e-14);
    Backpropagation.set(requireNonNull(other.get("scores.1.relative_position_bias_table")), table);
    assertThat(distance(maskFirst.forward(x, Pass.evaluation()), wanted)).isGreaterThan(1e-3);
  }

  /** Swin's index: rows times the relative places along columns, from the most negative on. */
  @Test
  void relativePlacesOfAGrid() {
    ScoreStep step = new RelativeBias.Spec(0).build(Heads.of(1, 1), exact(grid(2, 3, 1)));
    Tensor table =
        requireNonNull(StateDict.of(step).get("relative_position_bias_table")); // [3 * 5, 1]
    Backpropagation.set(table, torch.arange(new Scalar(1), new Scalar(16)).view(15, 1));
    Tensor found = step.table(Places.of(TOKENS)).get(0);
    for (int i = 0; i < TOKENS; i++) {
      for (int j = 0; j < TOKENS; j++) {
        double wanted = 0;
        if (i > 0 && j > 0) {
          int down = (i - 1) / 3 - (j - 1) / 3;
          int across = (i - 1) % 3 - (j - 1) % 3;
          wanted = 1 + (down + 1) * 5 + across + 2;
        }
        assertThat(found.get(i).get(j).item_double()).isEqualTo(wanted);
      }
    }
  }

  @Test
  void distantTokensOfALineShareANumber() {
    ScoreStep both =
        new RelativeBias.Spec(2).build(Heads.of(1, 1), exact(new Layout.Line(9, false, false)));
    Backpropagation.set(
        requireNonNull(StateDict.of(both).get("relative_position_bias_table")),
        Memory.doubles(new double[] {1, 2, 3, 4, 5}, 5, 1));
    assertThat(row(both, 6, 0, 3)).containsExactly(5, 5, 4, 3, 2, 1);
    ScoreStep causal =
        new RelativeBias.Spec(2).build(Heads.of(1, 1), exact(new Layout.Line(9, true, false)));
    Backpropagation.set(
        requireNonNull(StateDict.of(causal).get("relative_position_bias_table")),
        Memory.doubles(new double[] {1, 2, 3}, 3, 1));
    assertThat(row(causal, 5, 0, 4)).containsExactly(3, 3, 3, 2, 1);
  }

  @Test
  void decaysAreThoseOfRetNet() {
    Heads heads = Heads.of(3, 1);
    DecayMask line = new DecayMask.Spec(5).build(heads, exact(new Layout.Line(9, true, false)));
    DecayMask ofGrid = new DecayMask.Spec(1).build(heads, exact(grid(2, 3, 1)));
    for (int h = 0; h < 3; h++) {
      double gamma = 1 - Math.pow(2, -5 - h);
      assertThat(row(line, 4, h, 3))
          .containsExactly(
              new double[] {Math.pow(gamma, 3), gamma * gamma, gamma, 1}, within(1e-14));
      gamma = 1 - Math.pow(2, -1 - h);
      double two = gamma * gamma;
      double three = two * gamma;
      assertThat(row(ofGrid, TOKENS, h, 1))
          .containsExactly(new double[] {1, 1, gamma, two, gamma, two, three}, within(1e-14));
      assertThat(row(ofGrid, TOKENS, h, 0)).containsOnly(1);
    }
  }

  /** On a ring the first cell is next to the last. */
  @Test
  void distancesGoAroundWhereTheGridDoes() {
    Context ring = exact(new Layout.Grid(List.of(1, 5), 0, true));
    ScoreStep decay = new DecayMask.Spec(1).build(Heads.of(1, 1), ring);
    assertThat(row(decay, 5, 0, 0))
        .containsExactly(new double[] {1, .5, .25, .25, .5}, within(1e-14));
  }

  /** In evaluation a mask is made once, and anew after an update of any kind. */
  @Test
  void aMaskIsKeptUntilItChanges() {
    ScoreStep mask = mask(exact(GRID), HEADS, new double[] {2}, new double[] {1});
    SequencedMap<String, Tensor> tensors = StateDict.trained(mask);
    var adamw = new AdamW.Spec(1e-2, 0, 0.9, 0.999, 1e-8);
    var optimizer = adamw.build(ParameterGroup.single(tensors, 0));
    Tensor first;
    try (var _ = Scope.noGradients()) {
      first = mask.table(Places.of(TOKENS));
      assertThat(mask.table(Places.of(TOKENS))).isSameAs(first);
    }
    Tensor before = first.clone();
    Tensor recorded = mask.table(Places.of(TOKENS));
    assertThat(recorded.requires_grad()).isTrue();
    Backpropagation.run(recorded.sum());
    optimizer.step(1e-2);
    try (var _ = Scope.noGradients()) {
      Tensor after = mask.table(Places.of(TOKENS));
      assertThat(distance(after, before)).isGreaterThan(1e-3);
      Backpropagation.set(
          requireNonNull(tensors.get("alpha")),
          torch.zeros_like(requireNonNull(tensors.get("alpha"))));
      assertThat(mask.table(Places.of(TOKENS)).get(0).get(1).sum().item_double()).isEqualTo(1);
    }
    StateDict.free(mask);
    StateDict.free(mask);
  }

  @Test
  void weightDecayLeavesThemAlone() {
    assertThat(
            StateDict.undecayed(
                attention(exact(GRID), gaussian(2, Start.PUBLISHED), new RelativeBias.Spec(0))))
        .containsExactly(
            "scores.0.sigma", "scores.0.alpha", "scores.1.relative_position_bias_table");
    assertThat(
            StateDict.undecayed(
                attention(exact(GRID), new GaussianMask.Spec(2, Start.PUBLISHED, true))))
        .isEmpty();
  }

  private static Stream<ScoreStep.Spec> steps() {
    return Stream.of(
        GaussianMask.Spec.example(),
        ElementMask.Spec.example(),
        DecayMask.Spec.example(),
        RelativeBias.Spec.example(),
        new RelativeBias.Spec(1));
  }

  /** Away from their starts, and with negative factors among the first mask's. */
  private static Attention moved(Context context, ScoreStep.Spec step) {
    Attention moved = attention(context, step);
    long seed = 30;
    for (Tensor parameter : StateDict.trained(moved).values()) {
      Backpropagation.set(parameter, normal(seed++, parameter.shape()));
    }
    return moved;
  }

  @ParameterizedTest
  @MethodSource("steps")
  void composedIsTheSameAndGradientsAreThoseOfDifferences(ScoreStep.Spec step) {
    Attention fused = moved(exact(GRID), step);
    Attention composed = moved(exact(GRID).composed(), step);
    Map<String, Tensor> leaves = new LinkedHashMap<>(StateDict.trained(fused));
    Tensor x = normal(5, 2, TOKENS, WIDTH).set_requires_grad(true);
    Tensor upstream = normal(6, 2, TOKENS, WIDTH);
    Tensor y = fused.forward(x, Pass.evaluation());
    assertThat(distance(composed.forward(x, Pass.evaluation()), y)).isLessThan(1e-13);
    try (var _ = Scope.noGradients()) { // additions as the fused attention's mask
      assertThat(distance(fused.forward(x, Pass.evaluation()), y)).isLessThan(1e-13);
    }
    leaves.put("input", x);
    Backpropagation.run(y, upstream);
    leaves.forEach((name, leaf) -> {
      double[] gradient = Memory.doubles(leaf.grad());
      double scale = leaf.grad().abs().max().item_double();
      for (int i : new int[] {0, gradient.length / 2, gradient.length - 1}) {
        assertThat(gradient[i])
            .as(name + "[" + i + "]")
            .isCloseTo(difference(fused, x, upstream, leaf, i), within(1e-6 * scale + 1e-9));
      }
    });
  }

  private static double difference(
      Attention attention, Tensor x, Tensor upstream, Tensor leaf, int element) {
    double step = 1e-5;
    try (var _ = Scope.noGradients()) {
      Tensor entry = leaf.detach().view(-1).narrow(0, element, 1);
      double start = entry.item_double();
      entry.fill_(new Scalar(start + step));
      double above = attention.forward(x, Pass.evaluation()).mul(upstream).sum().item_double();
      entry.fill_(new Scalar(start - step));
      double below = attention.forward(x, Pass.evaluation()).mul(upstream).sum().item_double();
      entry.fill_(new Scalar(start));
      return (above - below) / (2 * step);
    }
  }

  /** Tables stay float32 where products are rounded to bfloat16: 2^-8 of the largest value. */
  @ParameterizedTest
  @MethodSource("steps")
  void autocastRoundsProductsOnly(ScoreStep.Spec step) {
    Attention attention = attention(Context.cpu(3).at(GRID), step);
    Tensor x = Memory.to(normal(5, 2, TOKENS, WIDTH), DType.FLOAT32);
    Tensor exact = attention.forward(x, Pass.evaluation());
    Tensor rounded;
    try (var _ = Precision.BFLOAT16.on(Device.CPU)) {
      rounded = attention.forward(x, Pass.evaluation());
    }
    assertThat(DType.of(rounded)).isEqualTo(DType.BFLOAT16);
    double scale = exact.abs().max().item_double();
    assertThat(distance(Memory.to(rounded, DType.FLOAT32), exact)).isLessThan(0.05 * scale);
    Attention stored = attention(Context.cpu(3).withDType(DType.BFLOAT16).at(GRID), step);
    assertThat(DType.of(stored.forward(Memory.to(x, DType.BFLOAT16), Pass.evaluation())))
        .isEqualTo(DType.BFLOAT16);
  }

  @Test
  void whatATableNeedsIsSaid() {
    assertThatThrownBy(
            () -> attention(exact(new Layout.Line(9, true, false)), gaussian(1, Start.NEUTRAL)))
        .hasMessage("scores gaussian-mask needs a grid of tokens; here is a line of tokens");
    assertThatThrownBy(() ->
            attention(exact(new Layout.Line(9, true, false)), new ElementMask.Spec(Start.NEUTRAL)))
        .hasMessage("scores element-mask needs a grid of tokens; here is a line of tokens");
    assertThatThrownBy(() -> attention(exact(new Layout.Free()), new DecayMask.Spec(5)))
        .hasMessage(
            "scores decay-mask needs a line or a grid of tokens; here is tokens in no order");
    assertThatThrownBy(() -> attention(exact(new Layout.Free()), new RelativeBias.Spec(0)))
        .hasMessage(
            "scores relative-bias needs a line or a grid of tokens; here is tokens in no order");
    assertThatThrownBy(() ->
            attention(
                exact(new Layout.Grid(List.of(2, 2, 2), 0, false)), gaussian(1, Start.NEUTRAL)))
        .hasMessage("scores gaussian-mask needs rows and columns; this grid has 3 axes");
  }
}
