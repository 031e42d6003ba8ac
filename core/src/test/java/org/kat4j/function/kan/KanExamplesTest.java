package org.kat4j.function.kan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.kat4j.function.Activation;
import org.kat4j.kernel.Bump;
import org.kat4j.torch.Backpropagation;
import org.kat4j.torch.Context;
import org.kat4j.torch.DType;
import org.kat4j.torch.Device;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Part;
import org.kat4j.torch.Pass;
import org.kat4j.torch.RandomStream;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;

/** The worked examples of the sheets. */
class KanExamplesTest {
  private final Scope scope = Scope.open();

  @AfterEach
  void close() {
    scope.close();
  }

  private static Context float64() {
    return Context.cpu(0).withDType(DType.FLOAT64);
  }

  private static Tensor row(double... values) {
    return Tensor.create(values).view(1, -1);
  }

  private static Tensor column(double... values) {
    return Tensor.create(values).view(-1, 1);
  }

  private static Tensor normal(long seed, long... shape) {
    Tensor numbers = torch.zeros(shape, new TensorOptions(ScalarType.Double));
    return new RandomStream(seed).normal(numbers, 0, 1);
  }

  private static void set(Part part, String name, Tensor values) {
    Backpropagation.set(Objects.requireNonNull(StateDict.of(part).get(name)), values);
  }

  private static Tensor forward(KanLayer layer, Tensor x) {
    return layer.forward(x, Pass.evaluation());
  }

  private static double largest(Tensor x) {
    return x.abs().max().item_double();
  }

  // Sheet 00: B-splines.

  private static Tensor cubic(double x, int gridSize) {
    return BSplines.basis(column(x), row(BSplines.knots(-1, 1, gridSize, 3)), 3);
  }

  @Test
  void knotsReachThreeStepsBeyondTheEnds() {
    assertThat(BSplines.knots(-1, 1, 5, 3))
        .containsExactly(
            new double[] {-2.2, -1.8, -1.4, -1, -0.6, -0.2, 0.2, 0.6, 1, 1.4, 1.8, 2.2},
            within(1e-15));
  }

  @Test
  void cubicBasisAtZeroAndAtTheEnds() {
    assertThat(Memory.doubles(cubic(0, 5)))
        .containsExactly(
            new double[] {0, 0, 1 / 48.0, 23 / 48.0, 23 / 48.0, 1 / 48.0, 0, 0}, within(1e-15));
    assertThat(Memory.doubles(cubic(-1, 5)))
        .containsExactly(new double[] {1 / 6.0, 2 / 3.0, 1 / 6.0, 0, 0, 0, 0, 0}, within(1e-14));
    assertThat(Memory.doubles(cubic(1, 5)))
        .containsExactly(new double[] {0, 0, 0, 0, 0, 1 / 6.0, 2 / 3.0, 1 / 6.0}, within(1e-14));
  }

  @ParameterizedTest
  @CsvSource({"-0.93, 1", "0.5, 1", "1.2, 0.979167", "2.2, 0", "-5, 0", "7, 0"})
  void cubicBasisSumsToOneInside(double x, double sum) {
    assertThat(cubic(x, 5).sum().item_double()).isCloseTo(sum, within(5e-7));
  }

  @Test
  void grevillePointsGiveTheIdentity() {
    Tensor greville = row(-1.4, -1, -.6, -.2, .2, .6, 1, 1.4);
    Tensor x = Tensor.create(Range.points(-1, 1, 41)).view(-1, 1);
    Tensor basis = BSplines.basis(x, row(BSplines.knots(-1, 1, 5, 3)), 3);
    assertThat(largest(basis.squeeze(1).mul(greville).sum(1).sub(x.view(-1)))).isLessThan(1e-14);
  }

