package org.kat4j.attention;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.SequencedMap;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.kat4j.attention.KolmogorovArnold.Basis;
import org.kat4j.attention.KolmogorovArnold.Sharing;
import org.kat4j.attention.KolmogorovArnold.Spec;
import org.kat4j.function.Activation;
import org.kat4j.torch.Backpropagation;
import org.kat4j.torch.Context;
import org.kat4j.torch.DType;
import org.kat4j.torch.Device;
import org.kat4j.torch.Layout;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Pass;
import org.kat4j.torch.RandomStream;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;

/** Learnable functions of scores: the sheet's worked unit, counts, orders, and every basis. */
class KolmogorovArnoldTest {
  private static final int TOKENS = 5;
  private static final int HEADS = 2;
  private static final int WIDTH = 3;

  private Scope scope;

  @BeforeEach
  void open() {
    scope = Scope.open();
  }

  @AfterEach
  void close() {
    scope.close();
  }

  private static Spec spec(Basis basis, int rank, Activation base, boolean kanScales) {
    return new Spec(basis, 3, rank, base, Sharing.BLOCK, false, kanScales);
  }

  private static Context context(int tokens) {
    Layout line = new Layout.Line(tokens, false, false);
    return Context.cpu(5).withDType(DType.FLOAT64).at(line);
  }

  private static Tensor normal(long seed, long... shape) {
    Tensor zeros = torch.zeros(shape, new TensorOptions(ScalarType.Double));
    return new RandomStream(seed).normal(zeros, 0, 1);
  }

  private static Tensor tokens(long seed) {
    return normal(seed, 2, HEADS, TOKENS, WIDTH);
  }

  private static double distance(Tensor a, Tensor b) {
    return a.sub(b).abs().max().item_double();
  }

  private static Scores all(Tensor q) {
    return Scores.plain(new Sight.All(), q.size(2), q.size(2));
  }

  private static Tensor mixed(Weighting weighting, Tensor q, Tensor k, Tensor v) {
    return weighting.mix(q, k, v, all(q), Pass.evaluation());
  }

  /** Phi = 0.16256733, sigma = (0.32513466, -0.16256733). */
  @Test
  void theWorkedUnit() {
    var spec = new Spec(Basis.FOURIER, 2, 1, Activation.ZERO, Sharing.BLOCK, false, false);
    var functions = new RowFunctions(spec, 1, 2, context(2));
    SequencedMap<String, Tensor> tensors = StateDict.of(functions);
    Context.assign(requireNonNull(tensors.get("cos")), .5, .1, -.2, .4);
    Context.assign(requireNonNull(tensors.get("sin")), .3, 0, .2, -.1);
    Context.assign(requireNonNull(tensors.get("weight")), 2, -1);
    Tensor rows = functions.of(Memory.doubles(new double[] {.3, -1.2, 0, 0}, 1, 1, 2, 2));
    double[] phi = Memory.doubles(rows);
    assertThat(phi[0]).isCloseTo(0.16256733, within(5e-9));
    double[] sigma = Memory.doubles(functions.weights(rows));
    assertThat(sigma[0]).isCloseTo(0.32513466, within(1e-8));
    assertThat(sigma[1]).isCloseTo(-0.16256733, within(5e-9));
  }

  /** Tiny: 197 tokens, 3 heads, 12 blocks, grid 3, rank 12. */
  @Test
  void parametersOfTiny() {
    Context meta = context(197).withDevice(Device.META);
    long[] counts = new long[4];
    for (int block = 0; block < 12; block++) {
      Context here = meta.atBlock(block, 12);
      for (int i = 0; i < counts.length; i++) {
        Sharing sharing = i % 2 == 0 ? Sharing.BLOCK : Sharing.UNIVERSAL;
        var spec = new Spec(Basis.FOURIER, 3, 12, Activation.ZERO, sharing, false, i >= 2);
        counts[i] += StateDict.parameterCount(spec.build(Heads.of(3, 64), here));
      }
    }
    assertThat(counts).containsExactly(595_728, 49_644, 765_936, 63_828);
  }

