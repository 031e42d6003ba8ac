package org.kat4j.recurrent;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.kat4j.recurrent.Cell.Sequence;
import org.kat4j.torch.Backpropagation;
import org.kat4j.torch.Context;
import org.kat4j.torch.DType;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Pass;
import org.kat4j.torch.RandomStream;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;

@NullMarked
class RecurrentTest {
  private static final Context CONTEXT = Context.cpu(5).withDType(DType.FLOAT64);

  static List<Recurrent.Spec> specs() {
    List<Cell.Spec> cells = new ArrayList<>();
    for (Bias bias : Bias.values()) {
      for (Nonlinearity nonlinearity : Nonlinearity.values()) {
        cells.add(new Rnn.Spec(nonlinearity, bias));
        cells.add(new Lstm.Spec(nonlinearity, bias));
      }
      cells.add(new Gru.Spec(bias));
    }
    return cells.stream()
        .flatMap(cell ->
            List.of(
                new Recurrent.Spec(cell, 3, 1, false, 0), new Recurrent.Spec(cell, 3, 2, true, 0))
                .stream())
        .toList();
  }

  private static Tensor random(long seed, long... shape) {
    Tensor values = org.bytedeco.pytorch.global.torch.zeros(shape).to(DType.FLOAT64.scalarType());
    return new RandomStream(seed).normal(values, 0, 1);
  }

