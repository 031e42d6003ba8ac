package org.kat4j.attention;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Locale;
import java.util.Random;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.kat4j.attention.Momentum.Of;
import org.kat4j.attention.QueryKeyStep.QueryKey;
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

/** Momentum of queries and keys: the sheet's numbers, its response to waves, induction. */
class MomentumTest {
  private static final Layout LINE = new Layout.Line(64, true, false);
  private final Scope scope = Scope.open();

  @AfterEach
  void close() {
    scope.close();
  }

  private static Context exact() {
    return Context.cpu(3).withDType(DType.FLOAT64).at(LINE);
  }

  private static Tensor normal(long seed, long... shape) {
    Tensor zeros = torch.zeros(shape, new TensorOptions(ScalarType.Double));
    return new RandomStream(seed).normal(zeros, 0, 1);
  }

  private static QueryKeyStep momentum(double gamma) {
    return new Momentum.Spec(gamma, Of.BOTH, false).build(Heads.of(1, 2), exact());
  }

  private static Tensor after(QueryKeyStep step, Tensor x) {
    return step.apply(new QueryKey(x, x), Pass.evaluation()).q();
  }

  private static double distance(Tensor a, Tensor b) {
    return a.sub(b).abs().max().item_double();
  }

  /** {@code [1, 1, tokens, width]}. */
  private static Tensor sequence(int width, double... values) {
    return Memory.doubles(values, 1, 1, values.length / width, width);
  }

  @Test
  void theExamplesOfTheSheet() {
    Tensor x = sequence(2, 1, 0, 0, 1, 2, 2);
    assertThat(Memory.doubles(after(momentum(0.5), x)))
        .containsExactly(new double[] {1, 0, -.5, 1.5, 3, 2.5}, within(1e-15));
    Tensor alternating = sequence(1, 1, -1, 1, -1);
    assertThat(Memory.doubles(after(momentum(0.7), alternating)))
        .containsExactly(new double[] {1, -2.4, 2.4, -2.4}, within(1e-15));
    Tensor constant = sequence(2, 3, -1, 3, -1, 3, -1);
    assertThat(after(momentum(4.17), constant).equal(constant)).isTrue();
  }

  /** Of a whole sequence it is a map of determinant (1 + gamma)^(T - 1): no volume is kept. */
  @Test
  void theDeterminantOfThreeTokens() {
    Tensor unit = torch.eye(3, new TensorOptions(ScalarType.Double)).view(1, 1, 3, 3);
    double[] m = Memory.doubles(after(momentum(2), unit));
    assertThat(m[0] * m[4] * m[8]).isCloseTo(9, within(1e-14));
    assertThat(new double[] {m[1], m[2], m[5]}).containsOnly(0);
  }

  /** Gain and phase of 1 + gamma (1 - e^-iw), the sheet's table, from the second token on. */
  @ParameterizedTest
  @CsvSource({
    "0.5, 1, 1.199725, 1.581139, 2, 17.139",
    "1, 1, 1.473626, 2.236068, 3, 28.675",
    "2, 1, 2.124787, 3.605551, 5, 41.727",
    "0.15, 1, 1.049308, 1.159741, 1.3, 5.801"
  })
  void wavesComeOutAsTheFormulaSays(
      double gamma, double none, double quarter, double half, double full, double degrees) {
    double[] gains = {none, quarter, half, full};
    double[] frequencies = {0, Math.PI / 4, Math.PI / 2, Math.PI};
    for (int f = 0; f < frequencies.length; f++) {
      double w = frequencies[f];
      double[] wave = new double[2 * 12];
      for (int t = 0; t < 12; t++) {
        wave[2 * t] = Math.cos(w * t);
        wave[2 * t + 1] = Math.sin(w * t);
      }
      double[] out = Memory.doubles(after(momentum(gamma), sequence(2, wave)));
      for (int t = 1; t < 12; t++) {
        double gain = Math.hypot(out[2 * t], out[2 * t + 1]);
        assertThat(gain).isCloseTo(gains[f], within(1e-6));
        assertThat(gain * gain)
            .isCloseTo(1 + 2 * gamma * (1 + gamma) * (1 - Math.cos(w)), within(1e-12));
        double phase = Math.atan2(out[2 * t + 1], out[2 * t]) - w * t;
        double wanted = Math.atan2(gamma * Math.sin(w), 1 + gamma * (1 - Math.cos(w)));
        assertThat(Math.IEEEremainder(phase - wanted, 2 * Math.PI)).isCloseTo(0, within(1e-12));
        if (f == 1) {
          assertThat(Math.toDegrees(wanted)).isCloseTo(degrees, within(1e-3));
        }
      }
    }
  }

