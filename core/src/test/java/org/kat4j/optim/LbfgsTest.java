package org.kat4j.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.kat4j.torch.Backpropagation;
import org.kat4j.torch.DType;
import org.kat4j.torch.Scope;

class LbfgsTest {
  /** (x1^2 + 10 x2^2) / 2. */
  private static final Objective BOWL =
      (x, g) -> {
        g[0] = x[0];
        g[1] = 10 * x[1];
        return (x[0] * x[0] + 10 * x[1] * x[1]) / 2;
      };

  /** 100 (y - x^2)^2 + (1 - x)^2, smallest at (1, 1). */
  private static final Objective ROSENBROCK =
      (p, g) -> {
        double valley = p[1] - p[0] * p[0];
        g[0] = -400 * p[0] * valley - 2 * (1 - p[0]);
        g[1] = 200 * valley;
        return 100 * valley * valley + (1 - p[0]) * (1 - p[0]);
      };

  private static Lbfgs.Spec moves(int iterations) {
    return new Lbfgs.Spec(1, iterations, 1000, 1e-14, 1e-16, 10);
  }

  /** The first move is a gradient step of length 1 / |g|_1 = 1/11, which Wolfe's rules accept. */
  @Test
  void firstIterateOfAQuadratic() {
    var search = new Lbfgs(moves(1), BOWL, new double[] {1, 1});
    double loss = search.step();
    assertThat(search.point()).containsExactly(new double[] {10.0 / 11, 1.0 / 11}, within(1e-15));
    assertThat(loss).isCloseTo((100 + 10) / 242.0, within(1e-15));
  }

  /** The second is -H g with H from the dense BFGS formula, whole length. */
  @Test
  void secondIterateOfAQuadratic() {
    var search = new Lbfgs(moves(2), BOWL, new double[] {1, 1});
    search.step();
    double[] x = {10.0 / 11, 1.0 / 11};
    double[] s = {-1.0 / 11, -10.0 / 11};
    double[] y = {-1.0 / 11, -100.0 / 11};
    double[] g = {10.0 / 11, 10.0 / 11};
    double ys = 1001.0 / 121;
    double h0 = 1001.0 / 10001;
    double[][] v = { // I - y s^T / y.s
      {1 - y[0] * s[0] / ys, -y[0] * s[1] / ys}, {-y[1] * s[0] / ys, 1 - y[1] * s[1] / ys}
    };
    for (int i = 0; i < 2; i++) {
      for (int j = 0; j < 2; j++) {
        double h = h0 * (v[0][i] * v[0][j] + v[1][i] * v[1][j]) + s[i] * s[j] / ys;
        x[i] -= h * g[j];
      }
    }
    assertThat(search.point()).containsExactly(x, within(1e-14));
  }

  @Test
  void rosenbrock() {
    var search = new Lbfgs(moves(100), ROSENBROCK, new double[] {-1.2, 1});
    // A change of the loss below 1e-16 ends the search; the flattest curvature there is 0.4.
    assertThat(search.step()).isLessThan(1e-16);
    assertThat(search.point()).containsExactly(new double[] {1, 1}, within(3e-8));
  }

  /** What the search knows of the curvature is kept between steps. */
  @Test
  void shortStepsGoTheSameWayAsOneLongStep() {
    var once = new Lbfgs(moves(12), ROSENBROCK, new double[] {-1.2, 1});
    once.step();
    var often = new Lbfgs(moves(4), ROSENBROCK, new double[] {-1.2, 1});
    for (int i = 0; i < 3; i++) {
      often.step();
    }
    assertThat(often.point()).isEqualTo(once.point());
  }

  /** -log(x) + x beyond x = 0 does not exist: a line search comes back. */
  @Test
  void aStepOutOfTheDomainIsTakenBack() {
    Objective barrier =
        (x, g) -> {
          g[0] = 1 - 1 / x[0];
          return x[0] - Math.log(x[0]);
        };
    var search = new Lbfgs(moves(50), barrier, new double[] {30});
    search.step();
    assertThat(search.point()[0]).isCloseTo(1, within(1e-7));
  }

  @Test
  void tensorsAreAFlatVector() {
    try (Scope _ = Scope.open()) {
      Tensor a = Backpropagation.leaf(Tensor.create(1.0), DType.FLOAT64);
      Tensor b = Backpropagation.leaf(Tensor.create(1.0), DType.FLOAT64);
      Objective bowl =
          Objective.of(
              List.of(a, b),
              () -> a.square().add(b.square().mul(Tensor.create(10.0))).div(Tensor.create(2.0)));
      double[] gradient = new double[2];
      assertThat(bowl.at(new double[] {3, 2}, gradient)).isEqualTo(24.5);
      assertThat(gradient).containsExactly(3, 20);
      assertThat(FlatTensors.read(List.of(a, b))).containsExactly(3, 2);
    }
  }
}