  /** A trained KAN cannot beat these. */
  @ParameterizedTest
  @CsvSource({"3, 7.809e-3", "5, 2.663e-3", "10, 1.172e-4", "20, 6.535e-6", "50, 1.615e-7"})
  void bestCubicFitOfASine(int gridSize, double rmse) {
    Tensor x = Tensor.create(Range.points(-1, 1, 2001)).view(-1, 1);
    Tensor y = x.mul(new Scalar(Math.PI)).sin().unsqueeze(-1);
    Tensor grid = row(BSplines.knots(-1, 1, gridSize, 3));
    Tensor fitted = BSplines.curves(x, BSplines.fit(x, y, grid, 3), grid, 3);
    double error = Math.sqrt(fitted.sub(y).square().mean().item_double());
    assertThat(error).isCloseTo(rmse, within(0.02 * rmse)); // the sheet's samples are others
  }

  @Test
  void nestedGridsRefineWithoutLossOthersDoNot() {
    Tensor x = normal(1, 1000, 2).tanh();
    PykanSpline layer =
        new PykanSpline.Spec(5, 3, -1, 1, Activation.SILU, 0.3, 0.02).build(2, 3, float64());
    set(layer, "coef", normal(2, 2, 3, 8));
    Tensor y = forward(layer, x);
    double nested = largest(forward(layer.refined(10, x, float64()), x).sub(y));
    assertThat(nested).isLessThan(1e-12);
    double other = largest(forward(layer.refined(7, x, float64()), x).sub(y));
    assertThat(other).isBetween(1e-4, 0.5);
  }

  @Test
  void updatedGridsKeepTheFunctionNearlyWhereItIsSmooth() {
    Tensor x = normal(1, 500, 2).mul(new Scalar(0.4));
    Tensor inside = x.clamp_min(new Scalar(-0.9)).clamp_max(new Scalar(0.9));
    BSpline layer = new BSpline.Spec(20, 3, -1, 1, Activation.SILU, true, 1).build(2, 3, float64());
    // Greville points times a slope: every spline is a line, which any grid holds.
    Tensor knots = Tensor.create(BSplines.knots(-1, 1, 20, 3));
    Tensor greville =
        knots.narrow(0, 1, 23).add(knots.narrow(0, 2, 23)).add(knots.narrow(0, 3, 23));
    set(layer, "spline_weight", normal(2, 3, 2, 1).mul(greville));
    Tensor y = forward(layer, inside);
    layer.updateGrid(inside, 0.01);
    assertThat(largest(forward(layer, inside).sub(y))).isLessThan(1e-9);
    assertThat(largest(Objects.requireNonNull(StateDict.of(layer).get("spline_scaler"))))
        .isEqualTo(1);
  }

  @Test
  void equalKnotsGiveNumbers() {
    Tensor grid = row(-1, -1, -1, 0, 0, 1, 1, 1);
    Tensor x = Backpropagation.leaf(column(-0.5, 0, 0.5), DType.FLOAT64);
    Tensor basis = BSplines.basis(x, grid, 2);
    basis.square().sum().backward();
    assertThat(Arrays.stream(Memory.doubles(basis)).allMatch(Double::isFinite)).isTrue();
    assertThat(Arrays.stream(Memory.doubles(x.grad())).allMatch(Double::isFinite)).isTrue();
  }

  @Test
  void regulariserOfTwoRows() {
    PykanNetwork network =
        new PykanNetwork(
            List.of(new PykanNetwork.Nodes(2, 0), new PykanNetwork.Nodes(2, 0)),
            PykanSpline.Spec.example(),
            float64());
    Tensor scores = Tensor.create(new double[] {1, 0, 1, 2}, 2, 2);
    assertThat(network.regularisation(List.of(scores), 1, 0, 0, 0).item_double()).isEqualTo(4);
    assertThat(network.regularisation(List.of(scores), 0, 1, 0, 0).item_double())
        .isCloseTo(0.749784 + 0.723092, within(1e-6));
    assertThat(network.regularisation(List.of(scores), 1, 2, 0, 0).item_double())
        .isCloseTo(6.945751, within(1e-6));
  }

