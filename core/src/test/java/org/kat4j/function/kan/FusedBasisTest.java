package org.kat4j.function.kan;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.Objects;
import java.util.function.UnaryOperator;
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
import org.junit.jupiter.params.provider.EnumSource;
import org.kat4j.function.Activation;
import org.kat4j.function.LayerNorm;
import org.kat4j.kernel.BasisKernel;
import org.kat4j.kernel.Bump;
import org.kat4j.torch.Backpropagation;
import org.kat4j.torch.Context;
import org.kat4j.torch.DType;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Part;
import org.kat4j.torch.Pass;
import org.kat4j.torch.RandomStream;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;

/**
 * Layers over kernels as a GPU has them, from libtorch's operations: with the base branch among the
 * functions, and with values in another dtype than x.
 */
class FusedBasisTest {
  private final Scope scope = Scope.open();

  @AfterEach
  void close() {
    scope.close();
  }

  /** Functions and, where it is wanted, silu. */
  private record Composed(
      UnaryOperator<Tensor> functions, UnaryOperator<Tensor> slopes, boolean silu, DType values)
      implements BasisKernel {
    @Override
    public Tensor forward(Tensor x) {
      return Memory.to(withSilu(functions.apply(x), torch.silu(x)), values).contiguous();
    }

    @Override
    public Tensor backward(Tensor upstream, Tensor x) {
      Tensor s = torch.sigmoid(x);
      Tensor siluSlope = s.add(x.mul(s).mul(s.neg().add(new Scalar(1)))); // s + x s (1 - s)
      Tensor all = withSilu(slopes.apply(x), siluSlope);
      return upstream.view(all.sizes()).mul(all).sum(-1);
    }

    private Tensor withSilu(Tensor each, Tensor last) {
      return silu ? torch.cat(new TensorVector(each, last.unsqueeze(-1)), -1) : each;
    }
  }

  private static BasisKernel splines(Tensor grid, DType values) {
    return new Composed(
        x -> BSplines.basis(x, grid, 3), x -> BSplines.slopes(x, grid, 3), true, values);
  }

  private static BasisKernel bumps(Tensor centres, double width, Bump bump) {
    UnaryOperator<Tensor> values = x -> RadialBasis.bumps(x, centres, width, bump);
    UnaryOperator<Tensor> inner =
        x -> {
          Tensor z = x.unsqueeze(-1).sub(centres).div(new Scalar(width));
          return bump == Bump.GAUSSIAN ? z : z.tanh();
        };
    return new Composed(
        values,
        x -> values.apply(x).mul(inner.apply(x)).mul(new Scalar(-2 / width)),
        false,
        DType.FLOAT64);
  }

  private static Tensor saved(Part layer, String name) {
    return Objects.requireNonNull(StateDict.of(layer).get(name));
  }

  private static Tensor normal(long seed, DType dtype, long... shape) {
    Tensor numbers = torch.zeros(shape, new TensorOptions(ScalarType.Double));
    return Memory.to(new RandomStream(seed).normal(numbers, 0, 1), dtype);
  }

  private static double largest(Tensor x) {
    return x.abs().max().item_double();
  }

  private static void assertSame(
      Tensor y, Tensor expected, Tensor x, Tensor other, Part part, Part twin, double tolerance) {
    Tensor upstream = normal(7, DType.of(expected), expected.shape());
    Backpropagation.run(y, upstream);
    Backpropagation.run(expected, upstream);
    assertThat(largest(y.sub(expected))).isLessThan(tolerance * largest(expected));
    assertThat(DType.of(x.grad())).isEqualTo(DType.of(x));
    assertThat(largest(x.grad().sub(other.grad()))).isLessThan(tolerance * largest(other.grad()));
    Map<String, Tensor> twins = StateDict.trained(twin);
    StateDict.trained(part)
        .forEach((name, tensor) -> {
          Tensor gradient = Objects.requireNonNull(twins.get(name)).grad();
          if (!name.startsWith("layernorm")) { // the test has one of its own
            assertThat(DType.of(tensor.grad())).as(name).isEqualTo(DType.of(tensor));
            assertThat(tensor.grad().shape()).as(name).isEqualTo(tensor.shape());
            assertThat(largest(tensor.grad().sub(gradient)))
                .as(name)
                .isLessThan(tolerance * largest(gradient));
          }
        });
  }