  /** Behind rotary positions a constant vector is a wave; before them it stays a constant. */
  @Test
  void itsPlaceInTheListIsItsPlaceInTheComputation() {
    var rotary = new Rotary.Spec(10_000, Rotary.Pairing.HALF, new RotaryScaling.None());
    QueryKeyStep turn = rotary.build(Heads.of(1, 2), exact()); // one pair, of frequency 1
    QueryKeyStep momentum = momentum(0.5);
    Tensor constant = sequence(2, .6, .8, .6, .8, .6, .8, .6, .8);
    double[] before =
        Memory.doubles(
            after(turn, after(momentum, constant)).norm(new ScalarOptional(new Scalar(2)), -1));
    assertThat(before).containsExactly(new double[] {1, 1, 1, 1}, within(1e-14));
    Tensor behind = after(momentum, after(turn, constant));
    double[] norms = Memory.doubles(behind.norm(new ScalarOptional(new Scalar(2)), -1));
    assertThat(norms[1]).isCloseTo(1.2998256, within(1e-7));
    // Scores still depend on distances only, from the second token on.
    Tensor scores = behind.matmul(behind.transpose(-2, -1)).get(0).get(0);
    assertThat(scores.get(2).get(1).item_double())
        .isCloseTo(scores.get(3).get(2).item_double(), within(1e-14));
  }