  @Test
  void productsFollowTheSums() {
    var widths = List.of(new PykanNetwork.Nodes(2, 0), new PykanNetwork.Nodes(1, 2));
    PykanNetwork network = new PykanNetwork(widths, PykanSpline.Spec.example(), float64());
    Tensor x = normal(3, 7, 2).tanh();
    Tensor sums = network.layers().getFirst().forward(x, Pass.evaluation()); // [7, 5]
    Tensor expected =
        torch.stack(
            new TensorVector(
                sums.select(1, 0),
                sums.select(1, 1).mul(sums.select(1, 2)),
                sums.select(1, 3).mul(sums.select(1, 4))),
            1);
    assertThat(largest(network.forward(x).sub(expected))).isLessThan(1e-14);
    KanTrace.Attribution scores = network.trace(x).attribution();
    assertThat(scores.edges().getFirst().shape()).containsExactly(5, 2);
    assertThat(scores.features().shape()).containsExactly(2);
  }

  // Sheet 00: relatives.

  @Test
  void eightGaussiansAtZero() {
    Tensor centres = Tensor.create(Range.points(-2, 2, 8));
    Tensor bumps = RadialBasis.bumps(column(0), centres, 4.0 / 7, Bump.GAUSSIAN).view(-1);
    double[] half = {5e-6, 1.93e-3, 0.105399, 0.778801};
    double[] values = Memory.doubles(bumps);
    for (int j = 0; j < 4; j++) {
      assertThat(values[j]).isCloseTo(half[j], within(5e-6));
      assertThat(values[7 - j]).isCloseTo(values[j], within(1e-15));
    }
    assertThat(bumps.sum().item_double()).isCloseTo(1.772270, within(1e-6));
  }

  @Test
  void chebyshevPolynomialsAndTheirSaturatedGradient() {
    Chebyshev layer = new Chebyshev.Spec(4).build(1, 1, Context.cpu(0));
    assertThat(Memory.doubles(layer.basis(column(Math.tanh(0.5)))))
        .containsExactly(new double[] {1, 0.462117, -0.572895, -0.991607, -0.343582}, within(1e-6));
    Tensor x = Backpropagation.leaf(column(12, -30), DType.FLOAT32);
    forward(layer, x).sum().backward();
    assertThat(largest(x.grad())).isZero(); // not NaN
  }

  @ParameterizedTest
  @CsvSource({
    "b-spline, 508160",
    "pykan, 508160",
    "radial-basis, 459114",
    "chebyshev, 254080",
    "fourier, 508234",
    "activation-bumps, 52552",
    "relu-bumps, 316842"
  })
  void parametersOf784To64To10(String kind, long parameters) {
    KanLayer.Spec spec =
        switch (kind) {
          case "b-spline" -> BSpline.Spec.example();
          case "pykan" -> new PykanSpline.Spec(5, 3, -1, 1, Activation.SILU, 0.3, 0.02);
          case "radial-basis" -> RadialBasis.Spec.example();
          case "chebyshev" -> new Chebyshev.Spec(4);
          case "fourier" -> new Fourier.Spec(5, true, false);
          case "activation-bumps" -> ActivationBumps.Spec.example();
          default -> new ReluBumps.Spec(3, 3, true);
        };
    // The sheet's ReLU-KAN has a layer norm before each layer.
    long norms = kind.equals("relu-bumps") ? 2 * (784 + 64) : 0;
    assertThat(count(spec, 784, 64, 10) + norms).isEqualTo(parameters);
  }

  private static long count(KanLayer.Spec spec, int... widths) {
    List<KanLayer> layers = new ArrayList<>();
    for (int l = 1; l < widths.length; l++) {
      layers.add(spec.build(widths[l - 1], widths[l], Context.cpu(0).withDevice(Device.META)));
    }
    return StateDict.parameterCount(new KanStack("layers", layers));
  }

  // Sheet 08.

