package org.kat4j.block;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.kat4j.block.Looped.Injection;
import org.kat4j.block.Looped.Start;
import org.kat4j.channel.Mlp;
import org.kat4j.function.RmsNorm;
import org.kat4j.token.Attention;
import org.kat4j.torch.Backpropagation;
import org.kat4j.torch.Context;
import org.kat4j.torch.DType;
import org.kat4j.torch.Layout;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Pass;
import org.kat4j.torch.RandomStream;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;

/** Orders of blocks, written out by hand over blocks with the same weights. */
class BackboneTest {
  private static final int WIDTH = 6;
  private static final Sublayers.Spec BLOCK =
      Sublayers.Spec.pre(
          Attention.Spec.heads(2),
          new Mlp.Spec(2, Mlp.Activation.GELU, 0),
          RmsNorm.Spec.example(),
          new ResidualConnection.Add());
  private static final Layout LINE = new Layout.Line(3, true, false);

  private final Scope scope = Scope.open();
  private final Tensor x = normal(1, 2, 3, WIDTH);

  @AfterEach
  void close() {
    scope.close();
  }

  private static Tensor normal(long seed, long... shape) {
    Tensor zeros = torch.zeros(shape, new TensorOptions(ScalarType.Double));
    return new RandomStream(seed).normal(zeros, 0, 1);
  }

  /** Blocks whose weights follow from their places. */
  private static Stack blocks(int depth) {
    Context context = Context.cpu(1).withDType(DType.FLOAT64);
    Stack blocks = new Stack.Spec(depth, BLOCK, List.of()).build(WIDTH, 0, context.at(LINE));
    long seed = 10;
    for (Tensor parameter : StateDict.of(blocks).values()) {
      Backpropagation.set(parameter, normal(seed++, parameter.shape()).mul(new Scalar(0.4)));
    }
    return blocks;
  }

  private static Tensor through(Stack blocks, int from, int to, Tensor x) {
    return blocks.forward(Residual.of(x), from, to, Pass.evaluation()).sum();
  }

  private static Tensor through(Backbone backbone, Tensor x) {
    return backbone.forward(Residual.of(x), Pass.evaluation()).sum();
  }

  private static void assertSame(Tensor found, Tensor wanted) {
    double scale = wanted.abs().max().item_double();
    assertThat(found.sub(wanted).abs().max().item_double()).isLessThan(1e-13 * scale);
  }

  private static Map<String, double[]> gradients(Stack blocks, Tensor loss) {
    Backpropagation.run(loss);
    var all = new TreeMap<String, double[]>();
    StateDict.of(blocks)
        .forEach((name, parameter) -> {
          Tensor gradient = parameter.grad();
          all.put(name, gradient.defined() ? Memory.doubles(gradient) : new double[0]);
        });
    return all;
  }

  private static Looped.Spec looped(
      int pre, int post, int times, int window, Injection injection, boolean truncated) {
    return new Looped.Spec(pre, post, times, window, injection, Start.INPUT, truncated);
  }

  @Test
  void oneLoopIsAStack() {
    Looped.Spec once = looped(1, 1, 1, 1, Injection.NONE, true);
    Tensor found = through(once.over(blocks(3)), x);
    assertThat(Memory.doubles(found)).isEqualTo(Memory.doubles(through(blocks(3), x)));
    assertThat(through(new Backbone.Once().over(blocks(3)), x).equal(found)).isTrue();
    Backbone step = new Iterated.Spec(1, new Iterated.Steps()).over(blocks(3));
    assertSame(through(step, x), found);
  }

  @Test
  void loopsGetTheirInputAndEveryOneOfTheWindowGoesThroughTheEnd() {
    Stack b = blocks(3);
    Tensor u = through(b, 0, 1, x);
    Tensor first = through(b, 1, 2, u.add(u));
    Tensor second = through(b, 1, 2, first.add(u));
    Tensor third = through(b, 1, 2, second.add(u));
    Looped.Spec spec = looped(1, 1, 3, 2, Injection.ADD, true);
    Backbone backbone = spec.over(blocks(3));
    List<Residual> outputs = backbone.outputs(Residual.of(x), Pass.evaluation());
    assertThat(outputs).hasSize(2);
    assertSame(outputs.getFirst().sum(), through(b, 2, 3, second));
    assertSame(outputs.getLast().sum(), through(b, 2, 3, third));
    assertSame(through(backbone, x), through(b, 2, 3, third));

    Looped.Spec zeros = new Looped.Spec(0, 0, 2, 2, Injection.ADD, Start.ZEROS, true);
    Tensor once = through(b, x);
    assertSame(through(zeros.over(blocks(3)), x), through(b, once.add(x)));
    assertThat(StateDict.of(backbone).keySet()).isEqualTo(StateDict.of(b).keySet());
  }

  /** What stands before the window is a constant for the gradient, and no block at the end is. */
  @Test
  void theGradientEndsBeforeTheWindow() {
    Stack b = blocks(3);
    Tensor u = through(b, 0, 1, x);
    Tensor z = through(b, 1, 2, u.add(u)).detach();
    Tensor wanted = through(b, 2, 3, through(b, 1, 2, z.add(u)));
    Map<String, double[]> want = gradients(b, wanted.square().sum());

    Stack same = blocks(3);
    Backbone backbone = looped(1, 1, 2, 1, Injection.ADD, true).over(same);
    Map<String, double[]> have = gradients(same, through(backbone, x).square().sum());
    want.forEach(
        (name, values) -> assertClose(name, have.getOrDefault(name, new double[0]), values));

    Stack whole = blocks(3);
    Backbone all = looped(1, 1, 2, 1, Injection.ADD, false).over(whole);
    Map<String, double[]> other = gradients(whole, through(all, x).square().sum());
    assertThat(requireNonNull(other.get("1.mlp.fc1.weight")))
        .isNotEqualTo(requireNonNull(have.get("1.mlp.fc1.weight")));
  }

