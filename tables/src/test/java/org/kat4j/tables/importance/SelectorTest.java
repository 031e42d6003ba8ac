package org.kat4j.tables.importance;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.kat4j.data.RandomStream;
import org.kat4j.error.UserException;
import org.kat4j.function.Activation;
import org.kat4j.function.kan.BSpline;
import org.kat4j.model.KanNetwork;
import org.kat4j.tables.Parts;
import org.kat4j.tables.Problem;
import org.kat4j.tables.Task;
import org.kat4j.tables.model.Fitted;
import org.kat4j.torch.Context;
import org.kat4j.torch.DType;
import org.kat4j.torch.Device;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Pass;
import org.kat4j.torch.StateDict;

/** The checks of sheet 10. */
class SelectorTest {
  private static final Fitted.Target AS_IT_IS = new Fitted.Target(0, 1);

  /** One layer of two features without splines: phi[i, o] = weight[o, i] x_i. */
  private static Fitted linear(double... weights) {
    int out = weights.length / 2;
    var layer = new BSpline.Spec(2, 1, -1, 1, Activation.IDENTITY, true, 0.02);
    KanNetwork network =
        new KanNetwork.Spec(2, out, List.of(), layer, false)
            .build(Context.cpu(1).withDType(DType.FLOAT64));
    Map<String, Tensor> tensors = StateDict.of(network);
    tensors.forEach((name, tensor) -> {
      if (name.endsWith("base_weight")) {
        Context.assign(tensor, weights);
      } else if (name.endsWith("spline_weight")) {
        Context.assign(tensor, new double[(int) tensor.numel()]);
      }
    });
    return new Fitted(network, Task.REGRESSION, AS_IT_IS, DType.FLOAT64, 0);
  }

  private static Problem rows(double[][] x, double... y) {
    return new Problem(Task.REGRESSION, List.of("a", "b"), x, y, List.of());
  }

  /** Classes of one row, equal targets in a fold: numbers or a refusal, never NaN. */
  @Test
  void tinyTablesGiveNumbersOrARefusal() {
    KanSettings kan = KanSettings.usual().withEpochs(1);
    for (int rows : new int[] {2, 4, 5, 7}) {
      double[][] x = new double[rows][2];
      Arrays.setAll(x, i -> new double[] {i, i * i % 3});
      for (int kinds : new int[] {2, rows}) {
        double[] y = new double[rows];
        Arrays.setAll(y, i -> i % kinds);
        List<String> classes = IntStream.range(0, kinds).mapToObj(k -> "class " + k).toList();
        for (Problem problem :
            List.of(
                new Problem(Task.CLASSIFICATION, List.of("a", "b"), x, y, classes),
                new Problem(Task.REGRESSION, List.of("a", "b"), x, y, List.of()))) {
          if (rows < 4) {
            assertThatThrownBy(
                    () -> Importance.of(problem, Selector.all(), kan, 2, 1, (_, _) -> {}))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("2 rows are too few for 2 folds");
            continue;
          }
          Importance found = Importance.of(problem, Selector.all(), kan, 2, 1, (_, _) -> {});
          for (Selector selector : Selector.all()) {
            assertThat(found.mean(selector))
                .as("%s of %d rows, %d kinds, %s", selector, rows, kinds, problem.task())
                .doesNotContain(Double.NaN);
          }
        }
      }
    }
  }

  @Test
  void whatIsTooLargeOrTooSmallIsSaidBefore() {
    double[][] x = new double[6][3000];
    List<String> names = IntStream.range(0, 3000).mapToObj(i -> "f" + i).toList();
    double[] y = {0, 0, 0, 0, 0, 1};
    Problem wide = new Problem(Task.CLASSIFICATION, names, x, y, List.of("common", "rare"));
    assertThatThrownBy(() -> Importance.reservations(wide, Selector.all(), KanSettings.usual(), 2))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("3,000 features make a KAN of 180,150,020 numbers");
    assertThat(
            Importance.reservations(
                wide, List.of(ClassicalScore.MUTUAL_INFORMATION), KanSettings.usual(), 2))
        .singleElement()
        .asString()
        .contains("'rare'");
    Problem narrow = wide.features(new int[] {0, 1, 2});
    try (Fitted fitted = KanSettings.usual().withEpochs(1).fit(narrow, 1)) {
      assertThat(KanSettings.usual().parameters(narrow))
          .isEqualTo(StateDict.parameterCount(fitted.network()));
    }
  }

