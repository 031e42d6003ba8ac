package org.kat4j.function.kan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;
import org.kat4j.channel.KanMlp;
import org.kat4j.config.Config;
import org.kat4j.function.Activation;
import org.kat4j.model.VisionTransformer;
import org.kat4j.torch.Backpropagation;
import org.kat4j.torch.Context;
import org.kat4j.torch.DType;
import org.kat4j.torch.Device;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Pass;
import org.kat4j.torch.RandomStream;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;

/** What every KAN layer has to do, for the example of every spec and for further variants. */
@ParameterizedClass(name = "{0}")
@MethodSource("specs")
class KanLayerSweepTest {
  private static final int IN = 8;
  private static final int OUT = 5;

  /** They cancel: a constant before a softmax, or before a layer norm. */
  private static final Set<String> WITHOUT_EFFECT =
      Set.of("gk_linear.bias", "attention.bias", "key_local.bias");

  private final KanLayer.Spec spec;
  private final Scope scope = Scope.open();

  KanLayerSweepTest(KanLayer.Spec spec) {
    this.spec = spec;
  }

  static Stream<KanLayer.Spec> specs() {
    return Stream.concat(examples(), variants());
  }

  private static Stream<KanLayer.Spec> examples() {
    return Arrays.stream(KanLayer.Spec.class.getPermittedSubclasses())
        .map(type -> {
          try {
            return (KanLayer.Spec) type.getMethod("example").invoke(null);
          } catch (ReflectiveOperationException missing) {
            throw new AssertionError(type + " needs a public static example()", missing);
          }
        });
  }

  private static Stream<KanLayer.Spec> variants() {
    var daruan = Daruan.Spec.example();
    return Stream.of(
        new BSpline.Spec(4, 2, -2, 2, Activation.GELU, false, 0.1),
        RadialBasis.Spec.fasterKan(),
        RadialBasis.Spec.withoutNorm(),
        new Chebyshev.Spec(7),
        new Fourier.Spec(3, false, true),
        new ActivationBumps.Spec(
            4,
            2,
            Activation.GELU,
            ActivationBumps.Combination.SUM_PROD,
            false,
            ActivationBumps.Reduction.MULTISTEP,
            ActivationBumps.Norm.BATCH,
            1e-5),
        new ActivationBumps.Spec(
            3,
            3,
            Activation.TANH,
            ActivationBumps.Combination.CUBIC1,
            false,
            ActivationBumps.Reduction.SPATIAL_ATTN,
            ActivationBumps.Norm.NONE,
            1e-5),
        bumps(Together.SUM, ActivationBumps.Reduction.LOCAL_ATTN),
        bumps(Together.SUM, ActivationBumps.Reduction.MULTIHEAD_ATTN),
        bumps(
            Together.QUADRATIC,
            ActivationBumps.Reduction.MULTISTEP,
            ActivationBumps.Reduction.GLOBAL_ATTN,
            ActivationBumps.Reduction.LOCAL_ATTN),
        reduced(ReducedBasis.Reduction.CONV1D_POOLED, ReducedBasis.NormPosition.AFTER_REDUCTION),
        reduced(ReducedBasis.Reduction.BASE, ReducedBasis.NormPosition.BEFORE_BASIS),
        new ReducedBasis.Spec(
            ReducedBasis.Basis.B_SPLINE,
            8,
            5,
            3,
            -1.5,
            1.5,
            ReducedBasis.Reduction.WEIGHTS,
            ReducedBasis.NormPosition.BEFORE_BASIS,
            Activation.SILU),
        new SingleParameter.Spec(SingleParameter.Function.ARCTAN, false),
        new SingleParameter.Spec(SingleParameter.Function.RELU, true),
        new Wavelet.Spec(Wavelet.Mother.MEYER, true, false),
        new Wavelet.Spec(Wavelet.Mother.MEXICAN_HAT, false, false),
        new Wavelet.Spec(Wavelet.Mother.MORLET, false, false),
        new Wavelet.Spec(Wavelet.Mother.SHANNON, false, false),
        new TruncatedPower.Spec(2, 4, -2, 2, TruncatedPower.Knots.LEARNED_SHARED, false),
        new TruncatedPower.Spec(3, 3, -1, 1, TruncatedPower.Knots.LEARNED_INDIVIDUAL, true),
        new Daruan.Spec(
            2,
            Daruan.Ansatz.RPZ,
            Daruan.Measurement.EXACT,
            true,
            false,
            false,
            Activation.SILU,
            false,
            Daruan.Start.POWERS_OF_THREE,
            3),
        daruan.withRepetitions(1));
  }

  /** Five bumps: local attention leaves the last one out. No norm, which would hide a constant. */
  private static ActivationBumps.Spec bumps(
      Together together, ActivationBumps.Reduction... reductions) {
    return new ActivationBumps.Spec(
            3,
            2,
            Activation.SILU,
            ActivationBumps.Combination.PROD,
            false,
            ActivationBumps.Reduction.MULTISTEP,
            ActivationBumps.Norm.NONE,
            1e-5)
        .withReductions(List.of(reductions), together);
  }

  private static ReducedBasis.Spec reduced(
      ReducedBasis.Reduction reduction, ReducedBasis.NormPosition norm) {
    return new ReducedBasis.Spec(
        ReducedBasis.Basis.RADIAL, 4, 5, 3, -1.5, 1.5, reduction, norm, Activation.SILU);
  }

  @AfterEach
  void close() {
    scope.close();
  }

  private KanLayer build(long seed, DType dtype) {
    return spec.build(IN, OUT, Context.cpu(seed).withDType(dtype));
  }