  private static ActivationBumps bumps(
      ActivationBumps.Combination combination, boolean normalise, ActivationBumps.Norm norm) {
    return new ActivationBumps.Spec(
            3,
            3,
            Activation.SILU,
            combination,
            normalise,
            ActivationBumps.Reduction.GLOBAL_ATTN,
            norm,
            1e-5)
        .build(2, 2, float64());
  }

  @ParameterizedTest
  @CsvSource({
    "QUAD1, 0.008780, 0.006448, 0.032684",
    "PROD, -0.093700, 0.080300, 0.180788",
    "SUM, 1.149957, 0.979894, 0.892112",
    "QUAD2, 1.416101, 0.879893, 0.615077",
    "SUM_PROD, 1.056257, 1.060194, 1.072900",
    "CUBIC1, 1.736206, 0.783516, 0.387434",
    "CUBIC2, -0.000823, 0.000518, 0.005909"
  })
  void bumpsOfTwoActivations(
      ActivationBumps.Combination combination, double first, double second, double third) {
    double[] values =
        Memory.doubles(bumps(combination, false, ActivationBumps.Norm.LAYER).bumps(column(0.5)));
    assertThat(values)
        .containsExactly(new double[] {first, second, third, third, second, first}, within(1e-6));
  }

  @Test
  void phasesOfThreeIntervals() {
    assertThat(ReluBumps.starts(3, 3))
        .containsExactly(new double[] {-1, -2 / 3.0, -1 / 3.0, 0, 1 / 3.0, 2 / 3.0}, within(1e-15));
    assertThat(ReluBumps.ends(3, 3))
        .containsExactly(new double[] {1 / 3.0, 2 / 3.0, 1, 4 / 3.0, 5 / 3.0, 2}, within(1e-15));
  }

  @Test
  void reluBumpsAtOneHalf() {
    ReluBumps layer = new ReluBumps.Spec(3, 3, true).build(1, 1, float64());
    assertThat(Memory.doubles(layer.basis(column(0.5))))
        .containsExactly(new double[] {0, 0.191406, 0.878906, 0.878906, 0.191406, 0}, within(1e-6));
  }

  @Test
  void attentionOverInputs() {
    Tensor bumps = Tensor.create(new double[] {0, 1, 0.5, 0.25}, 1, 2, 2);
    Tensor scores = bumps.matmul(Tensor.create(new double[] {1, -1}, 2, 1));
    Tensor softened = scores.div(new Scalar(Math.sqrt(2)));
    assertThat(Memory.doubles(BumpReductions.weighed(bumps, softened, -2)))
        .containsExactly(new double[] {0.292374, 0.530720}, within(1e-6));
  }

  /** With the bumps normalised over the batch, samples see each other; without, they do not. */
  @Test
  void normalisedBumpsCoupleTheBatch() {
    Tensor x = normal(4, 3, 2);
    for (boolean normalise : new boolean[] {false, true}) {
      ActivationBumps layer =
          bumps(ActivationBumps.Combination.QUAD1, normalise, ActivationBumps.Norm.NONE);
      Tensor alone = forward(layer, x.narrow(0, 0, 1));
      double apart = largest(forward(layer, x).narrow(0, 0, 1).sub(alone));
      if (normalise) {
        assertThat(apart).isGreaterThan(1e-4);
      } else {
        assertThat(apart).isLessThan(1e-15);
      }
    }
  }

  // Sheet 07: bases of the pool.

  @ParameterizedTest
  @CsvSource({"MEXICAN_HAT, -0.574059", "MORLET, -0.707007", "DOG, -0.441248"})
  void waveletsAtOneHalf(Wavelet.Mother mother, double value) {
    Tensor psi = mother.weighted(mother.of(column(0.5)));
    assertThat(psi.item_double()).isCloseTo(value, within(1e-6));
  }

  @Test
  void switchesAtOneHalf() {
    Tensor centres = Tensor.create(Range.points(-1.2, 0.2, 8));
    Tensor bumps = RadialBasis.bumps(column(0.5), centres, 2, Bump.SWITCH);
    assertThat(Memory.doubles(bumps))
        .containsExactly(
            new double[] {
              0.522423, 0.596586, 0.673193, 0.749480, 0.822001, 0.886851, 0.940015, 0.977833
            },
            within(1e-6));
  }