  @Test
  void contributionsOfTheSheet() {
    // phi of feature 1: (1, -1), (3, 1) cannot be linear in one x; feature 2's (0, 2), (0, -2) is.
    try (Fitted fitted = linear(1, 0, 1, 2)) { // node 1: x1; node 2: x1 + 2 x2
      Problem two = rows(new double[][] {{1, 1}, {3, -1}}, 0, 0);
      // feature 1: |1|, |1|, |3|, |3|: 2 and sqrt 5; feature 2: 0, 2, 0, 2: 1 and sqrt 2
      assertThat(KanScore.KAN_L1.scores(fitted, two))
          .containsExactly(new double[] {2 / 3.0, 1 / 3.0}, within(1e-12));
      double l2 = Math.sqrt(5) / (Math.sqrt(5) + Math.sqrt(2));
      assertThat(KanScore.KAN_L2.scores(fitted, two))
          .containsExactly(new double[] {l2, 1 - l2}, within(1e-12));
      // centred, feature 1 is (-1, 1) at both nodes
      assertThat(KanScore.KAN_L1_CENTRED.scores(fitted, two))
          .containsExactly(new double[] {0.5, 0.5}, within(1e-12));
    }
    assertThat(Selector.normalised(new double[] {1.5, 1.0}))
        .containsExactly(new double[] {.6, .4}, within(1e-12));
    assertThat(Selector.normalised(new double[] {1.732051, 1.414214}))
        .containsExactly(new double[] {.550510, .449490}, within(1e-6));
  }

  @Test
  void anAdditiveModel() {
    try (Fitted fitted = linear(2, -1)) {
      RandomStream random = RandomStream.of(1);
      double[][] x = new double[4000][2];
      double[] y = new double[x.length];
      for (int i = 0; i < x.length; i++) {
        Arrays.setAll(x[i], _ -> random.nextGaussian());
        y[i] = 2 * x[i][0] - x[i][1];
      }
      Problem problem = rows(x, y);
      assertThat(KanScore.KAN_SI.scores(fitted, problem))
          .containsExactly(new double[] {2 / 3.0, 1 / 3.0}, within(1e-12));
      Map<String, Tensor> tensors = StateDict.of(fitted.network());
      List<double[]> before = tensors.values().stream().map(Memory::doubles).toList();
      // d is 4 E x1^2 and E x2^2; a mean of 4000 squares is off by sqrt(2 / 4000) or 0.022
      assertThat(KanScore.KAN_KO.scores(fitted, problem))
          .containsExactly(new double[] {.8, .2}, within(0.015));
      List<double[]> after = tensors.values().stream().map(Memory::doubles).toList();
      for (int i = 0; i < before.size(); i++) {
        assertThat(after.get(i)).isEqualTo(before.get(i));
      }
    }
    try (Fitted fitted = linear(2, 0)) { // feature 2 is out already
      Problem problem = rows(new double[][] {{1, 1}, {-1, 3}}, 2, -2);
      assertThat(KanScore.knockOuts(fitted, problem)).containsExactly(4, 0);
    }
  }

  @Test
  void contributionsAreTheLayersOutput() {
    var layer = new BSpline.Spec(5, 3, -1, 1, Activation.SILU, true, 0.02);
    BSpline built = layer.build(3, 2, Context.cpu(2).withDType(DType.FLOAT64));
    Tensor x = Tensor.create(new double[] {.1, -.4, .9, .3, .2, -.8}, 2, 3);
    double[] sums = Memory.doubles(built.edges(x).sum(2));
    double[] outputs = Memory.doubles(built.forward(x, Pass.evaluation()));
    assertThat(sums).containsExactly(outputs, within(1e-12));
  }

  @Test
  void countsAndOverlaps() {
    assertThat(counts(30)).containsExactly(6, 12, 18);
    assertThat(counts(13)).containsExactly(3, 6, 8);
    assertThat(counts(9)).containsExactly(2, 4, 6);
    assertThat(counts(64)).containsExactly(13, 26, 39);
    assertThat(Selector.jaccard(new int[] {0, 1, 2, 3}, new int[] {0, 1, 2, 9}))
        .isCloseTo(0.6, within(1e-12));
    assertThat(Selector.ranking(new double[] {.1, .5, .1, .3})).containsExactly(1, 3, 0, 2);
    assertThatThrownBy(() -> Selector.named("kan-l3"))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("did you mean 'kan-l1'");
  }

  private static int[] counts(int features) {
    return IntStream.of(20, 40, 60).map(p -> Selector.retained(p / 100.0, features)).toArray();
  }

