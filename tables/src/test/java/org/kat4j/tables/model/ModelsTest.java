package org.kat4j.tables.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.kat4j.data.RandomStream;
import org.kat4j.error.DivergedException;
import org.kat4j.function.Activation;
import org.kat4j.function.kan.BSpline;
import org.kat4j.model.KanNetwork;
import org.kat4j.model.Perceptron;
import org.kat4j.model.RowModel;
import org.kat4j.model.kacq.KacqDcnn;
import org.kat4j.tables.Parts;
import org.kat4j.tables.Problem;
import org.kat4j.tables.Task;
import org.kat4j.torch.Precision;

class ModelsTest {
  private static Problem numbers(int rows) {
    RandomStream random = RandomStream.of(rows);
    double[][] x = new double[rows][3];
    double[] y = new double[rows];
    for (int i = 0; i < rows; i++) {
      Arrays.setAll(x[i], _ -> random.nextDouble(-1, 1));
      y[i] = 100 + 30 * x[i][0] - 10 * x[i][1];
    }
    return new Problem(Task.REGRESSION, List.of("a", "b", "c"), x, y, List.of());
  }

  /** Three classes by a ring and a line, which no line alone can tell apart. */
  private static Problem classes(int rows) {
    Problem numbers = numbers(rows);
    double[] y =
        Arrays.stream(numbers.x())
            .mapToDouble(v -> v[0] * v[0] + v[1] * v[1] < 0.5 ? 0 : v[2] > 0 ? 1 : 2)
            .toArray();
    return new Problem(
        Task.CLASSIFICATION, numbers.features(), numbers.x(), y, List.of("in", "up", "down"));
  }

  private static final RowModel.Spec KAN =
      new KanNetwork.Spec(
          3, 1, List.of(7), new BSpline.Spec(5, 3, -1, 1, Activation.SILU, true, 0.02), false);

  @Test
  void networksLearnBothTasksInBothPrecisions() {
    var mlp = new Perceptron.Spec(3, 1, List.of(16), Activation.SILU, false);
    for (Precision precision : List.of(Precision.FLOAT32, Precision.FLOAT64)) {
      Training training =
          Training.adam(1e-2, 64, 60).withPatience(20, 5).withPrecision(precision).withSeed(1);
      for (RowModel.Spec spec : List.of(KAN, mlp)) {
        for (Problem problem : List.of(numbers(400), classes(400))) {
          Parts parts = Parts.shares(problem, 1, 0.6, 0.2, 0.2);
          Problem test = problem.rows(parts.of(2));
          try (Fitted fitted =
              training.fit(spec, problem.rows(parts.of(0)), problem.rows(parts.of(1)))) {
            var scores = Scores.of(test, fitted.predict(test.x()));
            assertThat(scores.getOrDefault("r2", scores.get("accuracy")))
                .as("%s %s %s", spec, precision, scores)
                .isGreaterThan(problem.task() == Task.REGRESSION ? 0.98 : 0.8);
          }
        }
      }
    }
  }

  @Test
  void theSameSeedGivesTheSameNetwork() {
    Problem problem = classes(100);
    Training training = Training.usual().withSeed(5).withEpochs(3);
    double[][] first;
    try (Fitted fitted = training.fit(KAN, problem, null)) {
      first = fitted.predict(problem.x());
    }
    try (Fitted fitted = training.fit(KAN, problem, null)) {
      assertThat(fitted.predict(problem.x())).isDeepEqualTo(first);
    }
    try (Fitted fitted = training.withSeed(6).fit(KAN, problem, null)) {
      assertThat(Arrays.deepEquals(fitted.predict(problem.x()), first)).isFalse();
    }
  }

  /** Targets of 1e30 whose squares are infinite in float32, or a rate that ruins the last step. */
  @Test
  void aLossThatIsNoNumberIsOneKindOfFailure() {
    Problem problem = numbers(40);
    double[] large = Arrays.stream(problem.y()).map(y -> 1e30 * y).toArray();
    Problem overflowing =
        new Problem(Task.REGRESSION, problem.features(), problem.x(), large, List.of());
    Training raw = new Training(Training.adam(1e-3, 64, 3).config(), false);
    Training wild = Training.adam(1e300, 64, 1);
    assertThatThrownBy(() -> raw.fit(KAN, overflowing, null))
        .isInstanceOf(DivergedException.class)
        .hasMessageContaining("training loss is Infinity in epoch 1");
    assertThatThrownBy(() -> raw.fit(KAN, problem, overflowing))
        .isInstanceOf(DivergedException.class)
        .hasMessageContaining("loss of the evaluation is Infinity in epoch 1");
    assertThatThrownBy(() -> wild.fit(KAN, problem, null))
        .isInstanceOf(DivergedException.class)
        .hasMessageContaining("no finite numbers in epoch 1");
  }

  @Test
  void scoresOfPredictionsThatAreNoNumbersEnd() {
    Problem problem = classes(4);
    double[][] predictions = new double[4][3];
    predictions[2][1] = Double.NaN;
    assertThatThrownBy(() -> Scores.of(problem, predictions))
        .isInstanceOf(DivergedException.class)
        .hasMessageContaining("row 3");
    assertThat(Scores.auc(new double[] {1, Double.NaN}, new Boolean[] {true, false})).isNaN();
  }