  private static Selection pool(int copies, Selector.Granularity granularity) {
    KanLayer member = new Chebyshev.Spec(3).build(3, 4, float64());
    return new Selection(Collections.nCopies(copies, member), 4, granularity, float64());
  }

  @Test
  void copiesOfOneMemberAreThatMember() {
    Tensor x = normal(5, 6, 3);
    Tensor one = forward(pool(1, Selector.Granularity.LAYER), x);
    KanLayer several = new Chebyshev.Spec(3).build(3, 4, float64());
    Selection three =
        new Selection(
            List.of(several, several, several), 4, Selector.Granularity.OUTPUT, float64());
    assertThat(largest(forward(three, x).sub(forward(several, x)))).isLessThan(1e-14);
    assertThat(one.shape()).containsExactly(6, 4);
  }

  private static Selection threeBases() {
    Context context = float64();
    List<KanLayer> members =
        List.of(
            new Chebyshev.Spec(3).build(3, 4, context),
            new Fourier.Spec(2, true, false).build(3, 4, context),
            BSpline.Spec.example().build(3, 4, context));
    return new Selection(members, 4, Selector.Granularity.OUTPUT, context);
  }

  @Test
  void selectionWeighsSharpensAndPrunes() {
    Selection layer = threeBases();
    Tensor choices = Tensor.create(new double[] {1, 0, -1}).view(3, 1).expand(3, 4).contiguous();
    choices.select(1, 3).copy_(Tensor.create(new double[] {-1, 5, 0}));
    set(layer, "selection", choices);
    assertThat(Memory.doubles(layer.selector().probabilities().select(1, 0)))
        .containsExactly(new double[] {0.665241, 0.244728, 0.090031}, within(1e-6));
    Tensor x = normal(6, 5, 3);
    layer.selector().calibrate(x);
    Tensor y = forward(layer, x);
    y.square().sum().backward();
    Tensor gradient = Objects.requireNonNull(StateDict.of(layer).get("selection")).grad();
    assertThat(largest(gradient.sum(0))).isLessThan(1e-12); // of a softmax
    layer.selector().sharpen(1e-3);
    Tensor sharp = forward(layer, x);
    layer.selector().harden();
    Tensor hard = forward(layer, x);
    assertThat(largest(sharp.sub(hard))).isLessThan(1e-12);
    KanLayer pruned = layer.pruned();
    assertThat(largest(forward(pruned, x).sub(hard))).isLessThan(1e-14);
    // The splines were chosen by nobody.
    assertThat(StateDict.of(pruned).keySet())
        .containsExactly("members.0.cheby_coeffs", "members.1.fouriercoeffs", "members.1.bias");
    assertThat(StateDict.parameterCount(pruned)).isLessThan(StateDict.parameterCount(layer));
  }

  /** Temperature and hardness belong to the state: a pool saved in its second phase comes back. */
  @Test
  void aPoolIsSavedInItsPhase() {
    Selection sharp = threeBases();
    sharp.selector().sharpen(0.25);
    Selection hard = threeBases();
    hard.selector().harden();
    Tensor x = normal(6, 5, 3);
    for (Selection saved : List.of(sharp, hard)) {
      set(saved, "selection", normal(7, 3, 4));
      Selection loaded = threeBases();
      assertThat(forward(loaded, x).equal(forward(saved, x))).isFalse();
      StateDict.copy(StateDict.of(saved), StateDict.of(loaded));
      assertThat(forward(loaded, x).equal(forward(saved, x))).isTrue();
    }
    assertThat(StateDict.trained(hard)).doesNotContainKeys("temperature", "hard");
  }

  // Sheet 11.

  private static TruncatedPower truncated(TruncatedPower.Knots knots, boolean lastKnotAtEnd) {
    return new TruncatedPower.Spec(3, 5, -1, 1, knots, lastKnotAtEnd).build(1, 1, float64());
  }

