package org.kat4j.explain.fit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.kat4j.error.UserException;
import org.kat4j.explain.symbolic.Samples;

class ShapeSearchTest {
  private static final FitData.Range UNIT = new FitData.Range(-1, 1);
  private static final List<List<Integer>> SHAPES = List.of(List.of(), List.of(2), List.of(2, 1));
  private static final FitSettings QUICK =
      FitSettings.example().withGrids(List.of(3, 5)).withoutPruning().withSymbolic(false);

  /** x y, of which a network without hidden nodes can learn nothing. */
  private static FitData product() {
    return FitData.ofFunction(
        List.of("x", "y"), "f", List.of(UNIT, UNIT), row -> row[0] * row[1], 60, 60, 0);
  }

  private static ShapeSearch.Result search(FitData data) {
    return ShapeSearch.run(data, QUICK, SHAPES, ShapeSearch.Monitor.SILENT);
  }

  private static List<Double> validationErrors(ShapeSearch.Result found) {
    return found.tried().stream().map(ShapeSearch.Candidate::validationError).toList();
  }

  /** Fails if shape, grid or training looked at the test rows. */
  @Test
  void testRowsDecideNothing() {
    FitData data = product();
    // On these test rows the network without hidden nodes is nearly perfect, all others are far
    // off.
    NetworkFit sums =
        FunctionFit.network(data, QUICK.withHidden(List.of()), FitMonitor.SILENT); // of x and of y
    double[] targets = new double[data.test().rows()];
    Arrays.fill(targets, data.mean());
    FitData misleading = withTest(data, new Samples(data.test().inputs(), targets));
    NetworkFit misled =
        FunctionFit.network(misleading, QUICK.withHidden(List.of()), FitMonitor.SILENT);
    assertThat(sums.best().testError()).isGreaterThan(0.1);

    ShapeSearch.Result honest = search(data);
    ShapeSearch.Result tempted = search(misleading);
    assertThat(misled.best().testError())
        .as("the temptation: by test error another shape would be best")
        .isLessThan(tempted.chosen().fit().best().testError());
    assertThat(tempted.chosen().hidden()).isEqualTo(honest.chosen().hidden()).isNotEmpty();
    assertThat(validationErrors(tempted)).isEqualTo(validationErrors(honest));
  }

  /** The counterpart: the rows to choose by do decide. */
  @Test
  void validationRowsDecide() {
    FitData data = product();
    double[] mean = new double[data.validation().rows()];
    Arrays.fill(mean, data.mean());
    FitData other =
        new FitData(
            data.features(),
            data.target(),
            data.ranges(),
            data.train(),
            new Samples(data.validation().inputs(), mean),
            data.test());
    assertThat(search(other).chosen().hidden()).isEmpty();
  }

  @Test
  void leastValidationErrorIsChosen() {
    NetworkFit fit =
        FunctionFit.network(product(), QUICK.withHidden(List.of(1)), FitMonitor.SILENT);
    List<ShapeSearch.Candidate> tried =
        List.of(
            candidate(fit, 1, 0.2, 0.1),
            candidate(fit, 2, Double.NaN, 0),
            candidate(fit, 3, 0.1, 0.9),
            candidate(fit, 4, 0.3, 0.01));
    assertThat(ShapeSearch.choose(tried).hidden()).containsExactly(3);
    assertThatThrownBy(() -> ShapeSearch.choose(List.of())).isInstanceOf(UserException.class);
  }

  private static ShapeSearch.Candidate candidate(
      NetworkFit fit, int width, double validationError, double testError) {
    var stage = new NetworkFit.Stage("grid 3", 10, 0.1, validationError, testError, 1);
    return new ShapeSearch.Candidate(
        List.of(width),
        new NetworkFit(fit.data(), fit.network(), List.of(stage), stage, fit.edges()));
  }

  /** 60 rows: [2] has 6 edges, 42 numbers on a grid of 3 and 66 on a grid of 7. */
  @Test
  void noGridHasMoreNumbersThanRows() {
    FitSettings settings = QUICK.withGrids(List.of(3, 7));
    var large = List.of(List.of(2), List.of(9, 9));
    ShapeSearch.Result found =
        ShapeSearch.run(product(), settings, large, ShapeSearch.Monitor.SILENT);
    assertThat(found.tried()).hasSize(1);
    assertThat(found.chosen().hidden()).containsExactly(2);
    assertThat(found.chosen().fit().stages()).hasSize(1);
  }

  @Test
  void smallestIsTriedIfAllAreTooLarge() {
    var large = List.of(List.of(20, 20), List.of(9, 9));
    FitSettings settings = QUICK.withOptimizer(FitSettings.Optimizer.GAUSS_NEWTON, 1);
    ShapeSearch.Result found =
        ShapeSearch.run(product(), settings, large, ShapeSearch.Monitor.SILENT);
    assertThat(found.chosen().hidden()).containsExactly(9, 9);
  }

  @Test
  void interruptKeepsWhatIsFinished() {
    List<List<Integer>> done = new ArrayList<>();
    ShapeSearch.Monitor monitor =
        new ShapeSearch.Monitor() {
          @Override
          public FitMonitor shape(List<Integer> hidden, double share) {
            assertThat(share).isBetween(0.0, 1.0);
            return FitMonitor.SILENT;
          }

          @Override
          public void done(ShapeSearch.Candidate candidate) {
            done.add(candidate.hidden());
            if (done.size() == 2) {
              Thread.currentThread().interrupt();
            }
          }
        };
    ShapeSearch.Result found = ShapeSearch.run(product(), QUICK, SHAPES, monitor);
    assertThat(Thread.interrupted()).isTrue();
    assertThat(found.tried()).hasSize(2);
    assertThat(done).containsExactly(List.of(), List.of(2));
    assertThat(found.chosen().hidden()).containsExactly(2);
  }

  private static FitData withTest(FitData data, Samples test) {
    return new FitData(
        data.features(), data.target(), data.ranges(), data.train(), data.validation(), test);
  }
}