  private static void assertClose(String name, double[] found, double[] wanted) {
    assertThat(found).as(name).hasSameSizeAs(wanted);
    double scale = 0;
    for (double value : wanted) {
      scale = Math.max(scale, Math.abs(value));
    }
    for (int i = 0; i < wanted.length; i++) {
      assertThat(found[i]).as(name).isCloseTo(wanted[i], within(1e-12 * scale));
    }
  }

  /** The gradient of shared weights is the sum over untied copies. */
  @Test
  void sharedWeightsCollectTheGradientsOfAllLoops() {
    List<Function<Tensor, Tensor>> untied = new ArrayList<>();
    List<Stack> copies = List.of(blocks(1), blocks(1), blocks(1));
    copies.forEach(copy -> untied.add(u -> u.add(through(copy, u).sub(u), new Scalar(1.0 / 3))));
    Tensor u = x;
    for (Function<Tensor, Tensor> step : untied) {
      u = step.apply(u);
    }
    Backpropagation.run(u.square().sum());
    Stack shared = blocks(1);
    Backbone steps = new Iterated.Spec(3, new Iterated.Steps()).over(shared);
    Map<String, double[]> have = gradients(shared, through(steps, x).square().sum());
    StateDict.of(copies.getFirst())
        .keySet()
        .forEach(name -> {
          double[] sum = new double[have.getOrDefault(name, new double[0]).length];
          for (Stack copy : copies) {
            double[] one = Memory.doubles(requireNonNull(StateDict.of(copy).get(name)).grad());
            for (int i = 0; i < sum.length; i++) {
              sum[i] += one[i];
            }
          }
          assertClose(name, have.getOrDefault(name, new double[0]), sum);
        });
  }

  /** y(t) = t + t/2 int_0^1 s y ds has y = 1.2 t: the coefficient c becomes 1 + c/6. */
  @Test
  void theFixedPointOfALinearEquation() {
    Tensor one = torch.ones(new long[] {1}, new TensorOptions(ScalarType.Double));
    Iterated.FixedPoint half = new Iterated.FixedPoint(0.5, 0);
    Function<Integer, Double> after =
        times -> half.solved(one, times, y -> y.div(new Scalar(6))).item_double();
    assertThat(after.apply(3)).isCloseTo(1.1933835, within(5e-8));
    assertThat(after.apply(60)).isCloseTo(1.2, within(1e-12));
    // Nothing is added: the input at once.
    assertThat(half.solved(one, 5, y -> y.mul(new Scalar(0))).item_double()).isEqualTo(1);
  }

  @Test
  void iterationsEndOnceNothingMoves() {
    Tensor one = torch.ones(new long[] {1}, new TensorOptions(ScalarType.Double));
    AtomicInteger calls = new AtomicInteger();
    Tensor found =
        new Iterated.FixedPoint(0.5, 1e-3)
            .solved(
                one,
                1_000,
                y -> {
                  calls.incrementAndGet();
                  return y.div(new Scalar(6));
                });
    // y - R(y) = -(1/6) (7/12)^k: 1/6 (7/12)^10 = 7.6e-4 is the first below 1e-3.
    assertThat(calls.get()).isEqualTo(11);
    assertThat(found.item_double()).isCloseTo(1.2, within(1e-3));
  }

  @Test
  void stepsOfAConstantAddIt() {
    Tensor c = normal(3, 2, 3, WIDTH);
    assertSame(new Iterated.Steps().solved(x, 7, _ -> c), x.add(c));
  }

  @Test
  void workIsCounted() {
    Stack.Spec blocks = new Stack.Spec(3, BLOCK, List.of());
    long one = BLOCK.macs(5, WIDTH);
    assertThat(looped(1, 1, 4, 1, Injection.ADD, true).macs(blocks, 5, WIDTH)).isEqualTo(6 * one);
    assertThat(new Iterated.Spec(4, new Iterated.Steps()).macs(blocks, 5, WIDTH))
        .isEqualTo(12 * one);
    assertThat(new Iterated.Spec(4, Iterated.FixedPoint.example()).macs(blocks, 5, WIDTH))
        .isEqualTo(15 * one);
  }

  @Test
  void whatCannotLearnOrRunIsRefused() {
    assertThatThrownBy(() -> looped(1, 1, 4, 2, Injection.NONE, true))
        .hasMessageContaining("would get no gradient");
    assertThatThrownBy(() -> new Looped.Spec(0, 0, 4, 4, Injection.NONE, Start.ZEROS, false))
        .hasMessageContaining("start: zeros needs injection: add");
    assertThatThrownBy(() -> looped(1, 1, 4, 4, Injection.ADD, true).check(2, LINE))
        .hasMessageContaining("leave none of 2");
    assertThatThrownBy(
            () -> new Iterated.Spec(4, new Iterated.FixedPoint(0.5, 1e-6)).check(2, LINE))
        .hasMessageContaining("a causal model needs 0");
  }
}
