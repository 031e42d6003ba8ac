package org.kat4j.convolution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.kat4j.function.Activation;
import org.kat4j.function.kan.BSpline;
import org.kat4j.function.kan.BasisLayer;
import org.kat4j.function.kan.Chebyshev;
import org.kat4j.function.kan.Fourier;
import org.kat4j.function.kan.KanLayer;
import org.kat4j.function.kan.RadialBasis;
import org.kat4j.function.kan.ReluBumps;
import org.kat4j.function.kan.Selector;
import org.kat4j.function.kan.SharedRational;
import org.kat4j.torch.Backpropagation;
import org.kat4j.torch.Context;
import org.kat4j.torch.DType;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Pass;
import org.kat4j.torch.RandomStream;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;

/** Convolutions against the layer on each pixel, on unfolded windows, and against plain loops. */
class ConvolutionTest {
  private static final int IN = 2;
  private static final int OUT = 3;
  private static final Window STRIDING = new Window(3, 2, 1);

  private final Scope scope = Scope.open();

  @AfterEach
  void close() {
    scope.close();
  }

  /** One of each kind; groups have to divide the channels. */
  static Stream<BasisLayer.Spec> functions() {
    Stream<BasisLayer.Spec> examples =
        Arrays.stream(BasisLayer.Spec.class.getPermittedSubclasses())
            .filter(type -> type != SharedRational.Spec.class)
            .map(ConvolutionTest::example);
    return Stream.concat(
        examples,
        Stream.of(new SharedRational.Spec(4, 3, 2, true), RadialBasis.Spec.withoutNorm()));
  }

  private static BasisLayer.Spec example(Class<?> type) {
    try {
      return (BasisLayer.Spec) type.getMethod("example").invoke(null);
    } catch (ReflectiveOperationException missing) {
      throw new AssertionError(type + " needs a public static example()", missing);
    }
  }

  static Stream<Convolution.Spec> convolutions() {
    return Stream.concat(
        functions().map(function -> new KanConvolution.Spec(STRIDING, function)),
        Stream.of(
            new PlainConvolution.Spec(STRIDING, true),
            new PlainConvolution.Spec(STRIDING, false),
            SelectedConvolution.Spec.example()));
  }

  private static Context float64() {
    return Context.cpu(1).withDType(DType.FLOAT64);
  }

  private static Tensor normal(long seed, long... shape) {
    Tensor numbers = torch.zeros(shape, new TensorOptions(ScalarType.Double));
    return new RandomStream(seed).normal(numbers, 0, 1);
  }

  private static Tensor forward(Convolution convolution, Tensor x) {
    return convolution.forward(x, Pass.evaluation());
  }

  private static double largest(Tensor x) {
    return x.abs().max().item_double();
  }

  /** Both sum the same few dozen products of numbers around 1, in another order. */
  private static void assertNear(Tensor actual, Tensor expected) {
    assertThat(actual.shape()).isEqualTo(expected.shape());
    assertThat(largest(actual.sub(expected))).isLessThan(1e-13 * Math.max(1, largest(expected)));
  }

  @ParameterizedTest
  @MethodSource("functions")
  void aWindowOfOnePixelIsTheLayerOnEachPixel(BasisLayer.Spec function) {
    Tensor x = normal(2, 2, IN, 4, 5);
    var spec = new KanConvolution.Spec(new Window(1, 1, 0), function);
    Tensor images = forward(spec.build(IN, OUT, float64()), x);
    KanLayer layer = ((KanLayer.Spec) function).build(IN, OUT, float64());
    Tensor pixels = layer.forward(x.permute(0, 2, 3, 1), Pass.evaluation());
    assertNear(images, pixels.permute(0, 3, 1, 2));
  }

  /** The source's form: the layer of all pixels of a window on unfolded windows. */
  @ParameterizedTest
  @MethodSource("withoutNormsAndGroups")
  void isTheLayerOnUnfoldedWindows(BasisLayer.Spec function) {
    Tensor x = normal(2, 2, IN, 6, 5);
    Tensor images =
        forward(new KanConvolution.Spec(STRIDING, function).build(IN, OUT, float64()), x);
    KanLayer layer = ((KanLayer.Spec) function).build(IN * 9, OUT, float64());
    long[] both = {1, 1};
    Tensor windows = torch.im2col(x, new long[] {3, 3}, both, both, 2, 2).transpose(1, 2);
    Tensor rows = layer.forward(windows, Pass.evaluation()); // [batch, windows, out]
    assertNear(images, rows.transpose(1, 2).view(2, OUT, 3, 3));
  }