  @Test
  void theWeightsOfTheBestEpochStay() {
    Problem problem = classes(60);
    Parts parts = Parts.shares(problem, 1, 0.5, 0.5);
    Problem validation = problem.rows(parts.of(1));
    Training training = Training.adam(5e-2, 8, 40).withPrecision(Precision.FLOAT64).withSeed(3);
    try (Fitted fitted = training.fit(KAN, problem.rows(parts.of(0)), validation)) {
      assertThat(fitted.epoch()).isBetween(1, 39);
      try (Fitted shorter =
          training.withEpochs(fitted.epoch()).fit(KAN, problem.rows(parts.of(0)), validation)) {
        assertThat(fitted.loss(validation)).isEqualTo(shorter.loss(validation));
      }
    }
  }

  @Test
  void patienceNeedsValidationRowsToEnd() {
    Training training = Training.adam(1e-3, 64, 6).withPatience(2, 1);
    try (Fitted fitted = training.fit(KAN, numbers(40), null)) {
      assertThat(fitted.epoch()).isEqualTo(6);
    }
  }

  @Test
  void theDualNetworkTrains() {
    Problem three = classes(60);
    double[] two = Arrays.stream(three.y()).map(y -> Math.min(y, 1)).toArray();
    Problem problem =
        new Problem(Task.CLASSIFICATION, three.features(), three.x(), two, List.of("in", "out"));
    var spec = KacqDcnn.Spec.eighth(3);
    double before;
    try (Fitted fitted = Training.usual().withEpochs(1).fit(spec, problem, null)) {
      before = fitted.loss(problem);
    }
    try (Fitted fitted = Training.usual().withEpochs(30).fit(spec, problem, null)) {
      assertThat(fitted.loss(problem)).isLessThan(before);
      assertThat(fitted.predict(problem.x())[0])
          .satisfies(p -> assertThat(p[0] + p[1]).isCloseTo(1, within(1e-12)));
    }
  }

  @Test
  void linearModelsFindLines() {
    Problem problem = numbers(200);
    ElasticNet net = ElasticNet.fit(problem, 0, 1e-9);
    assertThat(net.weights()).containsExactly(new double[] {30, -10, 0}, within(1e-3));
    assertThat(net.bias()).isCloseTo(100, within(1e-3));
    ElasticNet lasso = ElasticNet.fit(problem, 5, 0);
    assertThat(lasso.weights()[2]).isZero();
    assertThat(Math.abs(lasso.weights()[0])).isLessThan(30);
    assertThat(ElasticNet.lassoByCrossValidation(problem, 1).weights())
        .containsExactly(new double[] {30, -10, 0}, within(0.1));
    double[] sides = Arrays.stream(problem.y()).map(y -> y > 100 ? 1 : 0).toArray();
    Problem two =
        new Problem(
            Task.CLASSIFICATION, problem.features(), problem.x(), sides, List.of("below", "above"));
    for (LinearClassifier.Kind kind :
        List.of(LinearClassifier.Kind.LOGISTIC, LinearClassifier.Kind.SUPPORT_VECTORS)) {
      LinearClassifier model = LinearClassifier.fit(kind, 1, two, 1);
      assertThat(Scores.of(two, model.predict(two.x())).get("accuracy")).isGreaterThan(0.95);
      assertThat(model.weights()[0][0]).isPositive();
    }
  }

  @Test
  void forestsAndKernels() {
    Problem classes = classes(400);
    Parts parts = Parts.shares(classes, 1, 0.75, 0.25);
    Problem test = classes.rows(parts.of(1));
    RandomForest forest = RandomForest.fit(classes.rows(parts.of(0)), 30, 1);
    double accuracy = Scores.of(test, forest.predict(test.x())).getOrDefault("accuracy", 0.0);
    assertThat(accuracy).isGreaterThan(0.8);
    assertThat(RandomForest.fit(classes.rows(parts.of(0)), 30, 1).predict(test.x()))
        .isDeepEqualTo(forest.predict(test.x()));
    Problem numbers = numbers(300);
    Problem held =
        numbers.rows(parts.of(1).length > 100 ? new int[] {0, 1, 2, 3} : new int[] {5, 6});
    RandomForest regression = RandomForest.fit(numbers, 30, 1);
    assertThat(Math.abs(regression.predict(held.x())[0][0] - held.y()[0])).isLessThan(10);
    KernelRidge kernel = KernelRidge.fit(numbers, 0.5, 1e-3);
    Problem fresh = numbers(99);
    assertThat(Scores.of(fresh, kernel.predict(fresh.x())).get("r2")).isGreaterThan(0.999);
  }

  /** Worked examples of sheet 00, metrics and statistics. */
  @Test
  void scoresOfTheSheet() {
    var scores = Scores.ofConfusion(new long[][] {{5, 2, 0}, {1, 6, 1}, {0, 2, 3}});
    assertThat(scores.get("accuracy")).isCloseTo(0.70, within(1e-12));
    assertThat(scores.get("f1")).isCloseTo(0.700855, within(1e-6));
    assertThat(scores.get("balanced")).isCloseTo(0.688095, within(1e-6));
    assertThat(scores.get("mcc")).isCloseTo(0.541380, within(1e-6));
    assertThat(
            Scores.auc(
                new double[] {.1, .4, .35, .8, .4}, new Boolean[] {false, false, true, true, true}))
        .isCloseTo(0.75, within(1e-12));
    assertThat(Scores.auc(new double[] {1, 2}, new Boolean[] {true, true})).isNaN();
    Problem four =
        new Problem(
            Task.REGRESSION,
            List.of("a"),
            new double[4][1],
            new double[] {3, -.5, 2, 7},
            List.of());
    var regression = Scores.of(four, new double[][] {{2.5}, {0}, {2}, {8}});
    assertThat(regression.get("r2")).isCloseTo(0.948608, within(1e-6));
    assertThat(regression.get("rmse")).isCloseTo(0.612372, within(1e-6));
  }
}