  @ParameterizedTest
  @CsvSource({"true", "false"})
  void theBaseBranchMayBeAmongTheSplines(boolean scaler) {
    var spec = new BSpline.Spec(5, 3, -1, 1, Activation.SILU, scaler, 0.02);
    Context context = Context.cpu(3).withDType(DType.FLOAT64);
    BSpline layer = spec.build(6, 7, context);
    BSpline twin = spec.build(6, 7, Context.cpu(3).withDType(DType.FLOAT64).composed());
    Tensor x = Backpropagation.leaf(normal(6, DType.FLOAT64, 4, 5, 6), DType.FLOAT64);
    Tensor other = Backpropagation.leaf(x, DType.FLOAT64);
    var kernel = splines(saved(layer, "grid"), DType.FLOAT64);
    Tensor y = layer.fused(kernel).forward(x);
    Tensor expected = twin.forward(other, Pass.evaluation());
    assertSame(y, expected, x, other, layer, twin, 1e-12);
  }

  @Test
  void theBaseBranchMayBeAmongPykansSplines() {
    PykanSpline.Spec spec = PykanSpline.Spec.example();
    PykanSpline layer = spec.build(4, 5, Context.cpu(3).withDType(DType.FLOAT64));
    PykanSpline twin = spec.build(4, 5, Context.cpu(3).withDType(DType.FLOAT64).composed());
    for (PykanSpline each : new PykanSpline[] {layer, twin}) {
      each.mask().select(0, 1).select(0, 2).fill_(new Scalar(0));
    }
    Tensor x = Backpropagation.leaf(normal(6, DType.FLOAT64, 30, 4), DType.FLOAT64);
    Tensor other = Backpropagation.leaf(x, DType.FLOAT64);
    var kernel = splines(saved(layer, "grid"), DType.FLOAT64);
    Tensor y = layer.fused(kernel).forward(x);
    Tensor expected = twin.forward(other, Pass.evaluation());
    assertSame(y, expected, x, other, layer, twin, 1e-12);
  }

  @ParameterizedTest
  @EnumSource(Bump.class)
  void bumpsToo(Bump bump) {
    Context context = Context.cpu(3).withDType(DType.FLOAT64);
    var spec =
        new RadialBasis.Spec(
            8, -2, 2, bump, 0.5, false, Activation.SILU, RadialBasis.Naming.LAYERNORM, true);
    RadialBasis layer = spec.build(6, 7, context);
    RadialBasis twin = spec.build(6, 7, Context.cpu(3).withDType(DType.FLOAT64).composed());
    Tensor x = Backpropagation.leaf(normal(6, DType.FLOAT64, 20, 6), DType.FLOAT64);
    Tensor other = Backpropagation.leaf(x, DType.FLOAT64);
    var kernel = bumps(saved(layer, "rbf.grid"), 0.5, bump);
    Tensor y = layer.fused(kernel).forward(new LayerNorm(6, 1e-5, context).forward(x));
    Tensor expected = twin.forward(other, Pass.evaluation());
    assertSame(y, expected, x, other, layer, twin, 1e-12);
  }

  /** As under autocast: bfloat16 between float32 on both sides. */
  @Test
  void valuesMayHaveLessPrecisionThanTheInput() {
    var spec = new BSpline.Spec(5, 3, -1, 1, Activation.SILU, true, 0.02);
    BSpline layer = spec.build(6, 7, Context.cpu(3));
    BSpline twin = spec.build(6, 7, Context.cpu(3).composed());
    Tensor x = Backpropagation.leaf(normal(6, DType.FLOAT32, 4, 5, 6), DType.FLOAT32);
    Tensor other = Backpropagation.leaf(x, DType.FLOAT32);
    var kernel = splines(saved(layer, "grid"), DType.BFLOAT16);
    Tensor y = layer.fused(kernel).forward(x);
    assertThat(DType.of(y)).isEqualTo(DType.BFLOAT16);
    Tensor expected = twin.forward(other, Pass.evaluation());
    // Factors of 8 bits, and results of 8 bits: a few times 2^-9 of the largest one.
    assertSame(y, expected, x, other, layer, twin, 0x1p-6);
  }
}