  @Test
  void truncatedPowersAtOneHalfAndAtTheEnd() {
    TruncatedPower layer = truncated(TruncatedPower.Knots.FIXED_SHARED, false);
    assertThat(Memory.doubles(layer.knots()))
        .containsExactly(new double[] {-2 / 3.0, -1 / 3.0, 0, 1 / 3.0, 2 / 3.0}, within(1e-15));
    assertThat(Memory.doubles(layer.basis(column(0.5), layer.knots())))
        .containsExactly(
            new double[] {1, .5, .25, .125, 1.587963, .578704, .125, .004630, 0}, within(1e-6));
    assertThat(Memory.doubles(layer.basis(column(-1), layer.knots())))
        .containsExactly(1, -1, 1, -1, 0, 0, 0, 0, 0);
  }

  @Test
  void learnedKnotsStartWhereFixedOnesAreUnlessTheSourceIsFollowed() {
    TruncatedPower ours = truncated(TruncatedPower.Knots.LEARNED_SHARED, false);
    Tensor raw = Objects.requireNonNull(StateDict.of(ours).get("raw_knots"));
    assertThat(raw.select(1, 0).item_double()).isCloseTo(-0.927320, within(1e-6));
    assertThat(Memory.doubles(ours.knots()))
        .containsExactly(new double[] {-2 / 3.0, -1 / 3.0, 0, 1 / 3.0, 2 / 3.0}, within(1e-7));
    TruncatedPower source = truncated(TruncatedPower.Knots.LEARNED_INDIVIDUAL, true);
    assertThat(Memory.doubles(source.knots()))
        .containsExactly(new double[] {-0.6, -0.2, 0.2, 0.6, 1}, within(1e-12));
    Backpropagation.set(raw, normal(9, 1, 5).mul(new Scalar(3)));
    double[] moved = Memory.doubles(ours.knots());
    assertThat(moved).isSorted().doesNotHaveDuplicates();
  }

  @ParameterizedTest
  @CsvSource({
    "FIXED_SHARED, 141, 457418",
    "LEARNED_SHARED, 176, 461658",
    "LEARNED_INDIVIDUAL, 216, 711498"
  })
  void parametersOfTruncatedPowers(TruncatedPower.Knots knots, long small, long large) {
    var spec = new TruncatedPower.Spec(3, 5, -1, 1, knots, false);
    assertThat(count(spec, 2, 5, 1)).isEqualTo(small);
    assertThat(count(spec, 784, 64, 10)).isEqualTo(large);
  }

  @Test
  void sharedAndIndividualKnotsAgreeAndSpanTheSplines() {
    Tensor x = Tensor.create(Range.points(-1, 1, 201)).view(-1, 1);
    TruncatedPower shared = truncated(TruncatedPower.Knots.FIXED_SHARED, false);
    TruncatedPower individual = truncated(TruncatedPower.Knots.FIXED_INDIVIDUAL, false);
    Tensor coefficients = normal(3, 1, 1, 9);
    set(shared, "coeffs", coefficients);
    set(individual, "coeffs", coefficients);
    assertThat(largest(forward(shared, x).sub(forward(individual, x)))).isLessThan(1e-13);
    // Every cubic B-spline of 6 intervals is a combination of the 9 functions.
    Tensor basis = shared.basis(x, shared.knots()).squeeze(1); // [rows, 9]
    Tensor splines = BSplines.basis(x, row(BSplines.knots(-1, 1, 6, 3)), 3).squeeze(1);
    Tensor solution = torch.linalg_lstsq(basis, splines).get0();
    assertThat(largest(basis.matmul(solution).sub(splines))).isLessThan(1e-11);
  }

  // Sheet 23.

  private static Daruan circuit(
      int repetitions, Daruan.Ansatz ansatz, Daruan.Measurement measurement) {
    return new Daruan.Spec(
            repetitions,
            ansatz,
            measurement,
            true,
            true,
            true,
            Activation.SILU,
            true,
            Daruan.Start.ONES,
            0)
        .build(1, 1, float64());
  }

