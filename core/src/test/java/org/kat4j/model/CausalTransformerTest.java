package org.kat4j.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;
import java.util.stream.Stream;
import org.bytedeco.pytorch.BoolOptional;
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
import org.junit.jupiter.params.provider.MethodSource;
import org.kat4j.config.Config;
import org.kat4j.error.UserException;
import org.kat4j.optim.AdamW;
import org.kat4j.optim.Optimizer;
import org.kat4j.optim.ParameterGroup;
import org.kat4j.torch.Backpropagation;
import org.kat4j.torch.Context;
import org.kat4j.torch.DType;
import org.kat4j.torch.Device;
import org.kat4j.torch.Losses;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Pass;
import org.kat4j.torch.RandomStream;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;

/** Language models in every combination of options: gradients, causality, streams, learning. */
class CausalTransformerTest {
  private static final int VOCABULARY = 11;
  private static final int TOKENS = 7;
  private static final String PLAIN =
      "{kind: causal-transformer, vocabulary: 11, longest: 12, width: 16, depth: 2, ";
  private final Scope scope = Scope.open();

  @AfterEach
  void close() {
    scope.close();
  }

  /** Every option of positions, norms, attention and heads, and every mixer of channels once. */
  static Stream<String> variants() {
    return Stream.of(
        "tokenMixer: {heads: 2}",
        "tokenMixer: {heads: 2}, positions: none, tiedHead: false",
        "tokenMixer: {heads: 4, keyValueHeads: 2, queryKey: [{kind: rotary}]}, positions: none, norm: {kind: rms}",
        "tokenMixer: {heads: 4, keyValueHeads: 1, projections: separate, queryKey: [{kind: head-norm, norm: {kind: rms}}, {kind: rotary, pairing: interleaved}]}, norm: {kind: rms}, channelMixer: {kind: gated-mlp}",
        "tokenMixer: {heads: 3, headWidth: 6, keyValueHeads: 3, qkvBias: false, outBias: false, queryKey: [{kind: rotary, base: 100, scaling: {kind: linear, factor: 3}}, {kind: head-norm}]}",
        "tokenMixer: {heads: 2, projections: separate, queryKey: [{kind: rotary, scaling: {kind: llama3, original: 8}}]}, channelMixer: {kind: gr-kan}, start: kan",
        "tokenMixer: {heads: 2}, channelMixer: {kind: gr-kan}, norm: {kind: layer, bias: false}, exceptions: [{kind: channel-mixer, first: 1, mixer: {kind: mlp}}, {kind: token-mixer, first: 0, every: 2, mixer: {kind: attention, heads: 4, queryKey: [{kind: rotary}]}}]",
        "tokenMixer: {heads: 4, keyValueHeads: 2, scores: [{kind: relative-bias, reach: 4}]}, positions: none",
        "tokenMixer: {heads: 4, keyValueHeads: 2, queryKey: [{kind: rotary}], scores: [{kind: decay-mask, first: 1}, {kind: relative-bias}]}, positions: none",
        "tokenMixer: {heads: 4, keyValueHeads: 2, queryKey: [{kind: momentum, gamma: 0.7}, {kind: rotary}]}, positions: none",
        "tokenMixer: {heads: 2, queryKey: [{kind: rotary}, {kind: momentum, learned: true}, {kind: token-shift, of: both, start: 0.3}]}",
        "tokenMixer: {heads: 4, keyValueHeads: 1, queryKey: [{kind: token-shift}, {kind: momentum, of: keys, learned: true}]}",
        "tokenMixer: {heads: 4, projections: shared-qk, values: none}",
        "tokenMixer: {heads: 1, projections: collapsed}, channelMixer: {kind: none}",
        "tokenMixer: {heads: 1, projections: symmetric, values: none}",
        "tokenMixer: {heads: 1, projections: triangular}, channelMixer: {kind: none}, exceptions: [{kind: channel-mixer, first: 1, mixer: {kind: mlp}}]",
        "tokenMixer: {heads: 2}, positions: sinusoidal",
        "backbone: {kind: looped, pre: 1, times: 3, window: 2, truncated: false}, tokenMixer: {heads: 2}",
        "backbone: {kind: looped, post: 1, times: 3, window: 1, start: zeros, truncated: false}, tokenMixer: {heads: 2}, positions: sinusoidal",
        "backbone: {kind: iterated, times: 3}, tokenMixer: {heads: 2}",
        "backbone: {kind: iterated, times: 2, rule: {kind: fixed-point, damping: 0.3}}, tokenMixer: {heads: 2, queryKey: [{kind: rotary}]}",
        "tokenMixer: {heads: 2}, channelMixer: {kind: kan}",
        "tokenMixer: {heads: 2}, channelMixer: {kind: polynomial}",
        "tokenMixer: {heads: 2}, channelMixer: {kind: latent-kan}");
  }

