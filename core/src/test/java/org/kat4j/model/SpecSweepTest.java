package org.kat4j.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;
import org.kat4j.channel.ChannelMixer;
import org.kat4j.channel.NoChannelMixer;
import org.kat4j.config.Config;
import org.kat4j.token.TokenMixer;
import org.kat4j.torch.Backpropagation;
import org.kat4j.torch.Context;
import org.kat4j.torch.DType;
import org.kat4j.torch.Device;
import org.kat4j.torch.Layout;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Part;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Precision;
import org.kat4j.torch.RandomStream;
import org.kat4j.torch.Safetensors;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;

/**
 * What every mixer has to do, checked for every permitted spec: a new mixer is in the sweep as soon
 * as it is in the {@code permits} clause.
 */
@ParameterizedClass(name = "{0}")
@MethodSource("mixers")
class SpecSweepTest {
  private static final int WIDTH = 24;
  private static final int BATCH = 2;
  private static final int TOKENS = 17;

  @TempDir Path folder;
  private final Record spec;
  private final Scope scope = Scope.open();

  SpecSweepTest(Record spec) {
    this.spec = spec;
  }

  static Stream<Record> mixers() {
    return Stream.of(TokenMixer.Spec.class, ChannelMixer.Spec.class)
        .flatMap(slot -> Arrays.stream(slot.getPermittedSubclasses()))
        .map(SpecSweepTest::example)
        .filter(spec -> !(spec instanceof NoChannelMixer.Spec));
  }

  private static Record example(Class<?> type) {
    try {
      return (Record) type.getMethod("example").invoke(null);
    } catch (ReflectiveOperationException missing) {
      throw new AssertionError(type + " needs a public static example()", missing);
    }
  }

  @AfterEach
  void close() {
    scope.close();
  }

  /** A mixer of either slot. */
  private record Mixer(Part part, boolean lowersInput, BiFunction<Tensor, Pass, Tensor> function) {
    Tensor forward(Tensor x) {
      return function.apply(x, Pass.evaluation());
    }

    SequencedMap<String, Tensor> parameters() {
      return StateDict.of(part);
    }

    SequencedMap<String, Tensor> trained() {
      return StateDict.trained(part);
    }
  }

  private Mixer build(long seed, DType dtype) {
    return build(seed, dtype, TOKENS);
  }

  /** A grid of one row: what mixers of any layout take. */
  private Mixer build(long seed, DType dtype, int tokens) {
    var row = new Layout.Grid(List.of(1, tokens), 0, false);
    return build(Context.cpu(seed).withDType(dtype).at(row));
  }

  private Mixer build(Context context) {
    return switch (spec) {
      case TokenMixer.Spec mixing -> {
        TokenMixer mixer = mixing.build(WIDTH, context);
        yield new Mixer(mixer, mixer.lowersInput(), mixer::forward);
      }
      case ChannelMixer.Spec channels -> {
        ChannelMixer mixer = channels.build(WIDTH, context);
        yield new Mixer(mixer, mixer.lowersInput(), mixer::forward);
      }
      default -> throw new AssertionError(spec);
    };
  }

  private static Tensor normal(long seed, DType dtype, long... shape) {
    Tensor numbers = torch.zeros(shape, new TensorOptions(ScalarType.Double));
    return Memory.to(new RandomStream(seed).normal(numbers, 0, 1), dtype);
  }

  private static Tensor input(DType dtype) {
    return normal(7, dtype, BATCH, TOKENS, WIDTH);
  }

  private static void assertFinite(Tensor tensor) {
    assertThat(Arrays.stream(Memory.doubles(tensor)).boxed())
        .isNotEmpty()
        .allMatch(Double::isFinite);
  }

  private static double largest(Tensor tensor) {
    return tensor.abs().max().item_double();
  }

  @Test
  void keepsTheShapeWhateverBatchAndTokens() {
    for (int tokens : new int[] {1, 5, 17}) {
      Mixer mixer = build(1, DType.FLOAT32, tokens);
      for (long batch : new long[] {1, 3}) {
        Tensor y = mixer.forward(normal(2, DType.FLOAT32, batch, tokens, WIDTH));
        assertThat(y.shape()).containsExactly(batch, tokens, WIDTH);
        assertFinite(y);
      }
    }
  }