  @ParameterizedTest
  @CsvSource({
    "EXACT, 0.540356478, 0.690202449, 0.809850394, 0.299842618",
    "FAST, 0.398200705, 0.525722055, 0.642933541, 0.214502490"
  })
  void circuitOfOneUpload(Daruan.Measurement measurement, double a, double b, double c, double d) {
    Daruan layer = circuit(1, Daruan.Ansatz.PZ, measurement);
    set(layer, "theta", Tensor.create(new double[] {.3, -.7, 1.1, .4}, 1, 1, 2, 2));
    assertThat(Memory.doubles(layer.circuit(column(0, .5, 1, -2))))
        .containsExactly(new double[] {a, b, c, d}, within(1e-9));
  }

  @Test
  void circuitsWithoutTurnsStayOnTheEquatorAndOneTurnMakesACosine() {
    Daruan still = circuit(3, Daruan.Ansatz.PZ, Daruan.Measurement.FAST);
    set(still, "theta", torch.zeros(new long[] {1, 1, 4, 2}));
    assertThat(largest(still.circuit(normal(1, 9, 1)))).isLessThan(1e-12);
    Daruan turned = circuit(1, Daruan.Ansatz.PZ, Daruan.Measurement.EXACT);
    set(turned, "theta", Tensor.create(new double[] {0, 0, 0, -Math.PI / 2}, 1, 1, 2, 2));
    Tensor x = column(.3, 1.2, 2.5);
    assertThat(largest(turned.circuit(x).sub(x.cos().unsqueeze(-1)))).isLessThan(1e-14);
  }

  @ParameterizedTest
  @CsvSource({"PZ", "RPZ"})
  void furtherUploadsKeepTheFunction(Daruan.Ansatz ansatz) {
    Daruan layer = circuit(2, ansatz, Daruan.Measurement.FAST);
    Tensor x = normal(2, 20, 1);
    Daruan longer = layer.extended(4, float64());
    assertThat(largest(forward(longer, x).sub(forward(layer, x)))).isLessThan(1e-12);
    assertThat(StateDict.parameterCount(longer)).isGreaterThan(StateDict.parameterCount(layer));
  }

  @Test
  void circuitsThatMeasureAcrossAreNotExtended() {
    for (Daruan.Ansatz ansatz : List.of(Daruan.Ansatz.REAL, Daruan.Ansatz.MIX, Daruan.Ansatz.PX)) {
      Daruan layer = circuit(1, ansatz, Daruan.Measurement.EXACT);
      assertThatThrownBy(() -> layer.extended(2, float64()))
          .hasMessageContaining("would change the function");
    }
  }

  /** d f / d theta = (f(theta + pi/2) - f(theta - pi/2)) / 2 for the exact measurement. */
  @Test
  void parameterShift() {
    Daruan layer = circuit(1, Daruan.Ansatz.PZ, Daruan.Measurement.EXACT);
    Tensor theta = Objects.requireNonNull(StateDict.of(layer).get("theta"));
    double[] angles = {.3, -.7, 1.1, .4};
    Backpropagation.set(theta, Tensor.create(angles, 1, 1, 2, 2));
    Tensor x = column(0.8);
    layer.circuit(x).sum().backward();
    double[] gradient = Memory.doubles(theta.grad());
    for (int i = 0; i < angles.length; i++) {
      double[] values = new double[2];
      for (int side = 0; side < 2; side++) {
        double[] moved = angles.clone();
        moved[i] += side == 0 ? Math.PI / 2 : -Math.PI / 2;
        Backpropagation.set(theta, Tensor.create(moved, 1, 1, 2, 2));
        values[side] = layer.circuit(x).item_double();
      }
      assertThat((values[0] - values[1]) / 2).isCloseTo(gradient[i], within(1e-12));
    }
  }