  @Test
  void parametersOfThePublishedNetwork() {
    for (int[] shape : new int[][] {{30, 2, 9760}, {13, 3, 2160}}) {
      Problem problem =
          new Problem(
              Task.CLASSIFICATION,
              IntStream.range(0, shape[0]).mapToObj(i -> "f" + i).toList(),
              new double[1][shape[0]],
              new double[1],
              IntStream.range(0, shape[1]).mapToObj(i -> "c" + i).toList());
      KanNetwork network =
          KanSettings.published().network(problem).build(Context.cpu(1).withDevice(Device.META));
      assertThat(StateDict.parameterCount(network)).isEqualTo(shape[2]);
    }
  }

  @Test
  void mutualInformation() {
    // psi(1) = -Euler's constant, psi(n + 1) = psi(n) + 1 / n
    assertThat(MutualInformation.digamma(1)).isCloseTo(-0.5772156649, within(1e-8));
    assertThat(MutualInformation.digamma(10)).isCloseTo(2.2517525891, within(1e-9));
    RandomStream random = RandomStream.of(3);
    int n = 2000;
    double[] x = random.doubles(n, -1, 1).toArray();
    double[] same = Arrays.stream(x).map(v -> v > 0 ? 1 : 0).toArray();
    double[] other = random.doubles(n).map(v -> v > 0.5 ? 1 : 0).toArray();
    assertThat(MutualInformation.withClasses(x, same)).isCloseTo(Math.log(2), within(0.02));
    assertThat(MutualInformation.withClasses(x, other)).isCloseTo(0, within(0.05));
    // Two normal numbers of correlation r have -log(1 - r^2) / 2
    double[] a = new double[n];
    double[] b = new double[n];
    for (int i = 0; i < n; i++) {
      a[i] = random.nextGaussian();
      b[i] = 0.8 * a[i] + 0.6 * random.nextGaussian();
    }
    assertThat(MutualInformation.ofNumbers(a, b)).isCloseTo(-Math.log(1 - .64) / 2, within(0.06));
  }

  /** The formula of sheet 10 (a), a smaller run of it. */
  @Test
  void selectorsFindWhatIsInTheFormula() {
    Problem problem = KnownTruth.table(500, 1);
    Parts parts = Parts.shares(problem, 1, 0.8, 0.2);
    List<Selector> selectors =
        List.of(
            KanScore.KAN_L1,
            KanScore.KAN_KO,
            KanScore.KAN_SI,
            ClassicalScore.LASSO,
            ClassicalScore.MUTUAL_INFORMATION,
            ClassicalScore.SVM_RFE);
    var scores =
        Importance.ofRows(
            problem.rows(parts.of(0)),
            problem.rows(parts.of(1)),
            selectors,
            KanSettings.usual().withEpochs(30),
            1);
    assertThat(scores).hasSize(selectors.size());
    scores.forEach((selector, each) ->
        assertThat(Arrays.stream(each).sum()).as(selector.title()).isCloseTo(1, within(1e-6)));
    // Of 20 columns five at random would find 1.25; the linear ones cannot see x2, x3, x4.
    assertThat(KnownTruth.hits(requireNonNull(scores.get(KanScore.KAN_KO))))
        .isGreaterThanOrEqualTo(4);
    assertThat(KnownTruth.area(requireNonNull(scores.get(KanScore.KAN_SI)))).isGreaterThan(0.9);
    assertThat(KnownTruth.hits(requireNonNull(scores.get(ClassicalScore.LASSO)))).isLessThan(5);
  }

  @Test
  void stabilityOfTheSameScoresIsOne() {
    double[][] x = new double[40][5];
    double[] y = new double[40];
    RandomStream random = RandomStream.of(8);
    for (int i = 0; i < 40; i++) {
      Arrays.setAll(x[i], _ -> random.nextDouble());
      y[i] = 3 * x[i][2] + 2 * x[i][4];
    }
    Problem problem =
        new Problem(Task.REGRESSION, List.of("a", "b", "c", "d", "e"), x, y, List.of());
    List<Selector> selectors = List.of(ClassicalScore.LASSO, ClassicalScore.RANDOM_FOREST);
    Importance importance =
        Importance.of(problem, selectors, KanSettings.usual(), 3, 2, (_, _) -> {});
    assertThat(importance.stability(ClassicalScore.LASSO)).isEqualTo(1);
    for (Selector selector : selectors) {
      assertThat(Selector.ranking(importance.mean(selector))[0]).isEqualTo(2);
    }
  }
}
