package org.kat4j.function.kan;

import static org.assertj.core.api.Assertions.assertThat;

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
import org.kat4j.kernel.BSplineKernel;
import org.kat4j.torch.Backpropagation;
import org.kat4j.torch.Context;
import org.kat4j.torch.DType;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Pass;
import org.kat4j.torch.RandomStream;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;

/** The kernel of B-splines against the recursion on tensors. */
class FusedSplineTest {
  private final Scope scope = Scope.open();

  @AfterEach
  void close() {
    scope.close();
  }

  private static Tensor normal(long seed, DType dtype, long... shape) {
    Tensor numbers = torch.zeros(shape, new TensorOptions(ScalarType.Double));
    return Memory.to(new RandomStream(seed).normal(numbers, 0, 1), dtype);
  }

  private static double largest(Tensor x) {
    return x.abs().max().item_double();
  }

  /** Equal distances for one input, others for the second, the third with equal knots. */
  private static Tensor grids(int gridSize, int order, DType dtype) {
    double[] even = BSplines.knots(-1, 1, gridSize, order);
    double[] uneven = even.clone();
    double[] repeated = even.clone();
    for (int j = 0; j < even.length; j++) {
      uneven[j] = even[j] + 0.1 * even[j] * even[j] * even[j];
      repeated[j] = even[j < even.length / 2 ? j : Math.max(j - 1, 0)];
    }
    Tensor rows =
        torch.stack(
            new TensorVector(Tensor.create(even), Tensor.create(uneven), Tensor.create(repeated)),
            0);
    return Memory.to(rows, dtype);
  }

  @ParameterizedTest
  @CsvSource({
    "5, 3, FLOAT64",
    "5, 3, FLOAT32",
    "1, 1, FLOAT64",
    "7, 1, FLOAT64",
    "4, 2, FLOAT64",
    "3, 5, FLOAT64",
    "40, 4, FLOAT32"
  })
  void valuesAndGradientsAreThoseOfTheRecursion(int gridSize, int order, DType dtype) {
    Tensor grid = grids(gridSize, order, dtype);
    // Also outside of all knots.
    Tensor x = Backpropagation.leaf(normal(1, dtype, 50, 4, 3).mul(new Scalar(1.5)), dtype);
    Tensor composed = BSplines.basis(x, grid, order);
    Tensor fused = BSplineKernel.forward(x.detach(), grid, order);
    // A dozen operations on numbers up to 1, on differences of neighbouring knots.
    double tolerance = dtype == DType.FLOAT64 ? 1e-13 : 2e-5;
    assertThat(fused.shape()).isEqualTo(composed.shape());
    assertThat(largest(fused.sub(composed))).isLessThan(tolerance);
    Tensor upstream = normal(2, dtype, composed.shape());
    Backpropagation.run(composed, upstream);
    Tensor gradient = BSplineKernel.backward(upstream, x.detach(), grid, order);
    assertThat(largest(gradient.sub(x.grad())))
        .isLessThan(tolerance * 10 * Math.max(1, largest(x.grad())));
  }

  @Test
  void whatIsNotANumberStaysVisible() {
    Tensor x = Tensor.create(new double[] {Double.NaN, 0.1, Double.POSITIVE_INFINITY}).view(1, 3);
    Tensor grid = grids(5, 3, DType.FLOAT64);
    Tensor basis = BSplineKernel.forward(x, grid, 3);
    assertThat(basis.sum(-1).isnan().sum().item_long()).isEqualTo(1);
  }