  @Test
  void samplesDoNotSeeEachOther() {
    Mixer mixer = build(1, DType.FLOAT64);
    Tensor x = input(DType.FLOAT64);
    Tensor together = mixer.forward(x).narrow(0, 1, 1);
    Tensor alone = mixer.forward(x.narrow(0, 1, 1));
    assertThat(largest(together.sub(alone))).isLessThan(1e-13 * largest(alone));
  }

  @Test
  void backwardFillsEveryGradient() {
    Mixer mixer = build(1, DType.FLOAT32);
    Tensor x = input(DType.FLOAT32).set_requires_grad(true);
    Backpropagation.run(mixer.forward(x), normal(3, DType.FLOAT32, BATCH, TOKENS, WIDTH));
    assertThat(x.grad().defined()).isTrue();
    assertFinite(x.grad());
    mixer
        .trained()
        .forEach((name, parameter) -> {
          assertThat(parameter.grad().defined()).as(name).isTrue();
          assertThat(parameter.grad().shape()).as(name).isEqualTo(parameter.shape());
          assertFinite(parameter.grad());
          assertThat(largest(parameter.grad())).as(name).isPositive();
        });
  }

  @Test
  void theSeedDecidesEveryBit() {
    Mixer one = build(5, DType.FLOAT32);
    Mixer same = build(5, DType.FLOAT32);
    Mixer other = build(6, DType.FLOAT32);
    Tensor x = input(DType.FLOAT32);
    assertThat(same.forward(x).equal(one.forward(x))).isTrue();
    assertThat(one.forward(x).equal(one.forward(x))).as("evaluated twice").isTrue();
    if (!one.parameters().isEmpty()) {
      assertThat(other.forward(x).equal(one.forward(x))).isFalse();
    }
  }

  /**
   * The float32 mixer of a seed is the rounded float64 mixer. Every sum has at most 4 WIDTH terms,
   * so its rounding is about sqrt(4 WIDTH) 2^-24 = 6e-7 of its size; ten such steps in a row make
   * 6e-6.
   */
  @Test
  void float32IsTheRoundedFloat64() {
    Tensor exact = build(5, DType.FLOAT64).forward(input(DType.FLOAT64));
    Tensor rounded = build(5, DType.FLOAT32).forward(input(DType.FLOAT32));
    Tensor difference = Memory.to(rounded, DType.FLOAT64).sub(exact);
    assertThat(largest(difference)).isPositive().isLessThan(6e-6 * largest(exact));
  }

  @Test
  void whetherItsInputMayComeRoundedIsKnown() {
    Mixer mixer = build(5, DType.FLOAT32);
    Tensor x = input(DType.FLOAT32);
    try (var _ = Precision.BFLOAT16.on(Device.CPU)) {
      Tensor ofRounded = mixer.forward(Precision.lowered(x));
      boolean sameBits = Precision.lowered(ofRounded).equal(Precision.lowered(mixer.forward(x)));
      assertThat(sameBits).isEqualTo(mixer.lowersInput);
    }
  }

  @Test
  void savedWeightsGiveTheSameMixer() {
    Mixer saved = build(5, DType.FLOAT32);
    Mixer loaded = build(6, DType.FLOAT32);
    Path file = folder.resolve("mixer.safetensors");
    Safetensors.write(file, saved.parameters(), Map.of());
    try (Safetensors weights = Safetensors.open(file)) {
      assertThat(weights.names()).containsExactlyInAnyOrderElementsOf(saved.parameters().keySet());
      loaded.parameters().forEach(weights::copyInto);
    }
    Tensor x = input(DType.FLOAT32);
    assertThat(loaded.forward(x).equal(saved.forward(x))).isTrue();
  }

