package org.kat4j.attention;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.kat4j.function.RotationSquares;
import org.kat4j.kernel.PlaneRotations;
import org.kat4j.kernel.PlaneRotations.Stage;
import org.kat4j.torch.Backpropagation;
import org.kat4j.torch.Context;
import org.kat4j.torch.DType;
import org.kat4j.torch.Layout;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Pass;
import org.kat4j.torch.RandomStream;
import org.kat4j.torch.Scope;

/** Weights whose rows and columns sum to 1: worked examples, and what holds for all of them. */
class DoublyStochasticTest {
  private static final int TOKENS = 8;
  private static final int HEADS = 2;
  private static final int WIDTH = 8; // of a head; QR needs as many as tokens

  private Scope scope;

  @BeforeEach
  void open() {
    scope = Scope.open();
  }

  @AfterEach
  void close() {
    scope.close();
  }

  private static Tensor matrix(int columns, double... values) {
    return Memory.doubles(values, values.length / columns, columns);
  }

  private static Tensor normal(long seed, long... shape) {
    Tensor zeros = torch.zeros(shape, new TensorOptions(ScalarType.Double));
    return new RandomStream(seed).normal(zeros, 0, 1);
  }

  private static void assertClose(Tensor found, double tolerance, double... wanted) {
    double[] values = Memory.doubles(found);
    assertThat(values).hasSameSizeAs(wanted);
    for (int i = 0; i < wanted.length; i++) {
      assertThat(values[i]).as("number %d", i).isCloseTo(wanted[i], within(tolerance));
    }
  }

  /** The largest distance of a row's or column's sum from 1. */
  private static double residual(Tensor weights) {
    Tensor exact = weights.to(ScalarType.Double);
    double worst = 0;
    for (long axis : new long[] {-1, -2}) {
      Tensor sums = exact.sum(new long[] {axis}, false, new ScalarTypeOptional());
      worst = Math.max(worst, sums.sub(new Scalar(1)).abs().max().item_double());
    }
    return worst;
  }

  private static Sinkhorn sinkhorn(int halfSteps) {
    return new Sinkhorn(new Sinkhorn.Spec(halfSteps, 1, false));
  }

  /** Sheet 24: rows of P for S = [[0, 1], [2, 0]]. */
  @ParameterizedTest
  @CsvSource({
    "1,  .268941, .731059, .880797, .119203",
    "2,  .233915, .859804, .766085, .140196",
    "3,  .213871, .786129, .845307, .154693",
    "5,  .194624, .805376, .829171, .170829",
    "21, .182434, .817566, .817583, .182417"
  })
  void sinkhornsHalfSteps(int steps, double p11, double p12, double p21, double p22) {
    Tensor s = matrix(2, 0, 1, 2, 0);
    assertClose(sinkhorn(steps).of(s), 5e-7, p11, p12, p21, p22);
  }

  @Test
  void sinkhornsLimitOfTwoTokens() {
    // P11 = 1 / (1 + exp((S12 + S21 - S11 - S22) / 2))
    Tensor p = sinkhorn(200).of(matrix(2, 0, 1, 2, 0));
    double limit = 1 / (1 + Math.exp(1.5));
    assertThat(limit).isCloseTo(.182426, within(5e-7));
    assertClose(p, 1e-12, limit, 1 - limit, 1 - limit, limit);
  }

  @Test
  void oneHalfStepIsTheSoftmax() {
    Tensor s = normal(1, 3, 5, 5);
    assertClose(sinkhorn(1).of(s), 1e-14, Memory.doubles(s.softmax(-1)));
  }

  /** What is added to rows and columns does not change the limit. */
  @Test
  void sinkhornForgetsRowsAndColumns() {
    Tensor s = normal(2, 5, 5);
    Tensor moved = s.add(normal(3, 5, 1)).add(normal(4, 1, 5));
    assertClose(sinkhorn(400).of(moved), 1e-12, Memory.doubles(sinkhorn(400).of(s)));
  }

  @Test
  void squaresOfTheOrthogonalMatrix() {
    QrSquares qr = new QrSquares(0);
    Tensor p = qr.of(matrix(3, 1, 2, 0, 0, 1, 1, 1, 0, 1));
    double third = 1 / 3.0;
    double sixth = 1 / 6.0;
    assertClose(p, 1e-14, .5, third, sixth, 0, third, 2 * third, .5, third, sixth);
    assertClose(qr.of(matrix(2, 3, 0, 0, -2)), 1e-15, 1, 0, 0, 1);
    double c = Math.cos(1);
    double s = Math.sin(1);
    assertClose(qr.of(matrix(2, c, -s, s, c)), 1e-15, c * c, s * s, s * s, c * c);
  }