  private static CausalTransformer.Spec spec(String options) {
    return (CausalTransformer.Spec) read(PLAIN + options + "}");
  }

  private static Model.Spec read(String yaml) {
    return Config.bind(
            Config.parse("model: " + yaml, "test"),
            new Holder(CausalTransformer.Spec.example()),
            "test")
        .model();
  }

  record Holder(Model.Spec model) {}

  private static Context exact() {
    return Context.cpu(3).withDType(DType.FLOAT64);
  }

  /** A model away from its start, where gradients of many parameters are 0. */
  private static CausalTransformer moved(CausalTransformer.Spec spec, Context context) {
    CausalTransformer model = spec.build(context);
    long seed = 100;
    for (Tensor parameter : StateDict.trained(model).values()) {
      Tensor noise = normal(seed++, parameter.shape());
      Backpropagation.set(parameter, parameter.add(noise.mul(new Scalar(0.2))));
    }
    return model;
  }

  private static Tensor normal(long seed, long... shape) {
    Tensor zeros = torch.zeros(shape, new TensorOptions(ScalarType.Double));
    return new RandomStream(seed).normal(zeros, 0, 1);
  }

  private static Tensor tokens(int batch, int count) {
    long[] numbers = new long[batch * count];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = (i * 7L + i * i * 3L + i / count) % VOCABULARY;
    }
    return Tensor.create(numbers).view(batch, count);
  }

  private static double distance(Tensor a, Tensor b) {
    return a.sub(b).abs().max().item_double();
  }

  @ParameterizedTest
  @MethodSource("variants")
  void tokensSeeNothingOfLaterOnes(String options) {
    try (var _ = Scope.noGradients()) {
      CausalTransformer model = moved(spec(options), exact());
      Tensor all = model.forward(tokens(2, TOKENS), Pass.evaluation());
      assertThat(all.shape()).containsExactly(2, TOKENS, VOCABULARY);
      for (int n = 1; n < TOKENS; n++) {
        Tensor first = model.forward(tokens(2, TOKENS).narrow(1, 0, n), Pass.evaluation());
        assertThat(distance(first, all.narrow(1, 0, n))).isLessThan(1e-12);
      }
    }
  }

  /** Pieces of any length, one token at a time among them, host and device positions alike. */
  @ParameterizedTest
  @MethodSource("variants")
  void aStreamGivesWhatOneForwardGives(String options) {
    try (var _ = Scope.noGradients()) {
      CausalTransformer model = moved(spec(options), exact());
      Tensor wanted = model.forward(tokens(2, TOKENS), Pass.evaluation());
      for (boolean recordable : new boolean[] {false, true}) {
        try (var stream = new org.kat4j.torch.Stream(12, Device.CPU)) {
          if (recordable) {
            stream.recordable(true);
          }
          Pass pass = Pass.evaluation().with(stream);
          for (int again = 0; again < 2; again++) {
            int at = 0;
            for (int piece : new int[] {3, 1, 2, 1}) {
              Tensor logits = model.forward(tokens(2, TOKENS).narrow(1, at, piece), pass);
              assertThat(distance(logits, wanted.narrow(1, at, piece)))
                  .as("%d tokens at %d", piece, at)
                  .isLessThan(1e-12);
              at += piece;
            }
            assertThat(stream.length()).isEqualTo(TOKENS);
            stream.rewind();
          }
        }
      }
    }
  }

  /** Central differences in float64, as in {@link SpecSweepTest}. */
  @ParameterizedTest
  @MethodSource("variants")
  void gradientsAreThoseOfFiniteDifferences(String options) {
    CausalTransformer model = moved(spec(options), exact());
    Tensor read = tokens(2, TOKENS);
    Tensor upstream = normal(8, 2, TOKENS, VOCABULARY);
    Backpropagation.run(model.forward(read, Pass.evaluation()), upstream);
    Map<String, double[]> gradients = new LinkedHashMap<>();
    SequencedMap<String, Tensor> trained = StateDict.trained(model);
    trained.forEach((name, parameter) -> {
      assertThat(parameter.grad().defined()).as(name).isTrue();
      gradients.put(name, Memory.doubles(parameter.grad()));
    });
    double step = 1e-5;
    try (var _ = Scope.noGradients()) {
      trained.forEach((name, parameter) -> {
        double[] gradient = Objects.requireNonNull(gradients.get(name));
        double scale = parameter.grad().abs().max().item_double();
        for (int i : new int[] {gradient.length / 3, gradient.length - 1}) {
          Tensor entry = parameter.detach().view(-1).narrow(0, i, 1);
          double start = entry.item_double();
          entry.fill_(new Scalar(start + step));
          double above = loss(model, read, upstream);
          entry.fill_(new Scalar(start - step));
          double below = loss(model, read, upstream);
          entry.fill_(new Scalar(start));
          assertThat(gradient[i])
              .as(name + "[" + i + "]")
              .isCloseTo((above - below) / (2 * step), within(1e-6 * scale + 1e-8));
        }
      });
    }
  }

  private static double loss(CausalTransformer model, Tensor read, Tensor upstream) {
    try (Scope _ = Scope.open()) {
      return model.forward(read, Pass.evaluation()).mul(upstream).sum().item_double();
    }
  }

  @ParameterizedTest
  @MethodSource("variants")
  void theComposedTwinIsTheSameAndHasSecondDerivatives(String options) {
    CausalTransformer model = moved(spec(options), exact());
    CausalTransformer twin = moved(spec(options), exact().composed());
    Tensor read = tokens(2, TOKENS);
    Tensor logits = twin.forward(read, Pass.evaluation());
    assertThat(distance(model.forward(read, Pass.evaluation()), logits)).isLessThan(1e-12);
    List<Tensor> parameters = new ArrayList<>(StateDict.trained(twin).values());
    TensorVector leaves = new TensorVector(parameters.toArray(Tensor[]::new));
    TensorVector first =
        torch.grad(
            new TensorVector(logits.square().sum()),
            leaves,
            new TensorVector(),
            new BoolOptional(true),
            true,
            true);
    Backpropagation.run(first.get(0).square().sum());
    assertThat(parameters.getFirst().grad().abs().max().item_double()).isPositive().isFinite();
  }

  @ParameterizedTest
  @MethodSource("variants")
  void learnsASequenceByHeart(String options) {
    CausalTransformer model = spec(options).build(Context.cpu(5));
    SequencedMap<String, Tensor> parameters = StateDict.trained(model);
    Optimizer optimizer =
        new AdamW.Spec(1e-2, 0, 0.9, 0.99, 1e-8).build(ParameterGroup.single(parameters, 0));
    Tensor all = tokens(2, TOKENS + 1);
    Tensor read = all.narrow(1, 0, TOKENS);
    Tensor next = all.narrow(1, 1, TOKENS).flatten();
    double loss = Double.NaN;
    for (int step = 0; step < 40; step++) {
      try (Scope _ = Scope.open()) {
        Tensor logits =
            model.forward(read, Pass.training(new RandomStream(step))).view(-1, VOCABULARY);
        Tensor mean = Losses.crossEntropy(logits, next, 0);
        loss = mean.item_double();
        Backpropagation.run(mean);
        optimizer.step(1e-2);
        StateDict.clearGradients(parameters);
      }
      if (step == 0) { // nothing is known at the start
        assertThat(loss).isCloseTo(Math.log(VOCABULARY), within(0.5));
      }
    }
    assertThat(loss).isLessThan(0.5);
  }

  @ParameterizedTest
  @MethodSource("variants")
  void survivesYamlAndJson(String options) {
    CausalTransformer.Spec spec = spec(options);
    assertThat(Config.fromJson(Config.toJson(spec), Model.Spec.class, "test")).isEqualTo(spec);
    assertThat(spec.macs()).isPositive();
    assertThat(spec.signature()).isEqualTo(new Signature.Tokens(VOCABULARY, 12, VOCABULARY, true));
    assertThat(spec.fittedTo(new Signature.Tokens(300, 5, 300, true)).signature())
        .isEqualTo(new Signature.Tokens(300, 5, 300, true));
  }

  @Test
  void hasTheNumberOfParametersOfGpt2() {
    CausalTransformer.Spec gpt2 =
        (CausalTransformer.Spec)
            read(
                "{kind: causal-transformer, vocabulary: 50257, longest: 1024, width: 768, depth: 12, tokenMixer: {heads: 12}}");
    assertThat(Registered.parameterCount(gpt2)).isEqualTo(124_439_808);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          tokenMixer: {heads: 3}                                             | heads = 3 does not divide the width 16
          tokenMixer: {heads: 4, keyValueHeads: 3}                           | keyValueHeads = 3: does not divide heads = 4
          tokenMixer: {heads: 16, queryKey: [{kind: rotary}]}                | a head width of 1 is odd
          tokenMixer: {heads: 2, queryKey: [{kind: head-norm}, {kind: head-norm}]} | head-norm stands there more than once
          tokenMixer: {heads: 2, queryKey: [{kind: rotor}]}                  | rotor
          tokenMixer: {heads: 2, queryKey: [{kind: rotary, base: 1}]}        | base
          tokenMixer: {heads: 2, scores: [{kind: gaussian-mask}]}            | scores gaussian-mask needs a grid of tokens; here is a line of tokens
          tokenMixer: {heads: 2, scores: [{kind: element-mask}]}             | scores element-mask needs a grid of tokens; here is a line of tokens
          tokenMixer: {heads: 2, scores: [{kind: relative-bias, reach: -1}]} | reach = -1
          tokenMixer: {kind: kan-attention, heads: 2}                        | kan-attention sees all tokens
          tokenMixer: {heads: 2, causal: true}                               | causal = true
          tokenMixer: {heads: 2}, exceptions: [{first: 2}]                   | first = 2
          tokenMixer: {heads: 2}, norm: {kind: batch}                        | batch
          tokenMixer: {heads: 2}, dropout: 1.5                               | dropout = 1.5
          """)
  void whatDoesNotFitIsSaidInOneLine(String options, String message) {
    assertThatThrownBy(() -> spec(options).build(exact()))
        .isInstanceOfAny(UserException.class, IllegalArgumentException.class)
        .hasMessageContaining(message)
        .message()
        .doesNotContain("\n");
  }

  @Test
  void moreTokensThanItReadsAreRefused() {
    CausalTransformer model = spec("tokenMixer: {heads: 2}").build(exact());
    assertThatThrownBy(() -> model.forward(tokens(1, 13), Pass.evaluation()))
        .isInstanceOf(UserException.class)
        .hasMessage("13 tokens: this model reads 12 at most");
    try (var stream = new org.kat4j.torch.Stream(12, Device.CPU)) {
      Pass pass = Pass.evaluation().with(stream);
      Tensor _ = model.forward(tokens(1, 12), pass);
      assertThatThrownBy(() -> model.forward(tokens(1, 1), pass))
          .isInstanceOf(UserException.class)
          .hasMessage("1 tokens after 12: the model reads 12 at most");
    }
  }

  /** Descriptions written before a layout said what tokens see. */
  @Test
  void earlierKeysAreRead() {
    assertThat(spec("tokenMixer: {heads: 2, qkNorm: false, causal: false}"))
        .isEqualTo(spec("tokenMixer: {heads: 2}"));
    assertThat(spec("tokenMixer: {heads: 2, qkNorm: true}"))
        .isEqualTo(spec("tokenMixer: {heads: 2, queryKey: [{kind: head-norm}]}"));
  }

  /** Sines and cosines of the place, beside nothing where the embeddings are 0. */
  @Test
  void sinusoidalPositionsAreTheOriginalOnes() {
    CausalTransformer.Spec spec = spec("tokenMixer: {heads: 2}, positions: sinusoidal");
    TokenPositions positions = TokenPositions.of(spec, exact());
    Tensor nothing = torch.zeros(new long[] {1, 12, 16}, new TensorOptions(ScalarType.Double));
    double[] found = Memory.doubles(positions.addedTo(nothing, null));
    for (int p = 0; p < 12; p++) {
      for (int i = 0; i < 8; i++) {
        double angle = p / Math.pow(10_000, 2 * i / 16.0);
        assertThat(found[16 * p + 2 * i]).isCloseTo(Math.sin(angle), within(1e-15));
        assertThat(found[16 * p + 2 * i + 1]).isCloseTo(Math.cos(angle), within(1e-15));
      }
    }
    Tensor ones = nothing.add(new Scalar(1));
    double[] with = Memory.doubles(positions.addedTo(ones, null));
    assertThat(with[20] - found[20]).isCloseTo(4, within(1e-14)); // sqrt(16)
  }

  /** The mean over the loops of the window, each through the last block and the final norm. */
  @Test
  void trainingAsksEveryLoopOfTheWindow() {
    String looped =
        "backbone: {kind: looped, post: 1, times: TIMES, window: 2}, tokenMixer: {heads: 2}";
    CausalTransformer three = moved(spec(looped.replace("TIMES", "3")), exact());
    CausalTransformer two = moved(spec(looped.replace("TIMES", "2")), exact());
    Tensor all = tokens(2, TOKENS + 1);
    Tensor read = all.narrow(1, 0, TOKENS);
    Tensor next = all.narrow(1, 1, TOKENS);
    double last = three.loss(read, next, Pass.evaluation()).item_double();
    double before = two.loss(read, next, Pass.evaluation()).item_double();
    double asked = three.loss(read, next, Pass.training(new RandomStream(1))).item_double();
    assertThat(before).isNotCloseTo(last, within(1e-6));
    assertThat(asked).isCloseTo((last + before) / 2, within(1e-12));
  }
}