  @Test
  void survivesYaml() {
    var model = VisionTransformer.Spec.example();
    var holder = inModel(model, spec);
    String yaml = Config.toYaml(holder);
    assertThat(Config.bind(Config.parse(yaml, "test"), model, "test")).isEqualTo(holder);
    assertThat(Config.fromJson(Config.toJson(holder), Model.Spec.class, "test")).isEqualTo(holder);
  }

  private static VisionTransformer.Spec inModel(VisionTransformer.Spec m, Record mixer) {
    if (mixer instanceof ChannelMixer.Spec channels) {
      return m.withChannelMixer(channels);
    }
    return new VisionTransformer.Spec(
        m.imageSize(),
        m.patchSize(),
        m.channels(),
        m.classes(),
        m.width(),
        m.depth(),
        (TokenMixer.Spec) mixer,
        m.channelMixer(),
        m.classToken(),
        m.distillationToken(),
        m.registers(),
        m.positionOfPrefix(),
        m.positionOfRegisters(),
        m.normFirst(),
        m.pooling(),
        m.layerScale(),
        m.dropPath(),
        m.headDropout(),
        m.normEpsilon(),
        m.weightInit());
  }

  @Test
  void countsItsWork() {
    switch (spec) {
      case TokenMixer.Spec tokens -> {
        long few = tokens.macs(17, WIDTH);
        assertThat(tokens.macs(1, WIDTH)).isNotNegative();
        if (few > 0) { // some multiply nothing
          assertThat(tokens.macs(197, WIDTH)).isGreaterThan(few);
        }
      }
      case ChannelMixer.Spec channels -> {
        long few = channels.macs(16, WIDTH);
        assertThat(few).isPositive();
        assertThat((double) channels.macs(160, WIDTH)).isCloseTo(10.0 * few, within(0.1 * few));
      }
      default -> throw new AssertionError(spec);
    }
  }

  /**
   * Central differences in float64 with step h = 1e-5: h^2 truncation and 1e-16 / h rounding leave
   * about 1e-10 of the size of the loss, all that there is of a gradient that vanishes (a bias of
   * keys). Parameters are moved off their starts, since |b| has a kink at b = 0.
   */
  @Test
  void gradientsAreThoseOfFiniteDifferences() {
    int tokens = 5;
    Mixer mixer = build(1, DType.FLOAT64, tokens);
    Map<String, Tensor> leaves = new LinkedHashMap<>(mixer.trained());
    long seed = 20;
    for (Tensor parameter : mixer.trained().values()) {
      Tensor noise = normal(seed++, DType.FLOAT64, parameter.shape());
      Backpropagation.set(parameter, parameter.add(noise.mul(new Scalar(0.05))));
    }
    Tensor x = normal(7, DType.FLOAT64, BATCH, tokens, WIDTH).set_requires_grad(true);
    leaves.put("input", x);
    Tensor upstream = normal(8, DType.FLOAT64, BATCH, tokens, WIDTH);
    Backpropagation.run(mixer.forward(x), upstream);
    leaves.forEach((name, leaf) -> {
      double[] gradient = Memory.doubles(leaf.grad());
      double scale = largest(leaf.grad());
      for (int i : new int[] {0, gradient.length / 3, gradient.length - 1}) {
        double expected = centralDifference(mixer, x, upstream, leaf, i);
        assertThat(gradient[i])
            .as(name + "[" + i + "]")
            .isCloseTo(expected, within(1e-6 * scale + 1e-9));
      }
    });
  }

  private static double centralDifference(
      Mixer mixer, Tensor x, Tensor upstream, Tensor leaf, int element) {
    double step = 1e-5;
    try (var _ = Scope.noGradients()) {
      Tensor entry = leaf.detach().view(-1).narrow(0, element, 1); // shares the leaf's memory
      double start = entry.item_double();
      entry.fill_(new Scalar(start + step));
      double above = mixer.forward(x).mul(upstream).sum().item_double();
      entry.fill_(new Scalar(start - step));
      double below = mixer.forward(x).mul(upstream).sum().item_double();
      entry.fill_(new Scalar(start));
      return (above - below) / (2 * step);
    }
  }
}