  static Stream<BasisLayer.Spec> withoutNormsAndGroups() {
    return Stream.of(
        BSpline.Spec.example(),
        RadialBasis.Spec.withoutNorm(),
        Chebyshev.Spec.example(),
        Fourier.Spec.example(),
        ReluBumps.Spec.example());
  }

  /** B-splines by the recursion as it is written, silu, and loops over everything. */
  @Test
  void splinesAreThoseOfPlainLoops() {
    int height = 5;
    int width = 6;
    var function = new BSpline.Spec(4, 2, -1.5, 1.5, Activation.SILU, true, 0.02);
    KanConvolution convolution =
        new KanConvolution.Spec(STRIDING, function).build(IN, OUT, float64());
    Map<String, Tensor> state = StateDict.of(convolution);
    double[] base = numbers(state, "base_weight"); // [out, in * 9]
    double[] scaler = numbers(state, "spline_scaler");
    double[] spline = numbers(state, "spline_weight"); // [out, in * 9, 6]
    Tensor images = normal(3, 1, IN, height, width);
    double[] x = Memory.doubles(images);
    double[] expected = new double[OUT * 3 * 3];
    for (int o = 0; o < OUT; o++) {
      for (int i = 0; i < 3; i++) {
        for (int j = 0; j < 3; j++) {
          double sum = 0;
          for (int c = 0; c < IN; c++) {
            for (int t = 0; t < 9; t++) {
              int row = 2 * i + t / 3 - 1;
              int column = 2 * j + t % 3 - 1;
              boolean inside = row >= 0 && row < height && column >= 0 && column < width;
              double v = inside ? x[(c * height + row) * width + column] : 0;
              int edge = (o * IN + c) * 9 + t;
              sum += base[edge] * v / (1 + Math.exp(-v));
              for (int f = 0; f < 6; f++) {
                sum += scaler[edge] * spline[edge * 6 + f] * bSpline(f, 2, v);
              }
            }
          }
          expected[(o * 3 + i) * 3 + j] = sum;
        }
      }
    }
    assertThat(Memory.doubles(forward(convolution, images)))
        .containsExactly(expected, within(1e-13));
  }

  /** Knots -1.5 + 0.75 (j - 2), as above. */
  private static double bSpline(int j, int order, double x) {
    double t = -1.5 + 0.75 * (j - 2);
    double step = 0.75;
    if (order == 0) {
      return x >= t && x < t + step ? 1 : 0;
    }
    double span = order * step;
    return (x - t) / span * bSpline(j, order - 1, x)
        + (t + span + step - x) / span * bSpline(j + 1, order - 1, x);
  }

  private static double[] numbers(Map<String, Tensor> state, String name) {
    return Memory.doubles(Objects.requireNonNull(state.get(name)));
  }

  /** A padded pixel is one of value 0: an image of zeros has no border. */
  @ParameterizedTest
  @MethodSource("functions")
  void paddedPixelsAreZeros(BasisLayer.Spec function) {
    var spec = new KanConvolution.Spec(Window.example(), function);
    Tensor y = forward(spec.build(IN, OUT, float64()), normal(4, 1, IN, 4, 4).mul(new Scalar(0.0)));
    Tensor inside = y.narrow(2, 1, 1).narrow(3, 1, 1);
    assertThat(largest(y.sub(inside))).isLessThan(1e-13);
  }