  @ParameterizedTest
  @CsvSource({"true, FLOAT64", "false, FLOAT64", "true, FLOAT32"})
  void theLayerIsItsComposedTwin(boolean scaler, DType dtype) {
    var spec = new BSpline.Spec(5, 3, -1, 1, Activation.SILU, scaler, 0.02);
    Context context = Context.cpu(3).withDType(dtype);
    BSpline fused = spec.build(6, 7, context);
    BSpline composed = spec.build(6, 7, Context.cpu(3).withDType(dtype).composed());
    Tensor samples = normal(5, dtype, 100, 6);
    fused.updateGrid(samples, 0.01);
    StateDict.of(fused)
        .forEach((name, tensor) ->
            Backpropagation.set(
                Objects.requireNonNull(StateDict.of(composed).get(name)), tensor.detach()));
    Tensor x = Backpropagation.leaf(normal(6, dtype, 4, 25, 6), dtype);
    Tensor other = Backpropagation.leaf(x, dtype);
    Tensor upstream = normal(7, dtype, 4, 25, 7);
    Tensor y = fused.forward(x, Pass.evaluation());
    Tensor expected = composed.forward(other, Pass.evaluation());
    Backpropagation.run(y, upstream);
    Backpropagation.run(expected, upstream);
    double tolerance = dtype == DType.FLOAT64 ? 1e-12 : 1e-4;
    assertThat(largest(y.sub(expected))).isLessThan(tolerance * largest(expected));
    assertThat(largest(x.grad().sub(other.grad()))).isLessThan(tolerance * largest(other.grad()));
    Map<String, Tensor> twins = StateDict.trained(composed);
    StateDict.trained(fused)
        .forEach((name, tensor) -> {
          Tensor gradient = Objects.requireNonNull(twins.get(name)).grad();
          assertThat(largest(tensor.grad().sub(gradient)))
              .as(name)
              .isLessThan(tolerance * largest(gradient));
        });
  }

  @Test
  void pykansLayerIsItsComposedTwin() {
    PykanSpline.Spec spec = PykanSpline.Spec.example();
    PykanSpline fused = spec.build(4, 5, Context.cpu(3).withDType(DType.FLOAT64));
    PykanSpline composed = spec.build(4, 5, Context.cpu(3).withDType(DType.FLOAT64).composed());
    for (PykanSpline layer : new PykanSpline[] {fused, composed}) {
      layer.mask().select(0, 1).select(0, 2).fill_(new Scalar(0));
    }
    Tensor x = Backpropagation.leaf(normal(6, DType.FLOAT64, 30, 4), DType.FLOAT64);
    Tensor other = Backpropagation.leaf(x, DType.FLOAT64);
    Tensor upstream = normal(7, DType.FLOAT64, 30, 5);
    Backpropagation.run(fused.forward(x, Pass.evaluation()), upstream);
    Backpropagation.run(composed.forward(other, Pass.evaluation()), upstream);
    assertThat(largest(x.grad().sub(other.grad()))).isLessThan(1e-12 * largest(other.grad()));
    Map<String, Tensor> twins = StateDict.trained(composed);
    StateDict.trained(fused)
        .forEach((name, tensor) -> {
          Tensor gradient = Objects.requireNonNull(twins.get(name)).grad();
          assertThat(largest(tensor.grad().sub(gradient)))
              .as(name)
              .isLessThan(1e-12 * largest(gradient));
        });
  }

  /** Without a gradient for the input there still is one for the weights. */
  @Test
  void theFirstLayerTrains() {
    BSpline layer = BSpline.Spec.example().build(3, 2, Context.cpu(1));
    Tensor y = layer.forward(normal(8, DType.FLOAT32, 9, 3), Pass.evaluation());
    y.sum().backward();
    Tensor weight = Objects.requireNonNull(StateDict.of(layer).get("spline_weight"));
    assertThat(weight.grad().defined()).isTrue();
    assertThat(largest(weight.grad())).isPositive();
  }

  @Test
  void memoryStaysFlat() {
    Tensor x = Backpropagation.leaf(normal(9, DType.FLOAT32, 512, 64), DType.FLOAT32);
    SteadyMemory.check(BSpline.Spec.example().build(64, 16, Context.cpu(1)), x);
  }
}
