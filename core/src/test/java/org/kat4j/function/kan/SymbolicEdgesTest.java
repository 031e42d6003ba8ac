package org.kat4j.function.kan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.kat4j.torch.Context;
import org.kat4j.torch.DType;
import org.kat4j.torch.Memory;
import org.kat4j.torch.RandomStream;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;

class SymbolicEdgesTest {
  private static final double STEP = 1e-6;
  private final Context context = Context.cpu(1).withDType(DType.FLOAT64);
  private Scope scope;

  @BeforeEach
  void open() {
    scope = Scope.open();
  }

  @AfterEach
  void close() {
    scope.close();
  }

  private PykanNetwork network(int... widths) {
    List<PykanNetwork.Nodes> nodes =
        Arrays.stream(widths).mapToObj(n -> new PykanNetwork.Nodes(n, 0)).toList();
    return new PykanNetwork(nodes, PykanSpline.Spec.example(), context);
  }

  private static Tensor inputs(int rows, int columns) {
    return new RandomStream(7)
        .uniform(Memory.doubles(new double[rows * columns], rows, columns), -1, 1);
  }

  @Test
  void aFixedEdgeIsItsFunction() {
    PykanNetwork network = network(1, 1);
    network.fix(0, 0, 0, new SymbolicEdges.Form(SymbolicFunction.SIN, 2, 0.5, -3, 1));
    double[] y = Memory.doubles(network.forward(Memory.doubles(new double[] {0.3, -0.7}, 2, 1)));
    assertThat(y)
        .containsExactly(
            new double[] {-3 * Math.sin(1.1) + 1, -3 * Math.sin(-0.9) + 1}, within(1e-14));
    assertThat(StateDict.of(network)).containsKeys("symbolic_fun.0.mask", "symbolic_fun.0.affine");
    assertThat(Memory.doubles(network.trace(inputs(5, 1)).output()))
        .isEqualTo(Memory.doubles(network.forward(inputs(5, 1))));
  }

  @Test
  void splinesAloneHaveNoSymbolicTensors() {
    assertThat(StateDict.of(network(2, 1)).keySet()).noneMatch(name -> name.contains("symbolic"));
  }

  @Test
  void jacobianAgainstFiniteDifferences() {
    PykanNetwork network = network(2, 3, 1);
    network.fix(0, 1, 2, new SymbolicEdges.Form(SymbolicFunction.EXP, 0.7, 0.1, 0.4, -0.2));
    network.fix(1, 0, 0, new SymbolicEdges.Form(SymbolicFunction.TANH, 1.2, -0.1, 0.9, 0.3));
    Tensor x = inputs(4, 2);
    var jacobian = new NetworkJacobian(network);
    double[] exact = Memory.doubles(jacobian.at(x));
    int columns = exact.length / 4;
    int column = 0;
    try (var _ = Scope.noGradients()) {
      for (Tensor parameter : jacobian.parameters()) {
        double[] values = Memory.doubles(parameter);
        for (int j = 0; j < values.length; j++, column++) {
          double[] above = at(network, x, parameter, values, j, STEP);
          double[] below = at(network, x, parameter, values, j, -STEP);
          for (int row = 0; row < 4; row++) {
            // Rounding 1e-16 / STEP, curvature STEP^2.
            assertThat(exact[row * columns + column])
                .isCloseTo((above[row] - below[row]) / (2 * STEP), within(1e-8));
          }
        }
      }
    }
    assertThat(column).isEqualTo(columns);
  }

  private static double[] at(
      PykanNetwork network, Tensor x, Tensor parameter, double[] values, int j, double step) {
    double[] moved = values.clone();
    moved[j] += step;
    Context.assign(parameter, moved);
    double[] y = Memory.doubles(network.forward(x));
    Context.assign(parameter, values);
    return y;
  }

  @Test
  void aCopyIsTheSameFunctionAndStandsAlone() {
    PykanNetwork network = network(2, 2, 1);
    network.fix(0, 0, 1, new SymbolicEdges.Form(SymbolicFunction.SQUARE, 1, 0, 1, 0));
    Tensor x = inputs(6, 2);
    double[] before = Memory.doubles(network.forward(x));
    PykanNetwork copy = network.copy(context);
    network.fix(0, 1, 1, new SymbolicEdges.Form(SymbolicFunction.COS, 1, 0, 5, 0));
    assertThat(Memory.doubles(copy.forward(x))).isEqualTo(before);
    assertThat(copy.symbolic().getFirst().fixed(1, 1)).isFalse();
  }

  /** Two of three hidden nodes are wired to nothing: they go, and nothing else changes. */
  @Test
  void pruningDropsWhatDoesNotMatter() {
    PykanNetwork network = network(2, 3, 1);
    Tensor x = inputs(50, 2);
    try (var _ = Scope.noGradients()) {
      Tensor mask = network.layers().get(1).mask(); // [in, out]
      Context.assign(mask, 0, 1, 0);
    }
    double[] before = Memory.doubles(network.forward(x));
    PykanNetwork pruned = new NetworkPruning(1e-2, 0).pruned(network, x, context);
    assertThat(pruned.widths().get(1).sums()).isEqualTo(1);
    assertThat(Memory.doubles(pruned.forward(x))).containsExactly(before, within(1e-14));
  }
}