  private static Attention attention(List<QueryKeyStep.Spec> steps, Context context) {
    return Attention.Spec.heads(2).withQueryKey(steps).build(8, context);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void gammaZeroIsAttentionWithoutItBitForBit(boolean learned) {
    for (DType dtype : List.of(DType.FLOAT32, DType.FLOAT64)) {
      Context context = Context.cpu(3).withDType(dtype).at(LINE);
      Tensor x = Memory.to(normal(5, 3, 9, 8), dtype);
      Attention with = attention(List.of(new Momentum.Spec(0, Of.BOTH, learned)), context);
      Attention plain = attention(List.of(), Context.cpu(3).withDType(dtype).at(LINE));
      assertThat(with.forward(x, Pass.evaluation()).equal(plain.forward(x, Pass.evaluation())))
          .isTrue();
    }
  }

  @Test
  void onlyKeysAreChangedWhereOnlyTheyAreMeant() {
    QueryKey both = new QueryKey(normal(1, 2, 1, 4, 2), normal(2, 2, 1, 4, 2));
    QueryKey out =
        new Momentum.Spec(0.5, Of.KEYS, false)
            .build(Heads.of(1, 2), exact())
            .apply(both, Pass.evaluation());
    assertThat(out.q().equal(both.q())).isTrue();
    assertThat(distance(out.k(), after(momentum(0.5), both.k()))).isZero();
  }

  /** d/dgamma is the change itself, and mu = -gamma in every channel is the same step. */
  @Test
  void theGradientOfGammaIsTheChange() {
    QueryKeyStep learned = new Momentum.Spec(0.5, Of.KEYS, true).build(Heads.of(1, 2), exact());
    Tensor x = normal(1, 2, 1, 5, 2);
    Tensor k = learned.apply(new QueryKey(x, x), Pass.evaluation()).k();
    assertThat(distance(k, after(momentum(0.5), x))).isLessThan(1e-15);
    Backpropagation.run(k.sum());
    Tensor gamma = requireNonNull(StateDict.of(learned).get("gamma"));
    double wanted = x.narrow(2, -1, 1).sub(x.narrow(2, 0, 1)).sum().item_double();
    assertThat(gamma.grad().item_double()).isCloseTo(wanted, within(1e-14));
    QueryKeyStep shift = new TokenShift.Spec(Of.BOTH, -0.5).build(Heads.of(1, 2), exact());
    QueryKey shifted = shift.apply(new QueryKey(x, x), Pass.evaluation());
    assertThat(distance(shifted.k(), k)).isLessThan(1e-15);
    assertThat(distance(shifted.q(), k)).isLessThan(1e-15);
  }

  /** bfloat16 numbers whose difference is small: rounded once, at the end. */
  @Test
  void theDifferenceIsNotRounded() {
    Tensor x = Memory.to(sequence(1, 100, 101, 100.5), DType.BFLOAT16);
    Tensor exact = after(momentum(0.3), Memory.to(x, DType.FLOAT64));
    Tensor found = after(momentum(0.3), x);
    assertThat(DType.of(found)).isEqualTo(DType.BFLOAT16);
    assertThat(found.equal(Memory.to(exact, DType.BFLOAT16))).isTrue();
    try (var _ = Precision.BFLOAT16.on(Device.CPU)) {
      assertThat(after(momentum(0.3), x).equal(found)).isTrue();
    }
  }

  /**
   * A head made by hand: queries are minus 20 times the token, keys the token itself. Keys with
   * momentum point at what followed the same token before; with both changed the right place ties
   * with the two of the token before, in a score that does not know which is which.
   */
  @ParameterizedTest
  @CsvSource({
    "0.5, keys, 0.9988",
    "1, keys, 1",
    "2, keys, 1",
    "1, both, 0.33333",
    "0, keys, 0.03552"
  })
  void oneLayerContinuesWhatItHasSeen(double gamma, String of, double mass) {
    int symbols = 50;
    int half = 20;
    QueryKeyStep step =
        new Momentum.Spec(gamma, Of.valueOf(of.toUpperCase(Locale.ROOT)), false)
            .build(Heads.of(1, symbols), exact());
    Random random = new Random(1);
    double sum = 0;
    int count = 0;
    for (int trial = 0; trial < 10; trial++) {
      try (Scope _ = Scope.open()) {
        List<Integer> drawn = random.ints(0, symbols).distinct().limit(half).boxed().toList();
        double[] tokens = new double[2 * half * symbols];
        for (int t = 0; t < 2 * half; t++) {
          tokens[t * symbols + drawn.get(t % half)] = 1;
        }
        Tensor k = sequence(symbols, tokens);
        QueryKey out = step.apply(new QueryKey(k.mul(new Scalar(-20)), k), Pass.evaluation());
        Scores scores = Scores.plain(new Sight.Earlier(), 2L * half, 2L * half);
        Tensor weights = scores.of(out.q(), out.k(), 1).softmax(-1).get(0).get(0);
        for (int t = half + 2; t < 2 * half - 1; t++) { // what followed x_t stood at t + 1 - half
          Tensor ofToken = weights.get(t);
          sum += ofToken.get(t + 1 - half).item_double();
          count++;
          if (mass > 0.5) {
            assertThat(ofToken.argmax().item_long()).isEqualTo(t + 1 - half);
          }
        }
      }
    }
    assertThat(sum / count).isCloseTo(mass, within(1e-4));
  }

  @Test
  void whatItNeedsIsSaid() {
    Context grid = exact().at(new Layout.Grid(List.of(2, 2), 0, false));
    assertThatThrownBy(() -> attention(List.of(Momentum.Spec.example()), grid))
        .hasMessage("queryKey momentum needs a line of tokens; here is a grid of tokens");
    assertThatThrownBy(() -> attention(List.of(TokenShift.Spec.example()), grid))
        .hasMessage("queryKey token-shift needs a line of tokens; here is a grid of tokens");
    assertThatThrownBy(() ->
            Attention.Spec.heads(2)
                .withQueryKey(List.of(Momentum.Spec.example(), Momentum.Spec.example())))
        .hasMessage("queryKey: momentum stands there more than once");
  }
}