  /** The Fourier basis does not see whole turns; it does see what softmax would not. */
  @Test
  void scoresAreAngles() {
    var functions = new RowFunctions(Spec.example(), HEADS, TOKENS, context(TOKENS));
    Tensor scores = normal(1, 2, HEADS, TOKENS, TOKENS);
    Tensor rows = functions.of(scores);
    Tensor turned = functions.of(scores.add(new Scalar(2 * Math.PI)));
    assertThat(distance(turned, rows)).isLessThan(1e-13);
    assertThat(distance(functions.of(scores.add(new Scalar(1))), rows)).isGreaterThan(0.1);
  }

  @Test
  void withoutCoefficientsOrWeightsThereIsNothing() {
    for (List<String> emptied : List.of(List.of("cos", "sin"), List.of("weight"))) {
      Weighting weighting = Spec.example().build(Heads.of(HEADS, WIDTH), context(TOKENS));
      for (String name : emptied) {
        Tensor tensor = requireNonNull(StateDict.of(weighting).get(name));
        Backpropagation.set(tensor, torch.zeros_like(tensor));
      }
      Tensor y = mixed(weighting, tokens(1), tokens(2), tokens(3));
      assertThat(y.abs().max().item_double()).isZero();
    }
  }

  /** Phi^T (W^T V) and (Phi^T W^T) V. */
  @ParameterizedTest
  @EnumSource(Basis.class)
  void bothOrdersAgree(Basis basis) {
    for (int rank : new int[] {4, 0}) {
      Weighting weighting =
          spec(basis, rank, Activation.ZERO, false).build(Heads.of(HEADS, WIDTH), context(TOKENS));
      Tensor v = tokens(3);
      Tensor factored = mixed(weighting, tokens(1), tokens(2), v);
      Tensor[] weights = new Tensor[1];
      Pass listened = Pass.evaluation((_, tensor) -> weights[0] = tensor);
      Tensor formed = weighting.mix(tokens(1), tokens(2), v, all(v), listened);
      assertThat(weights[0].shape()).containsExactly(2, HEADS, TOKENS, TOKENS);
      assertThat(distance(factored, formed)).isLessThan(1e-13);
      assertThat(distance(weights[0].matmul(v), formed)).isZero();
    }
  }

  @Test
  void bothOrdersAgreeInFloat32() {
    Context of197 = Context.cpu(1).at(new Layout.Grid(List.of(14, 14), 1, false));
    Weighting weighting = Spec.example().build(Heads.of(1, 8), of197);
    Tensor[] qkv = new Tensor[3];
    for (int i = 0; i < 3; i++) {
      qkv[i] = Memory.to(normal(i + 1, 1, 1, 197, 8), DType.FLOAT32);
    }
    Tensor factored = mixed(weighting, qkv[0], qkv[1], qkv[2]);
    Tensor formed =
        weighting.mix(qkv[0], qkv[1], qkv[2], all(qkv[0]), Pass.evaluation((_, _) -> {}));
    double largest = formed.abs().max().item_double();
    assertThat(distance(factored, formed)).isLessThan(1e-5 * largest);
  }

  /** Blockwise operators with the same values give the same, and their gradients add up. */
  @Test
  void aUniversalOperatorCollectsTheGradientsOfItsBlocks() {
    var universal = new Spec(Basis.FOURIER, 3, 4, Activation.ZERO, Sharing.UNIVERSAL, false, false);
    Context context = context(TOKENS);
    Weighting first = universal.build(Heads.of(HEADS, WIDTH), context.atBlock(0, 2));
    Weighting second = universal.build(Heads.of(HEADS, WIDTH), context.atBlock(1, 2));
    assertThat(StateDict.of(second)).isEmpty();
    Weighting[] own = new Weighting[2];
    for (int i = 0; i < 2; i++) {
      own[i] =
          spec(Basis.FOURIER, 4, Activation.ZERO, false)
              .build(Heads.of(HEADS, WIDTH), context(TOKENS));
      StateDict.copy(StateDict.of(first), StateDict.of(own[i]));
    }
    Tensor shared =
        mixed(second, mixed(first, tokens(1), tokens(2), tokens(3)), tokens(4), tokens(5));
    Tensor apart =
        mixed(own[1], mixed(own[0], tokens(1), tokens(2), tokens(3)), tokens(4), tokens(5));
    assertThat(distance(shared, apart)).isZero();
    Backpropagation.run(shared, tokens(6));
    Backpropagation.run(apart, tokens(6));
    StateDict.of(first)
        .forEach((name, tensor) -> {
          Tensor sum =
              requireNonNull(StateDict.of(own[0]).get(name))
                  .grad()
                  .add(requireNonNull(StateDict.of(own[1]).get(name)).grad());
          assertThat(distance(tensor.grad(), sum)).as(name).isLessThan(1e-14);
        });
    Weighting ofAnotherLayout =
        universal.build(Heads.of(HEADS, WIDTH), context.at(new Layout.Line(7, false, false)));
    assertThat(StateDict.of(ofAnotherLayout)).isNotEmpty();
  }