  /** Columns may be scaled, and earlier ones added to later ones. */
  @Test
  void squaresForgetScalesOfKeys() {
    QrSquares qr = new QrSquares(0);
    Tensor m = normal(5, 4, 4);
    Tensor scaled = m.mul(matrix(4, 3, -1, .5, 2));
    assertClose(qr.of(scaled), 1e-13, Memory.doubles(qr.of(m)));
    Tensor sums = m.matmul(matrix(4, 1, 7, 0, -2, 0, 1, 3, 0, 0, 0, 1, 4, 0, 0, 0, 1));
    assertClose(qr.of(sums), 1e-12, Memory.doubles(qr.of(m)));
  }

  @Test
  void aRotation() {
    var one = new Stage(new int[] {0}, new int[] {1}, new int[] {0});
    var rotations = new PlaneRotations(2, 2, 2, 1, List.of(one));
    for (boolean fused : new boolean[] {true, false}) {
      Tensor p = RotationSquares.of(rotations, matrix(1, .3), fused);
      assertClose(p, 5e-7, .912668, .087332, .087332, .912668);
      assertClose(RotationSquares.of(rotations, matrix(1, 0), fused), 0, 1, 0, 0, 1);
    }
  }

  private static Weighting built(Weighting.Spec spec, DType dtype) {
    return spec.build(
        Heads.of(HEADS, WIDTH),
        Context.cpu(3).withDType(dtype).at(new Layout.Grid(List.of(2, 4), 0, false)));
  }

  static List<Weighting.Spec> exactOnes() {
    return List.of(
        new Sinkhorn.Spec(401, 1, false),
        new QrSquares.Spec(0.01),
        new Rotations.Spec(4, false, 1),
        new Rotations.Spec(1, true, 1),
        new Circuit.Spec(0, 2, false, 1),
        new Circuit.Spec(1, 8, false, 1),
        new Circuit.Spec(2, 8, true, 0.5),
        new UniformWeights.Spec(),
        new FixedWeights.Spec());
  }

  private record Mixed(Tensor y, Tensor weights) {}

  private static Mixed mixed(Weighting weighting, Tensor q, Tensor k, Tensor v) {
    Tensor[] weights = new Tensor[1];
    Pass pass = Pass.evaluation((_, tensor) -> weights[0] = tensor);
    return new Mixed(
        weighting.mix(q, k, v, Scores.plain(new Sight.All(), TOKENS, TOKENS), pass), weights[0]);
  }

  private static Tensor tokens(long seed, DType dtype) {
    return Memory.to(normal(seed, 3, HEADS, TOKENS, WIDTH), dtype);
  }

  @ParameterizedTest
  @MethodSource("exactOnes")
  void rowsAndColumnsSumToOne(Weighting.Spec spec) {
    for (DType dtype : List.of(DType.FLOAT64, DType.FLOAT32)) {
      Mixed found = mixed(built(spec, dtype), tokens(7, dtype), tokens(8, dtype), tokens(9, dtype));
      assertThat(found.weights().min().item_double()).isNotNegative();
      assertThat(residual(found.weights())).isLessThan(dtype == DType.FLOAT64 ? 1e-12 : 1e-6);
    }
  }

  /** The sum over the tokens, hence their mean, is that of the values. */
  @ParameterizedTest
  @MethodSource("exactOnes")
  void theMeanOfTokensStays(Weighting.Spec spec) {
    Tensor v = tokens(9, DType.FLOAT64);
    Tensor y =
        mixed(built(spec, DType.FLOAT64), tokens(7, DType.FLOAT64), tokens(8, DType.FLOAT64), v)
            .y();
    assertClose(y.mean(2), 1e-11, Memory.doubles(v.mean(2)));
  }

  /** Angles are products with the scores: no scores, no turn. */
  @Test
  void noScoresGiveTheIdentity() {
    Tensor nothing = tokens(7, DType.FLOAT64).mul(new Scalar(0));
    Tensor identity = torch.eye(TOKENS, new TensorOptions(ScalarType.Double));
    for (Weighting.Spec spec : List.of(Rotations.Spec.example(), Circuit.Spec.example())) {
      Tensor p = mixed(built(spec, DType.FLOAT64), nothing, nothing, nothing).weights();
      assertThat(p.sub(identity).abs().max().item_double()).isLessThan(1e-15);
    }
  }

  /**
   * Rows e_2 and e_4 alone: not exponentiated, Sinkhorn maps both to 1 / T; the circuit does not.
   */
  @Test
  void theCircuitTellsMatricesOfRankOneApart() {
    var circuit = new TurnedIdentity(Circuit.rotations(4, 1, 2), Heads.of(1, 1), false, 1, exact());
    Tensor p2 = circuit.of(row(1).view(1, 1, 4, 4));
    Tensor p4 = circuit.of(row(3).view(1, 1, 4, 4));
    assertThat(p2.sub(p4).abs().max().item_double()).isGreaterThan(0.01);
  }

  private static Tensor row(int index) {
    Tensor rows = torch.zeros(new long[] {4, 4}, new TensorOptions(ScalarType.Double));
    rows.select(0, index).fill_(new Scalar(1));
    return rows;
  }