  private static List<Tensor> states(Recurrent.Spec spec, long batch) {
    long layers = (long) spec.layers() * spec.directions();
    int count = spec.cell() instanceof Lstm.Spec ? 2 : 1;
    List<Tensor> states = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      states.add(random(40 + i, layers, batch, spec.hidden()).set_requires_grad(true));
    }
    return states;
  }

  private static double[] all(Sequence sequence) {
    List<double[]> parts = new ArrayList<>(List.of(Memory.doubles(sequence.outputs())));
    sequence.last().forEach(state -> parts.add(Memory.doubles(state)));
    return parts.stream().flatMapToDouble(Arrays::stream).toArray();
  }

  /** sum(outputs * r) + sum(states * s). */
  private static Tensor scalar(Sequence sequence) {
    Tensor sum = sequence.outputs().mul(random(50, sequence.outputs().shape())).sum();
    for (Tensor state : sequence.last()) {
      sum = sum.add(state.mul(random(51, state.shape())).sum());
    }
    return sum;
  }

  @Test
  void anLstmOfOneByHand() {
    try (Scope _ = Scope.open()) {
      var spec = new Recurrent.Spec(Lstm.Spec.example(), 1, 1, false, 0);
      Recurrent lstm = spec.build(1, CONTEXT);
      var tensors = StateDict.of(lstm);
      assertThat(tensors.keySet())
          .containsExactly("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0");
      Context.assign(requireNonNull(tensors.get("weight_ih_l0")), 1, -1, 2, 0.5);
      Context.assign(requireNonNull(tensors.get("weight_hh_l0")), 0.5, 1, -1, 2);
      Context.assign(requireNonNull(tensors.get("bias_ih_l0")), 0, 1, 0, 0);
      Context.assign(requireNonNull(tensors.get("bias_hh_l0")), 0.25, 0, 0, -0.5);
      double h = 0;
      double c = 0;
      double[] x = {0.5, -1};
      double[] wanted = new double[2];
      for (int t = 0; t < 2; t++) {
        double i = sigmoid(x[t] + 0.5 * h + 0.25);
        double f = sigmoid(-x[t] + h + 1);
        double g = Math.tanh(2 * x[t] - h);
        double o = sigmoid(0.5 * x[t] + 2 * h - 0.5);
        c = f * c + i * g;
        h = o * Math.tanh(c);
        wanted[t] = h;
      }
      Tensor y = lstm.forward(Tensor.create(x, 1, 2, 1), Pass.evaluation());
      assertThat(Memory.doubles(y)).containsExactly(wanted, within(1e-14));
    }
  }

  private static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }

  /** 7 steps of terms below 10, two layers: rounding of 1e-16 each stays below 1e-13. */
  @ParameterizedTest
  @MethodSource("specs")
  void theOperationOfLibtorchIsTheCellStepByStep(Recurrent.Spec spec) {
    try (Scope _ = Scope.open()) {
      Recurrent fused = spec.build(4, CONTEXT);
      Recurrent stepped = spec.build(4, CONTEXT.composed());
      StateDict.copy(StateDict.of(fused), StateDict.of(stepped));
      List<double[]> gradients = new ArrayList<>();
      List<double[]> values = new ArrayList<>();
      for (Recurrent layers : List.of(fused, stepped)) {
        Tensor x = random(1, 2, 7, 4).set_requires_grad(true);
        List<Tensor> state = states(spec, 2);
        Sequence result = layers.forward(x, state, Pass.evaluation());
        assertThat(result.outputs().shape()).containsExactly(2, 7, spec.out());
        Backpropagation.run(scalar(result));
        List<Tensor> leaves = new ArrayList<>(StateDict.of(layers).values());
        leaves.add(x);
        leaves.addAll(state);
        gradients.add(
            leaves.stream()
                .flatMapToDouble(leaf -> Arrays.stream(Memory.doubles(leaf.grad())))
                .toArray());
        values.add(all(result));
      }
      assertThat(values.get(0)).containsExactly(values.get(1), within(1e-13));
      assertThat(gradients.get(0)).containsExactly(gradients.get(1), within(1e-12));
    }
  }

  @ParameterizedTest
  @MethodSource("specs")
  void gradientsAreThoseOfFiniteDifferences(Recurrent.Spec spec) {
    try (Scope _ = Scope.open()) {
      Recurrent layers = spec.build(2, CONTEXT);
      Tensor x = random(2, 2, 3, 2);
      List<Tensor> state = states(spec, 2);
      Backpropagation.run(scalar(layers.forward(x, state, Pass.evaluation())));
      List<Tensor> leaves = new ArrayList<>(StateDict.of(layers).values());
      leaves.addAll(state);
      for (Tensor leaf : leaves) {
        double[] values = Memory.doubles(leaf);
        double[] gradient = Memory.doubles(leaf.grad());
        int place = values.length / 2;
        double[] sides = new double[2];
        for (int side = 0; side < 2; side++) {
          double[] moved = values.clone();
          moved[place] += side == 0 ? 1e-6 : -1e-6;
          Context.assign(leaf, moved);
          sides[side] = Memory.doubles(scalar(layers.forward(x, state, Pass.evaluation())))[0];
        }
        Context.assign(leaf, values);
        // truncation 1e-12 times the third derivative, rounding 1e-15 / 1e-6
        assertThat((sides[0] - sides[1]) / 2e-6).isCloseTo(gradient[place], within(1e-7));
      }
    }
  }

  @Test
  void backwardsReadsFromTheEnd() {
    try (Scope _ = Scope.open()) {
      var spec = new Recurrent.Spec(Gru.Spec.example(), 3, 1, true, 0);
      Recurrent both = spec.build(2, CONTEXT);
      Recurrent one = new Recurrent.Spec(Gru.Spec.example(), 3, 1, false, 0).build(2, CONTEXT);
      StateDict.of(one)
          .forEach((name, tensor) ->
              Backpropagation.set(
                  tensor, requireNonNull(StateDict.of(both).get(name + "_reverse"))));
      Tensor x = random(3, 1, 4, 2);
      Tensor back = both.forward(x, Pass.evaluation()).narrow(2, 3, 3);
      Tensor turned = one.forward(x.flip(1), Pass.evaluation()).flip(1);
      assertThat(Memory.doubles(back)).containsExactly(Memory.doubles(turned), within(1e-15));
    }
  }

  @Test
  void aSequenceInTwoPartsIsTheWhole() {
    try (Scope _ = Scope.open()) {
      var spec = new Recurrent.Spec(Lstm.Spec.example(), 3, 2, false, 0);
      Recurrent layers = spec.build(2, CONTEXT);
      Tensor x = random(4, 2, 6, 2);
      List<Tensor> zeros = Collections.nCopies(2, Tensor.create(new double[12], 2, 2, 3));
      Sequence whole = layers.forward(x, zeros, Pass.evaluation());
      Sequence first = layers.forward(x.narrow(1, 0, 4), zeros, Pass.evaluation());
      Sequence rest = layers.forward(x.narrow(1, 4, 2), first.last(), Pass.evaluation());
      assertThat(Memory.doubles(rest.outputs()))
          .containsExactly(Memory.doubles(whole.outputs().narrow(1, 4, 2)), within(1e-15));
      assertThat(Memory.doubles(layers.forward(x, Pass.evaluation())))
          .containsExactly(Memory.doubles(whole.outputs()), within(1e-15));
    }
  }

  @Test
  void dropoutIsBetweenLayersAndOfThePass() {
    try (Scope _ = Scope.open()) {
      var spec = new Recurrent.Spec(Gru.Spec.example(), 8, 2, true, 0.5);
      Recurrent layers = spec.build(2, CONTEXT);
      Tensor x = random(6, 2, 5, 2);
      double[] sure = Memory.doubles(layers.forward(x, Pass.evaluation()));
      double[] first = Memory.doubles(layers.forward(x, Pass.training(new RandomStream(1))));
      double[] again = Memory.doubles(layers.forward(x, Pass.training(new RandomStream(1))));
      assertThat(again).isEqualTo(first);
      assertThat(first).isNotEqualTo(sure);

      Recurrent single = new Recurrent.Spec(Gru.Spec.example(), 8, 1, true, 0.5).build(2, CONTEXT);
      assertThat(Memory.doubles(single.forward(x, Pass.training(new RandomStream(1)))))
          .isEqualTo(Memory.doubles(single.forward(x, Pass.evaluation())));
    }
  }

  @Test
  void startsUniformOverOneByTheRootOfTheWidth() {
    try (Scope _ = Scope.open()) {
      Recurrent layers = new Recurrent.Spec(Lstm.Spec.example(), 16, 1, false, 0).build(9, CONTEXT);
      for (Tensor tensor : StateDict.of(layers).values()) {
        double largest = Arrays.stream(Memory.doubles(tensor)).map(Math::abs).max().orElseThrow();
        assertThat(largest).isBetween(0.2, 0.25);
      }
      assertThat(StateDict.parameterCount(layers)).isEqualTo(4 * 16 * (9 + 16 + 2));
      assertThat(new Recurrent.Spec(Lstm.Spec.example(), 16, 2, true, 0).macs(9))
          .isEqualTo(2 * 4 * 16 * (9 + 16) + 2 * 4 * 16 * (32 + 16));
    }
  }

  @Test
  void aStateOfAnotherShapeIsRefused() {
    try (Scope _ = Scope.open()) {
      Recurrent layers = new Recurrent.Spec(Gru.Spec.example(), 3, 1, false, 0).build(2, CONTEXT);
      assertThatThrownBy(() ->
              layers.forward(random(1, 2, 4, 2), List.of(random(1, 1, 1, 3)), Pass.evaluation()))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("1 states of [1, 2, 3] are needed");
    }
  }
}
