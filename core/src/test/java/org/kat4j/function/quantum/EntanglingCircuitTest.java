package org.kat4j.function.quantum;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.kat4j.torch.Backpropagation;
import org.kat4j.torch.Context;
import org.kat4j.torch.DType;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;

/** The worked examples of sheet 14, and gradients against the parameter-shift rule. */
class EntanglingCircuitTest {
  private static final double[] COUNT = IntStream.rangeClosed(1, 16).asDoubleStream().toArray();

  private final Scope scope = Scope.open();

  @AfterEach
  void close() {
    scope.close();
  }

  private static EntanglingCircuit circuit(int layers, double... weights) {
    var circuit = new EntanglingCircuit(4, layers, Context.cpu(1).withDType(DType.FLOAT64));
    if (weights.length > 0) {
      Context.assign(weights(circuit), weights);
    }
    return circuit;
  }

  private static Tensor weights(EntanglingCircuit circuit) {
    return StateDict.of(circuit).firstEntry().getValue();
  }

  private static double[] run(EntanglingCircuit circuit, double... amplitudes) {
    return Memory.doubles(circuit.forward(Tensor.create(amplitudes, amplitudes.length / 16, 16)));
  }

  private static double[] examples() {
    double[] weights = new double[12];
    for (int i = 0; i < 12; i++) {
      weights[i] = (i / 3 + 1) * (i % 3 + 1) * 0.1;
    }
    return weights;
  }

  private static double[] basisState(int index) {
    double[] state = new double[16];
    state[index] = 1;
    return state;
  }

  @Test
  void expectationsOfTheSheet() {
    EntanglingCircuit still = circuit(1, new double[12]);
    assertThat(run(still, COUNT))
        .containsExactly(new double[] {0, 0.171122995, 0, 0}, within(1e-9));
    assertThat(run(still, basisState(0))).containsExactly(new double[] {1, 1, 1, 1}, within(1e-12));
    assertThat(run(still, basisState(8)))
        .containsExactly(new double[] {1, -1, -1, -1}, within(1e-12));
    EntanglingCircuit turned = circuit(1, examples());
    double[] wanted = {-0.323049, 0.536147, -0.332721, 0.230350};
    for (double factor : new double[] {1, 7, -1}) {
      double[] scaled = Arrays.stream(COUNT).map(v -> v * factor).toArray();
      assertThat(run(turned, scaled)).containsExactly(wanted, within(1e-6));
    }
    assertThat(run(turned, basisState(0)))
        .containsExactly(new double[] {0.529626, 0.902701, 0.745031, 0.519068}, within(1e-6));
  }

  @Test
  void probabilitiesSumToOneAndZerosGiveZeros() {
    EntanglingCircuit circuit = circuit(3);
    double sum =
        Arrays.stream(Memory.doubles(circuit.probabilities(Tensor.create(COUNT, 1, 16)))).sum();
    assertThat(sum).isCloseTo(1, within(1e-12));
    assertThat(run(circuit, new double[16])).containsExactly(new double[4], within(1e-12));
  }

  /** Two layers, so that the first layer's omega matters; the last layer's never does. */
  @Test
  void gradientsAreThoseOfTheShiftRule() {
    EntanglingCircuit circuit = circuit(2);
    Tensor weights = weights(circuit);
    double[] upstream = {0.3, -1, 0.7, 2};
    Tensor out = circuit.forward(Tensor.create(COUNT, 1, 16));
    Backpropagation.run(out, Tensor.create(upstream, 1, 4));
    double[] gradient = Memory.doubles(weights.grad());
    double[] start = Memory.doubles(weights);
    for (int i = 0; i < start.length; i++) {
      double shifted = 0;
      for (int sign : new int[] {1, -1}) {
        double[] moved = start.clone();
        moved[i] += sign * Math.PI / 2;
        double[] z = run(circuit(2, moved), COUNT);
        for (int wire = 0; wire < 4; wire++) {
          shifted += sign * upstream[wire] * z[wire] / 2;
        }
      }
      assertThat(gradient[i]).as("weight %d", i).isCloseTo(shifted, within(1e-12));
      if (i >= 12 && i % 3 == 2) {
        assertThat(gradient[i]).as("omega of the last layer").isCloseTo(0, within(1e-15));
      }
    }
  }

  @Test
  void gradientsOfTheInputAreThoseOfFiniteDifferences() {
    EntanglingCircuit circuit = circuit(2);
    Tensor x = Backpropagation.leaf(Tensor.create(COUNT, 1, 16), DType.FLOAT64);
    Backpropagation.run(circuit.forward(x).select(1, 1).sum());
    double[] gradient = Memory.doubles(x.grad());
    double along = 0;
    for (int i = 0; i < 16; i++) {
      double[] up = COUNT.clone();
      double[] down = COUNT.clone();
      up[i] += 1e-5;
      down[i] -= 1e-5;
      double slope = (run(circuit, up)[1] - run(circuit, down)[1]) / 2e-5;
      assertThat(gradient[i])
          .isCloseTo(slope, within(1e-9)); // error of the slope: h^2 and 1e-16 / h
      along += gradient[i] * COUNT[i];
    }
    assertThat(along).as("along the input").isCloseTo(0, within(1e-12));
  }

  @Test
  void rowsOfABatchDoNotMix() {
    EntanglingCircuit circuit = circuit(2);
    double[] both = Arrays.copyOf(basisState(3), 32);
    System.arraycopy(COUNT, 0, both, 16, 16);
    assertThat(Arrays.copyOfRange(run(circuit, both), 4, 8))
        .containsExactly(run(circuit, COUNT), within(1e-14));
  }
}