  private static Context exact() {
    return Context.cpu(1).withDType(DType.FLOAT64);
  }

  /**
   * (J - I) / 2 is doubly stochastic, but no squares of a unitary 3 x 3 matrix: a bound by hand.
   */
  @Test
  void notEveryMatrixIsMadeOfAUnitaryOne() {
    // Columns (0, x, y) and (z, 0, w) of a unitary matrix with these squares have a product of
    // modulus |y w| = 1/2, not 0: so no 3 x 3 rotations come near.
    PlaneRotations three = Rotations.rotations(3, 8);
    Tensor wanted = torch.ones(new long[] {3, 3}, new TensorOptions(ScalarType.Double));
    wanted = wanted.sub(torch.eye(3, wanted.options())).div(new Scalar(2));
    Tensor angles = normal(1, 500, three.angles()).mul(new Scalar(3));
    Tensor distance =
        RotationSquares.of(three, angles, true).sub(wanted).abs().amax(new long[] {1, 2}, false);
    assertThat(distance.min().item_double()).isGreaterThan(0.05);
  }

  @Test
  void normedSoftmaxSharpensByTheSpread() {
    Tensor q = tokens(7, DType.FLOAT64).mul(new Scalar(0.3));
    Tensor k = tokens(8, DType.FLOAT64);
    Tensor m = q.matmul(k.transpose(-2, -1));
    Tensor deviation = m.std(new long[] {-2, -1}, false, true);
    double tau = Math.sqrt(WIDTH);
    assertThat(deviation.max().item_double()).isLessThan(tau);
    Tensor by =
        mixed(built(new NormedSoftmax.Spec(NormedSoftmax.Spread.DEVIATION), DType.FLOAT64), q, k, k)
            .weights();
    assertClose(by, 1e-9, Memory.doubles(m.div(deviation).softmax(-1)));
    Tensor square =
        mixed(built(new NormedSoftmax.Spec(NormedSoftmax.Spread.VARIANCE), DType.FLOAT64), q, k, k)
            .weights();
    assertClose(square, 1e-9, Memory.doubles(m.div(deviation.square()).softmax(-1)));
    Tensor wide = q.mul(new Scalar(100));
    Tensor usual =
        mixed(
                built(new NormedSoftmax.Spec(NormedSoftmax.Spread.DEVIATION), DType.FLOAT64),
                wide,
                k,
                k)
            .weights();
    assertClose(usual, 1e-12, Memory.doubles(m.mul(new Scalar(100 / tau)).softmax(-1)));
  }

  /** Columns that nobody sees get nothing, also in the gradient. */
  @Test
  void sinkhornWithHiddenKeys() {
    Tensor s = normal(1, 4, 4).set_requires_grad(true);
    Tensor seen = torch.ones(new long[] {4, 4}, new TensorOptions(ScalarType.Bool));
    seen.select(1, 3).fill_(new Scalar(0));
    Tensor p = sinkhorn(5).of(new Sight.Allowed(seen).of(s));
    assertThat(p.select(1, 3).abs().max().item_double()).isZero();
    assertThat(Memory.isFinite(p)).isTrue();
    Backpropagation.run(p, normal(2, 4, 4));
    assertThat(Memory.isFinite(s.grad())).isTrue();
    assertThat(s.grad().select(1, 3).abs().max().item_double()).isZero();
  }

  static List<Weighting.Spec> all() {
    return List.of(
        NormedSoftmax.Spec.example(),
        Sinkhorn.Spec.example(),
        QrSquares.Spec.example(),
        Rotations.Spec.example(),
        Circuit.Spec.example(),
        UniformWeights.Spec.example(),
        FixedWeights.Spec.example());
  }

  @ParameterizedTest
  @MethodSource("all")
  void aCausalModelIsRefused(Weighting.Spec spec) {
    Context causal = Context.cpu(1).at(new Layout.Line(TOKENS, true, false));
    assertThatThrownBy(() -> spec.build(Heads.of(HEADS, WIDTH), causal))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageMatching(
            "weighting [a-z-]+ weighs all tokens together, .* sees earlier ones only");
  }

  @Test
  void whatDoesNotFitIsRefused() {
    Context of17 = Context.cpu(1).at(new Layout.Grid(List.of(4, 4), 1, false));
    assertThatThrownBy(() -> QrSquares.Spec.example().build(Heads.of(1, 16), of17))
        .hasMessage(
            "weighting qr needs a head width of at least the number of tokens, 17; here it is 16");
    assertThatThrownBy(() -> Circuit.Spec.example().build(Heads.of(1, 16), of17))
        .hasMessage(
            "weighting circuit needs a number of tokens that is a power of two; here are 17");
    assertThatThrownBy(() -> FixedWeights.Spec.example().build(Heads.of(1, 16), Context.cpu(1)))
        .hasMessage(
            "weighting fixed needs to know how many tokens come; here are tokens in no order");
  }
}