  /**
   * Central differences in float64, step 1e-6: 1e-16 / h rounding leaves 1e-10 of the loss, the
   * truncation is smaller. Inputs at random miss kinks.
   */
  @ParameterizedTest
  @MethodSource("convolutions")
  void gradientsAreThoseOfFiniteDifferences(Convolution.Spec spec) {
    Convolution convolution = spec.build(IN, OUT, float64());
    Map<String, Tensor> leaves = new LinkedHashMap<>(StateDict.trained(convolution));
    long seed = 20;
    for (Tensor parameter : leaves.values()) {
      Tensor noise = normal(seed++, parameter.shape());
      Backpropagation.set(parameter, parameter.add(noise.mul(new Scalar(0.05))));
    }
    Tensor x = Backpropagation.leaf(normal(7, 2, IN, 5, 4), DType.FLOAT64);
    Tensor upstream = normal(8, forward(convolution, x).shape());
    Backpropagation.run(forward(convolution, x), upstream);
    leaves.put("input", x);
    leaves.forEach((name, leaf) -> {
      assertThat(leaf.grad().defined()).as(name).isTrue();
      double scale = largest(leaf.grad());
      assertThat(scale).as(name).isPositive();
      double[] gradient = Memory.doubles(leaf.grad());
      for (int i : new int[] {0, gradient.length / 3, gradient.length - 1}) {
        assertThat(gradient[i])
            .as(name + "[" + i + "]")
            .isCloseTo(
                centralDifference(convolution, x, upstream, leaf, i),
                within(1e-6 * Math.max(scale, 1e-2)));
      }
    });
  }

  private static double centralDifference(
      Convolution convolution, Tensor x, Tensor upstream, Tensor leaf, int element) {
    double step = 1e-6;
    try (var _ = Scope.noGradients()) {
      Tensor entry = leaf.detach().view(-1).narrow(0, element, 1); // shares the leaf's memory
      double start = entry.item_double();
      entry.fill_(new Scalar(start + step));
      double above = forward(convolution, x).mul(upstream).sum().item_double();
      entry.fill_(new Scalar(start - step));
      double below = forward(convolution, x).mul(upstream).sum().item_double();
      entry.fill_(new Scalar(start));
      return (above - below) / (2 * step);
    }
  }

  /** Sheet 07's counts of 3 to 8 channels, window of three. */
  @Test
  void hasTheSheetsParameters() {
    assertThat(parameters(BSpline.Spec.example())).isEqualTo(2160);
    assertThat(parameters(new Chebyshev.Spec(4))).isEqualTo(1080);
    // The sheet's norm is one of all 27 pixels, ours of 3 channels.
    assertThat(parameters(RadialBasis.Spec.example())).isEqualTo(2006 - 2 * (27 - 3));
  }

  private static long parameters(BasisLayer.Spec function) {
    return StateDict.parameterCount(
        new KanConvolution.Spec(Window.example(), function).build(3, 8, float64()));
  }

  @ParameterizedTest
  @MethodSource("convolutions")
  void countsItsWork(Convolution.Spec spec) {
    int side = spec.window().sideOf(12);
    long least = (long) side * side * 9 * IN * OUT;
    assertThat(spec.macs(IN, OUT, 12)).isGreaterThanOrEqualTo(least);
    assertThat(spec.macs(IN, OUT, 24)).isGreaterThan(spec.macs(IN, OUT, 12));
  }

  @Test
  void aPoolWeighsSharpensAndPrunes() {
    SelectedConvolution pool = SelectedConvolution.Spec.example().build(IN, OUT, float64());
    Tensor x = normal(6, 2, IN, 5, 5);
    pool.selector().calibrate(x);
    Tensor choices = Objects.requireNonNull(StateDict.of(pool).get("selection")); // [4, out]
    forward(pool, x).square().sum().backward();
    assertThat(largest(choices.grad().sum(0))).isLessThan(1e-11); // of a softmax
    double[] chosen = {1, 0, -1, 0, 5, 0, 0, 0, 0, 0, 2, 0.5};
    Backpropagation.set(choices, Tensor.create(chosen).view(4, OUT));
    pool.selector().sharpen(1e-3);
    Tensor sharp = forward(pool, x);
    pool.selector().harden();
    Tensor hard = forward(pool, x);
    assertNear(sharp, hard);
    Convolution pruned = pool.pruned();
    assertNear(forward(pruned, x), hard);
    assertThat(Memory.longs(pool.selector().choice())).containsExactly(0, 1, 3);
    assertThat(StateDict.of(pruned).keySet())
        .noneMatch(name -> name.startsWith("members.2.") || name.startsWith("s"));
  }

  @Test
  void copiesOfOneMemberAreThatMember() {
    Convolution member = KanConvolution.Spec.example().build(IN, OUT, float64());
    var pool =
        new SelectedConvolution(
            List.of(member, member, member), OUT, Selector.Granularity.OUTPUT, float64());
    Tensor x = normal(6, 2, IN, 5, 5);
    assertNear(forward(pool, x), forward(member, x));
  }
}