  @ParameterizedTest
  @CsvSource({"ONES, 3", "POWERS_OF_TWO, 7", "POWERS_OF_THREE, 13"})
  void spectrumOfThreeUploads(Daruan.Start start, int highest) {
    var spec =
        new Daruan.Spec(
            3,
            Daruan.Ansatz.PZ,
            Daruan.Measurement.EXACT,
            true,
            true,
            true,
            Activation.SILU,
            false,
            start,
            0);
    Daruan layer = spec.build(1, 1, float64());
    set(layer, "theta", normal(11, 1, 1, 4, 2));
    int points = 64;
    double[] angles = new double[points];
    Arrays.setAll(angles, i -> 2 * Math.PI * i / points);
    double[] f = Memory.doubles(layer.circuit(column(angles)));
    for (int m = 0; m <= points / 2; m++) {
      double re = 0;
      double im = 0;
      for (int i = 0; i < points; i++) {
        re += f[i] * Math.cos(m * angles[i]) / points;
        im += f[i] * Math.sin(m * angles[i]) / points;
      }
      double size = Math.hypot(re, im);
      if (m > highest) {
        assertThat(size).as("frequency " + m).isLessThan(1e-14);
      } else if (m == highest) {
        assertThat(size).as("frequency " + m).isGreaterThan(1e-6);
      }
    }
  }

  @Test
  void parametersOfCircuits() {
    var frozen =
        new Daruan.Spec(
            3,
            Daruan.Ansatz.PZ,
            Daruan.Measurement.FAST,
            false,
            false,
            false,
            Activation.SILU,
            false,
            Daruan.Start.ONES,
            0);
    assertThat(count(frozen, 10, 10)).isEqualTo(800);
    assertThat(count(Daruan.Spec.example(), 1, 1)).isEqualTo(17);
    assertThat(count(Daruan.Spec.example(), 2, 5, 1)).isEqualTo(255);
  }

  // Sheet 09.

  @Test
  void countsOfFairComparisons() {
    assertThat(KanCost.kan(new int[] {784, 2, 10}, 3, 2, KanCost.Function.SILU))
        .isEqualTo(new KanCost(12_716, 181_786));
    assertThat(KanCost.kan(new int[] {784, 10, 10, 10}, 20, 5, KanCost.Function.SILU))
        .isEqualTo(new KanCost(225_150, 10_198_740));
    assertThat(KanCost.mlp(new int[] {784, 10, 10, 10}, KanCost.Function.RELU, false))
        .isEqualTo(new KanCost(8_070, 16_110));
    assertThat(KanCost.mlp(new int[] {784, 64, 10}, KanCost.Function.RELU, false).parameters())
        .isEqualTo(50_890);
    assertThat(KanCost.kan(new int[] {784, 8, 10}, 3, 2, KanCost.Function.SILU).parameters())
        .isEqualTo(50_834);
    assertThat(KanCost.kan(new int[] {100, 100}, 5, 3, KanCost.Function.ZERO).flops())
        .isEqualTo(2_600_000);
    assertThat(KanCost.efficient(new int[] {100, 100}, 5, 3, KanCost.Function.ZERO).flops())
        .isLessThan(200_000);
  }

  // Mistakes.

  @Test
  void impossibleSpecsNameTheField() {
    Map<String, Runnable> mistakes =
        Map.of(
            "gridSize", () -> new BSpline.Spec(0, 3, -1, 1, Activation.SILU, true, 0.02),
            "order", () -> new BSpline.Spec(5, 9, -1, 1, Activation.SILU, true, 0.02),
            "low", () -> new BSpline.Spec(5, 3, 1, 1, Activation.SILU, true, 0.02),
            "groups", () -> SharedRational.Spec.example().build(7, 2, float64()),
            "layer norm", () -> RadialBasis.Spec.example().build(1, 2, float64()),
            "degree", () -> new Chebyshev.Spec(-1));
    mistakes.forEach((field, mistake) ->
        assertThatThrownBy(mistake::run)
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessageContaining(field));
  }
}