  /** Keys have places: permuted tokens do not give permuted results. */
  @Test
  void tokensHavePlaces() {
    Weighting weighting = Spec.example().build(Heads.of(HEADS, WIDTH), context(TOKENS));
    Tensor y = mixed(weighting, tokens(1), tokens(2), tokens(3));
    Tensor turned = mixed(weighting, tokens(1).flip(2), tokens(2).flip(2), tokens(3).flip(2));
    assertThat(distance(turned.flip(2), y)).isGreaterThan(0.1);
  }

  @Test
  void rowsOnTheSimplex() {
    var spec = new Spec(Basis.FOURIER, 3, 4, Activation.ZERO, Sharing.BLOCK, true, false);
    Weighting weighting = spec.build(Heads.of(HEADS, WIDTH), context(TOKENS));
    Tensor[] weights = new Tensor[1];
    weighting.mix(
        tokens(1),
        tokens(2),
        tokens(3),
        all(tokens(1)),
        Pass.evaluation((_, tensor) -> weights[0] = tensor));
    assertThat(weights[0].min().item_double()).isNotNegative();
    assertThat(weights[0].sum(-1).sub(new Scalar(1)).abs().max().item_double()).isLessThan(1e-14);
  }

  /** The kept graph and the one that is made again have the same gradients, in every basis. */
  @ParameterizedTest
  @EnumSource(Basis.class)
  void gradientsOfFeaturesThatAreMadeAgain(Basis basis) {
    for (boolean kanScales : new boolean[] {false, true}) {
      Spec spec = spec(basis, 4, Activation.SILU, kanScales);
      Weighting again = spec.build(Heads.of(HEADS, WIDTH), context(TOKENS));
      Weighting kept = spec.build(Heads.of(HEADS, WIDTH), context(TOKENS).composed());
      Tensor[] q = {tokens(1).set_requires_grad(true), tokens(1).set_requires_grad(true)};
      Tensor a = mixed(again, q[0], tokens(2), tokens(3));
      Tensor b = mixed(kept, q[1], tokens(2), tokens(3));
      assertThat(distance(a, b)).isLessThan(1e-14);
      Backpropagation.run(a, tokens(4));
      Backpropagation.run(b, tokens(4));
      assertThat(distance(q[0].grad(), q[1].grad())).isLessThan(1e-13);
      StateDict.of(kept)
          .forEach((name, tensor) -> {
            Tensor other = requireNonNull(StateDict.of(again).get(name)).grad();
            assertThat(distance(other, tensor.grad())).as(name).isLessThan(1e-12);
            assertThat(other.abs().max().item_double()).as(name).isPositive();
          });
    }
  }

  @Test
  void whatDoesNotFitIsRefused() {
    Heads heads = Heads.of(HEADS, WIDTH);
    Spec spec = Spec.example();
    assertThatThrownBy(() -> spec.build(heads, Context.cpu(1).at(new Layout.Line(5, true, false))))
        .hasMessageStartingWith("weighting kolmogorov-arnold weighs all tokens together");
    assertThatThrownBy(() -> spec.build(heads, Context.cpu(1)))
        .hasMessage(
            "weighting kolmogorov-arnold needs to know how many tokens come; here are tokens in no order");
    assertThatThrownBy(
            () -> spec(Basis.FOURIER, 0, Activation.ZERO, false).build(heads, context(65)))
        .hasMessage(
            "weighting kolmogorov-arnold: rank = 0, one function a token, is for up to 64 tokens; here are 65");
    Weighting of7 = spec.build(heads, context(7));
    assertThatThrownBy(() -> mixed(of7, tokens(1), tokens(2), tokens(3)))
        .hasMessage(
            "weighting kolmogorov-arnold was built for 7 tokens, of which each has a place; here are 5");
    assertThatThrownBy(() -> spec(Basis.FOURIER, 4, Activation.RELU, false))
        .hasMessage("base = relu: zero, identity, silu or gelu");
  }
}
