package org.kat4j.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;
import static org.kat4j.kernel.Rationals.distance;
import static org.kat4j.kernel.Rationals.elements;
import static org.kat4j.kernel.Rationals.tensor;

import java.util.Arrays;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Worked examples and identities of the group rational function, for all kernels. */
class RationalExamplesTest {
  private PointerScope scope;

  @BeforeEach
  void open() {
    scope = new PointerScope();
  }

  @AfterEach
  void close() {
    scope.close();
  }

  static Stream<RationalKernel> kernels() {
    return Stream.of(new VectorRational(), new ScalarRational(), new ComposedRational());
  }

  private static Rationals.Case single(double[] x, double[] upstream, double[] a, double[] b) {
    return new Rationals.Case(
        tensor(x, 1, x.length),
        tensor(upstream, 1, x.length),
        tensor(a, 1, a.length),
        tensor(b, 1, b.length),
        new GroupLayout(1, 1, x.length));
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void identityPassesThroughBitForBitAndStillMovesItsDenominator(RationalKernel kernel) {
    double[] x = {-3, -0.7, 0, 0.1, 1.9, 1e4};
    double[] u = {0.3, -1.1, 2, 0.9, -0.4, 1e-9};
    Rationals.Case identity =
        single(x, u, Rationals.IDENTITY_NUMERATOR, Rationals.IDENTITY_DENOMINATOR)
            .to(ScalarType.Float);
    assertThat(elements(identity.forward(kernel))).isEqualTo(elements(identity.x()));
    RationalKernel.Gradients gradients = identity.backward(kernel);
    assertThat(elements(gradients.x())).isEqualTo(elements(identity.upstream()));
    double[] db = new double[4];
    for (int i = 0; i < x.length; i++) {
      for (int k = 1; k <= 4; k++) {
        db[k - 1] -= u[i] * x[i] * Math.pow(Math.abs(x[i]), k);
      }
    }
    assertThat(distance(gradients.denominator(), tensor(db, 4))).isLessThan(1e-6);
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void workedExample(RationalKernel kernel) {
    double[][] dx = {{-1.5, -0.503136155, 0.188709436}, {0.7, 0.263599811, 0.053651741}};
    for (double[] row : dx) {
      Rationals.Case one = worked(row[0]);
      assertThat(elements(one.forward(kernel))[0]).isCloseTo(row[1], within(1e-9));
      assertThat(elements(one.backward(kernel).x())[0]).isCloseTo(row[2], within(1e-9));
    }
    RationalKernel.Gradients negative = worked(-1.5).backward(kernel);
    assertThat(elements(negative.numerator()))
        .containsExactly(
            new double[] {
              0.407955125, -0.611932687, 0.917899031, -1.376848547, 2.06527282, -3.09790923
            },
            within(1e-8));
    assertThat(elements(negative.denominator()))
        .containsExactly(
            new double[] {0.307885459, -0.461828189, 0.692742284, 1.039113426}, within(1e-9));
    assertThat(elements(worked(0.7).backward(kernel).denominator()))
        .containsExactly(
            new double[] {-0.130790761, 0.091553533, -0.064087473, -0.044861231}, within(1e-9));
    RationalKernel.Gradients two = worked(2).backward(kernel);
    assertThat(elements(worked(2).forward(kernel))[0]).isCloseTo(0.2625, within(1e-12));
    assertThat(elements(two.x())[0]).isCloseTo(0.032173295, within(1e-9));
    assertThat(elements(two.numerator())[0]).isCloseTo(0.284090909, within(1e-9));
    assertThat(elements(two.numerator())[5]).isCloseTo(9.090909091, within(1e-9));
    assertThat(elements(two.denominator())[3]).isCloseTo(-1.193181818, within(1e-9));
  }

  private static Rationals.Case worked(double x) {
    return single(
        new double[] {x},
        new double[] {1},
        Rationals.WORKED_NUMERATOR,
        Rationals.WORKED_DENOMINATOR);
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void publishedCoefficientSets(RationalKernel kernel) {
    double[] x = {-2, 0.5, 5, 100};
    Rationals.Case swish = single(x, x, Rationals.SWISH_NUMERATOR, Rationals.SWISH_DENOMINATOR);
    assertThat(elements(swish.forward(kernel)))
        .containsExactly(
            new double[] {-0.238406045, 0.311229595, 4.964719697, 60.4034233}, within(2e-6));
    double[] positive = {1, 3};
    Rationals.Case gelu =
        single(positive, positive, Rationals.GELU_NUMERATOR, Rationals.GELU_DENOMINATOR);
    assertThat(elements(gelu.forward(kernel)))
        .containsExactly(new double[] {0.823506, 1.531052}, within(1e-6));
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void signOfDenominatorsAndScaleOfNumerators(RationalKernel kernel) {
    Rationals.Case drawn = draw(false);
    var flipped =
        new Rationals.Case(
            drawn.x(),
            drawn.upstream(),
            drawn.numerator(),
            drawn.denominator().neg(),
            drawn.layout());
    assertThat(elements(flipped.forward(kernel))).isEqualTo(elements(drawn.forward(kernel)));
    double[] db = elements(drawn.backward(kernel).denominator());
    double[] turned = elements(flipped.backward(kernel).denominator());
    for (int i = 1; i < db.length; i++) { // the first is 0 and has sign +1 either way
      assertThat(turned[i]).isEqualTo(-db[i]);
    }
    assertThat(turned[0]).isEqualTo(db[0]);
    var scaled =
        new Rationals.Case(
            drawn.x(),
            drawn.upstream(),
            drawn.numerator().mul(new Scalar(4.0)),
            drawn.denominator(),
            drawn.layout());
    assertThat(elements(scaled.forward(kernel)))
        .isEqualTo(elements(drawn.forward(kernel).mul(new Scalar(4.0))));
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void sharedNumeratorEqualsEqualRowsAndSumsTheirGradients(RationalKernel kernel) {
    Rationals.Case shared = draw(true);
    var repeated =
        new Rationals.Case(
            shared.x(),
            shared.upstream(),
            shared.numerator().repeat(shared.layout().groups(), 1),
            shared.denominator(),
            shared.layout());
    assertThat(elements(repeated.forward(kernel))).isEqualTo(elements(shared.forward(kernel)));
    Tensor rows = repeated.backward(kernel).numerator();
    assertThat(distance(shared.backward(kernel).numerator(), rows.sum(0))).isLessThan(1e-13);
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void sumRules(RationalKernel kernel) {
    Rationals.Case drawn = draw(false);
    RationalKernel.Gradients gradients = drawn.backward(kernel);
    double euler = drawn.numerator().mul(gradients.numerator()).sum().item_double();
    double total = drawn.upstream().mul(drawn.forward(kernel)).sum().item_double();
    assertThat(euler).isCloseTo(total, within(1e-11 * Math.abs(total)));

    Tensor identity = torch.zeros_like(drawn.numerator());
    identity.select(1, 1).fill_(new Scalar(1.0));
    var plain =
        new Rationals.Case(
            drawn.x(),
            torch.ones_like(drawn.x()),
            identity,
            torch.zeros_like(drawn.denominator()),
            drawn.layout());
    RationalKernel.Gradients ones = plain.backward(kernel);
    double perGroup = (double) drawn.layout().elements() / drawn.layout().groups();
    assertThat(elements(ones.x())).containsOnly(1);
    assertThat(elements(ones.numerator().select(1, 0))).containsOnly(perGroup);
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void imagesEqualPermutedTokens(RationalKernel kernel) {
    GroupLayout layout = new GroupLayout(2, 4, 3 * 5 * 7);
    Rationals.Case image = Rationals.random(3, layout, new long[] {2, 12, 5, 7}, 5, 4, false);
    assertThat(GroupLayout.channelsFirst(image.x(), 4)).isEqualTo(layout);
    Tensor x = image.x().permute(0, 2, 3, 1).contiguous();
    Tensor upstream = image.upstream().permute(0, 2, 3, 1).contiguous();
    var tokens =
        new Rationals.Case(
            x, upstream, image.numerator(), image.denominator(), GroupLayout.channelsLast(x, 4));
    Tensor back = tokens.forward(kernel).permute(0, 3, 1, 2).contiguous();
    assertThat(elements(back)).isEqualTo(elements(image.forward(kernel)));
    RationalKernel.Gradients first = image.backward(kernel);
    RationalKernel.Gradients last = tokens.backward(kernel);
    assertThat(elements(last.x().permute(0, 3, 1, 2).contiguous())).isEqualTo(elements(first.x()));
    assertThat(distance(last.numerator(), first.numerator())).isLessThan(1e-13);
    assertThat(distance(last.denominator(), first.denominator())).isLessThan(1e-13);
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void finiteDifferences(RationalKernel kernel) {
    double[] x = {-2.1, -0.6, 0.4, 1.3, 2.2};
    double[] u = {0.7, -1.2, 0.5, 1.1, -0.3};
    double[] a = Rationals.WORKED_NUMERATOR;
    double[] b = {0.3, -0.4, 0.1, 0.02};
    RationalKernel.Gradients gradients = single(x, u, a, b).backward(kernel);
    double[][] inputs = {x, a, b};
    Tensor[] found = {gradients.x(), gradients.numerator(), gradients.denominator()};
    double step = 1e-5;
    for (int which = 0; which < inputs.length; which++) {
      for (int i = 0; i < inputs[which].length; i++) {
        double kept = inputs[which][i];
        inputs[which][i] = kept + step;
        double above = loss(kernel, x, u, a, b);
        inputs[which][i] = kept - step;
        double below = loss(kernel, x, u, a, b);
        inputs[which][i] = kept;
        assertThat(elements(found[which])[i]).isCloseTo((above - below) / (2 * step), within(1e-6));
      }
    }
  }

  private static double loss(
      RationalKernel kernel, double[] x, double[] u, double[] a, double[] b) {
    Rationals.Case moved = single(x, u, a, b);
    return moved.forward(kernel).mul(moved.upstream()).sum().item_double();
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void zeroUpstreamGivesZeroAndLargeInputsStayFinite(RationalKernel kernel) {
    Rationals.Case drawn = draw(false);
    RationalKernel.Gradients none =
        kernel.backward(
            torch.zeros_like(drawn.x()),
            drawn.x(),
            drawn.numerator(),
            drawn.denominator(),
            drawn.layout());
    assertThat(Stream.of(none.x(), none.numerator(), none.denominator()))
        .allSatisfy(gradient ->
            assertThat(elements(gradient)).matches(v -> Arrays.stream(v).allMatch(e -> e == 0)));
    double[] large = {1e4, -1e4};
    Rationals.Case far =
        single(large, large, Rationals.SWISH_NUMERATOR, Rationals.SWISH_DENOMINATOR)
            .to(ScalarType.Float);
    RationalKernel.Gradients gradients = far.backward(kernel);
    assertThat(
            Stream.of(
                    far.forward(kernel),
                    gradients.x(),
                    gradients.numerator(),
                    gradients.denominator())
                .flatMapToDouble(t -> Arrays.stream(elements(t))))
        .allMatch(Double::isFinite);
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void expandedAndEmptyTensors(RationalKernel kernel) {
    Rationals.Case drawn = draw(false);
    Tensor one = torch.ones_like(drawn.x()).sum().mul(new Scalar(0.0)).add(new Scalar(1.0));
    RationalKernel.Gradients expanded =
        kernel.backward(
            one.expand(drawn.x().sizes()),
            drawn.x(),
            drawn.numerator(),
            drawn.denominator(),
            drawn.layout());
    RationalKernel.Gradients dense =
        kernel.backward(
            torch.ones_like(drawn.x()),
            drawn.x(),
            drawn.numerator(),
            drawn.denominator(),
            drawn.layout());
    assertThat(elements(expanded.x())).isEqualTo(elements(dense.x()));

    Tensor empty = torch.empty_like(drawn.x().narrow(0, 0, 0));
    GroupLayout layout = GroupLayout.channelsLast(empty, drawn.layout().groups());
    assertThat(kernel.forward(empty, drawn.numerator(), drawn.denominator(), layout).numel())
        .isZero();
    assertThat(
            elements(
                kernel
                    .backward(empty, empty, drawn.numerator(), drawn.denominator(), layout)
                    .numerator()))
        .containsOnly(0);
  }

  private static Rationals.Case draw(boolean shared) {
    return Rationals.random(5, new GroupLayout(9, 4, 12), new long[] {9, 48}, 5, 4, shared);
  }

  @Test
  void signOfZeroIsPositive() {
    Rationals.Case atZero =
        single(
            new double[] {0, -0.0},
            new double[] {1, 1},
            Rationals.WORKED_NUMERATOR,
            Rationals.WORKED_DENOMINATOR);
    kernels() // dF/dx = a1 - |b1| a0
        .forEach(kernel ->
            assertThat(elements(atZero.backward(kernel).x()))
                .containsExactly(new double[] {0.47, 0.47}, within(1e-15)));
  }

  @Test
  void layoutsThatDoNotFitAreNamed() {
    Tensor x = torch.zeros(2, 3, 20);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> GroupLayout.channelsLast(x, 8))
        .withMessage("20 channels of shape [2, 3, 20] do not split into 8 equal groups");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> GroupLayout.channelsFirst(x, 1))
        .withMessageContaining("[batch, channels, height, width]");
    Rationals.Case drawn = draw(false);
    assertThatIllegalArgumentException()
        .isThrownBy(() ->
            new VectorRational()
                .forward(
                    drawn.x(), drawn.numerator(), drawn.denominator(), new GroupLayout(9, 4, 13)));
    assertThatIllegalArgumentException()
        .isThrownBy(() ->
            new VectorRational()
                .forward(drawn.x().t(), drawn.numerator(), drawn.denominator(), drawn.layout()))
        .withMessageContaining("not contiguous");
  }
}