  private static Tensor normal(long seed, DType dtype, long... shape) {
    Tensor numbers = torch.zeros(shape, new TensorOptions(ScalarType.Double));
    return Memory.to(new RandomStream(seed).normal(numbers, 0, 1), dtype);
  }

  private static Tensor forward(KanLayer layer, Tensor x) {
    return layer.forward(x, Pass.evaluation());
  }

  private static double largest(Tensor tensor) {
    return tensor.abs().max().item_double();
  }

  @Test
  void keepsTheShapeAndTheSamplesApart() {
    KanLayer layer = build(1, DType.FLOAT64);
    Tensor x = normal(2, DType.FLOAT64, 3, 4, IN);
    Tensor y = forward(layer, x);
    assertThat(y.shape()).containsExactly(3, 4, OUT);
    assertThat(Arrays.stream(Memory.doubles(y)).allMatch(Double::isFinite)).isTrue();
    Tensor alone = forward(layer, x.select(0, 1).select(0, 2).unsqueeze(0));
    double apart = largest(alone.sub(y.select(0, 1).select(0, 2)));
    assertThat(apart).isLessThan(1e-13 * Math.max(1, largest(y)));
  }

  @Test
  void theSeedDecides() {
    Tensor x = normal(2, DType.FLOAT32, 6, IN);
    Tensor y = forward(build(5, DType.FLOAT32), x);
    assertThat(forward(build(5, DType.FLOAT32), x).equal(y)).isTrue();
    assertThat(forward(build(6, DType.FLOAT32), x).equal(y)).isFalse();
    double difference =
        largest(
            Memory.to(y, DType.FLOAT64)
                .sub(forward(build(5, DType.FLOAT64), Memory.to(x, DType.FLOAT64))));
    // A few dozen terms and up to three norms; the sums cancel to a part of their terms.
    assertThat(difference).isLessThan(2e-5 * Math.max(0.01, largest(y)));
  }

  /**
   * Central differences in float64, step 1e-6: 1e-16 / h rounding leaves 1e-10 of the loss, the
   * truncation is smaller. Inputs at random miss kinks.
   */
  @Test
  void gradientsAreThoseOfFiniteDifferences() {
    KanLayer layer = build(1, DType.FLOAT64);
    Map<String, Tensor> leaves = new LinkedHashMap<>(StateDict.trained(layer));
    assertThat(leaves).isNotEmpty();
    long seed = 20;
    for (Tensor parameter : leaves.values()) {
      Tensor noise = normal(seed++, DType.FLOAT64, parameter.shape());
      Backpropagation.set(parameter, parameter.add(noise.mul(new Scalar(0.05))));
    }
    Tensor x = Backpropagation.leaf(normal(7, DType.FLOAT64, 6, IN), DType.FLOAT64);
    Tensor upstream = normal(8, DType.FLOAT64, 6, OUT);
    Backpropagation.run(forward(layer, x), upstream);
    leaves.put("input", x);
    leaves.forEach((name, leaf) -> {
      assertThat(leaf.grad().defined()).as(name).isTrue();
      double scale = largest(leaf.grad());
      if (WITHOUT_EFFECT.contains(name)) {
        return;
      }
      assertThat(scale).as(name).isPositive();
      double[] gradient = Memory.doubles(leaf.grad());
      for (int i : new int[] {0, gradient.length / 3, gradient.length - 1}) {
        double expected = centralDifference(layer, x, upstream, leaf, i);
        assertThat(gradient[i])
            .as(name + "[" + i + "]")
            .isCloseTo(expected, within(1e-6 * Math.max(scale, 1e-2)));
      }
    });
  }

  private static double centralDifference(
      KanLayer layer, Tensor x, Tensor upstream, Tensor leaf, int element) {
    double step = 1e-6;
    try (var _ = Scope.noGradients()) {
      Tensor entry = leaf.detach().view(-1).narrow(0, element, 1); // shares the leaf's memory
      double start = entry.item_double();
      entry.fill_(new Scalar(start + step));
      double above = forward(layer, x).mul(upstream).sum().item_double();
      entry.fill_(new Scalar(start - step));
      double below = forward(layer, x).mul(upstream).sum().item_double();
      entry.fill_(new Scalar(start));
      return (above - below) / (2 * step);
    }
  }

  /** One line of YAML puts it into a transformer, which trains its tensors. */
  @Test
  void mixesTheChannelsOfATransformer() {
    VisionTransformer.Spec given =
        VisionTransformer.Spec.example().withChannelMixer(new KanMlp.Spec(1, spec, true, 0));
    String yaml = Config.toYaml(given);
    VisionTransformer.Spec read =
        Config.bind(Config.parse(yaml, "test"), VisionTransformer.Spec.example(), "test");
    assertThat(read).isEqualTo(given);
    VisionTransformer model = given.build(Context.cpu(1));
    Tensor images =
        normal(3, DType.FLOAT32, 2, given.channels(), given.imageSize(), given.imageSize());
    Tensor logits = model.forward(images, Pass.training(new RandomStream(4)));
    Backpropagation.run(logits, normal(5, DType.FLOAT32, 2, given.classes()));
    assertThat(Arrays.stream(Memory.doubles(logits)).allMatch(Double::isFinite)).isTrue();
    StateDict.trained(model)
        .forEach((name, tensor) -> assertThat(tensor.grad().defined()).as(name).isTrue());
    assertThat(StateDict.parameterCount(given.build(Context.cpu(0).withDevice(Device.META))))
        .isEqualTo(StateDict.parameterCount(model));
  }

  @Test
  void countsItsWork() {
    assertThat(spec.macs(2 * IN, OUT)).isGreaterThan(spec.macs(IN, OUT));
    assertThat(spec.macs(IN, OUT)).isGreaterThanOrEqualTo((long) IN * OUT);
  }
}
