package org.kat4j.attention;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.kat4j.attention.KernelFeatures.Features;
import org.kat4j.attention.KernelFeatures.Path;
import org.kat4j.attention.KernelFeatures.Spec;
import org.kat4j.attention.ScoreStep.Places;
import org.kat4j.token.Attention;
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
import org.kat4j.torch.Stream;

/** Kernel features with a relative bias: the sheet's example, and Fourier transforms as dense. */
class KernelFeaturesTest {
  private static final int HEADS = 2;
  private static final int WIDTH = 4;

  private Scope scope;

  @BeforeEach
  void open() {
    scope = Scope.open();
  }

  @AfterEach
  void close() {
    scope.close();
  }

  private static Tensor normal(long seed, long... shape) {
    Tensor zeros = torch.zeros(shape, new TensorOptions(ScalarType.Double));
    return new RandomStream(seed).normal(zeros, 0, 1);
  }

  private static double distance(Tensor a, Tensor b) {
    return a.sub(b).abs().max().item_double();
  }

  private static void assertClose(Tensor found, double tolerance, double... wanted) {
    double[] values = Memory.doubles(found);
    assertThat(values).hasSameSizeAs(wanted);
    for (int i = 0; i < wanted.length; i++) {
      assertThat(values[i]).as("number %d", i).isCloseTo(wanted[i], within(tolerance));
    }
  }

  /** A weighting with its bias, some tokens, and what they see. */
  private record Case(Weighting weighting, RelativeBias bias, Layout layout) {
    static Case of(Spec spec, Layout layout, Heads heads, DType dtype) {
      Context context = Context.cpu(4).withDType(dtype).at(layout);
      return new Case(
          spec.build(heads, context), new RelativeBias.Spec(0).build(heads, context), layout);
    }

    Tensor table() {
      return requireNonNull(StateDict.of(bias).get("relative_position_bias_table"));
    }

    Tensor mix(Tensor q, Tensor k, Tensor v) {
      return mix(q, k, v, layout.causal() ? new Sight.Earlier() : new Sight.All());
    }

    Tensor mix(Tensor q, Tensor k, Tensor v, Sight sight) {
      Scores scores = new Scores(List.of(bias), sight, Places.of(q.size(2)));
      return weighting.mix(q, k, v, scores, Pass.evaluation());
    }
  }

  private static Spec spec(Features features, Path path) {
    return new Spec(features, 6, path);
  }

  private static Layout line(int tokens, boolean causal) {
    return new Layout.Line(tokens, causal, false);
  }

  /** n = 3, two features w = (1, 0), (0, 1), c = 3, 2, 1 at distances 0, 1, 2. */
  @Test
  void theWorkedExample() {
    Tensor q = Memory.doubles(new double[] {1, 0, 0, 1, .6, .8}, 1, 1, 3, 2);
    Tensor k = Memory.doubles(new double[] {1, 0, .6, .8, 0, 1}, 1, 1, 3, 2);
    Tensor v = Memory.doubles(new double[] {1, 2, 3}, 1, 1, 3, 1);
    double two = Math.log(2);
    double three = Math.log(3);
    for (Path path : Path.values()) {
      Spec spec = new Spec(Features.NPRF, 2, path);
      Case both = Case.of(spec, line(3, false), Heads.of(1, 2), DType.FLOAT64);
      Case causal = Case.of(spec, line(3, true), Heads.of(1, 2), DType.FLOAT64);
      for (Case one : List.of(both, causal)) {
        Backpropagation.set(
            requireNonNull(StateDict.of(one.weighting).get("draws")),
            Memory.doubles(new double[] {1, 0, 0, 1}, 2, 2));
      }
      Tensor phi = ((KernelFeatures) both.weighting).features(q, false);
      assertClose(phi, 5e-7, 1.165822, .428882, .428882, 1.165822, .781474, .954494);
      Tensor products =
          phi.matmul(((KernelFeatures) both.weighting).features(k, true).transpose(-2, -1));
      assertClose(
          products, 1e-6, 1.543081, 1.320425, 1, 1, 1.447930, 1.543081, 1.320425, 1.521761,
          1.447930);
      Backpropagation.set(both.table(), Memory.doubles(new double[] {0, two, three, two, 0}, 5, 1));
      Backpropagation.set(causal.table(), Memory.doubles(new double[] {three, two, 0}, 3, 1));
      assertClose(both.mix(q, k, v), 5e-7, 1.561161, 2.115182, 2.347205);
      assertClose(causal.mix(q, k, v), 5e-7, 1, 1.684731, 2.347205);
    }
  }

  /** float32, |b| up to 3. */
  @ParameterizedTest
  @CsvSource({"1", "2", "3", "255", "1000"})
  void transformsAreAsDense(int tokens) {
    for (boolean causal : new boolean[] {false, true}) {
      for (DType dtype : List.of(DType.FLOAT32, DType.FLOAT64)) {
        Tensor[] results = new Tensor[2];
        for (int i = 0; i < 2; i++) {
          Spec spec = spec(Features.NPRF, i == 0 ? Path.DENSE : Path.FFT);
          Case one = Case.of(spec, line(tokens, causal), Heads.of(HEADS, WIDTH), dtype);
          Tensor uniform = torch.zeros_like(one.table().to(ScalarType.Double));
          new RandomStream(9).uniform(uniform, -3, 3);
          Backpropagation.set(one.table(), uniform);
          results[i] =
              one.mix(tokens(1, tokens, dtype), tokens(2, tokens, dtype), tokens(3, tokens, dtype));
        }
        assertThat(distance(results[0], results[1]))
            .as("%d tokens, %s, causal %s", tokens, dtype, causal)
            .isLessThan(dtype == DType.FLOAT32 ? 1e-5 : 1e-13);
      }
    }
  }

  private static Tensor tokens(long seed, int tokens, DType dtype) {
    return Memory.to(normal(seed, 2, HEADS, tokens, WIDTH), dtype);
  }

  /** Queries, keys, values, biases; on a line and on a grid behind a class token. */
  @ParameterizedTest
  @EnumSource(Features.class)
  void gradientsOfTransformsAreThoseOfDense(Features features) {
    var grid = new Layout.Grid(List.of(3, 5), 1, false);
    for (Layout layout : List.of(line(16, false), grid)) {
      List<List<Tensor>> gradients = new ArrayList<>();
      for (Path path : List.of(Path.DENSE, Path.FFT)) {
        Case one = Case.of(spec(features, path), layout, Heads.of(HEADS, WIDTH), DType.FLOAT64);
        Backpropagation.set(one.table(), normal(9, one.table().shape()));
        Tensor[] leaves = new Tensor[3];
        for (int i = 0; i < 3; i++) {
          leaves[i] = tokens(i + 1, 16, DType.FLOAT64).set_requires_grad(true);
        }
        Tensor y = one.mix(leaves[0], leaves[1], leaves[2]);
        Backpropagation.run(y, tokens(8, 16, DType.FLOAT64));
        List<Tensor> found = new ArrayList<>(List.of(y.detach()));
        for (Tensor leaf : List.of(leaves[0], leaves[1], leaves[2], one.table())) {
          found.add(leaf.grad());
        }
        gradients.add(found);
      }
      for (int i = 0; i < 5; i++) {
        Tensor dense = gradients.get(0).get(i);
        assertThat(distance(dense, gradients.get(1).get(i)))
            .as("tensor %d", i)
            .isLessThan(1e-11 * Math.max(1, dense.abs().max().item_double()));
        assertThat(dense.abs().max().item_double()).isPositive();
      }
    }
  }

  /** Central differences: step^2 and 1e-16 / step. */
  @Test
  void gradientsOfBiasesAreFiniteDifferences() {
    Case one =
        Case.of(
            spec(Features.NPRF, Path.FFT), line(7, false), Heads.of(HEADS, WIDTH), DType.FLOAT64);
    Tensor q = tokens(1, 7, DType.FLOAT64);
    Tensor up = tokens(8, 7, DType.FLOAT64);
    Backpropagation.run(one.mix(q, q, q), up);
    double[] gradient = Memory.doubles(one.table().grad());
    double step = 1e-5;
    try (var _ = Scope.noGradients()) {
      for (int i = 0; i < gradient.length; i++) {
        Tensor entry = one.table().detach().view(-1).narrow(0, i, 1);
        entry.fill_(new Scalar(step));
        double above = one.mix(q, q, q).mul(up).sum().item_double();
        entry.fill_(new Scalar(-step));
        double below = one.mix(q, q, q).mul(up).sum().item_double();
        entry.fill_(new Scalar(0));
        assertThat(gradient[i]).isCloseTo((above - below) / (2 * step), within(1e-8));
      }
    }
  }

  /** No bias is linear attention; an endless one at a distance picks that token. */
  @Test
  void whatBiasesDo() {
    int n = 9;
    Tensor q = tokens(1, n, DType.FLOAT64);
    Tensor k = tokens(2, n, DType.FLOAT64);
    Tensor v = tokens(3, n, DType.FLOAT64);
    for (Path path : List.of(Path.DENSE, Path.FFT)) {
      Case one =
          Case.of(spec(Features.ELU, path), line(n, false), Heads.of(HEADS, WIDTH), DType.FLOAT64);
      Tensor phiQ = torch.elu(q).add(new Scalar(1));
      Tensor phiK = torch.elu(k).add(new Scalar(1));
      Tensor weights = phiQ.matmul(phiK.transpose(-2, -1));
      Tensor linear = weights.div(weights.sum(-1).unsqueeze(-1)).matmul(v);
      assertThat(distance(one.mix(q, k, v), linear)).isLessThan(1e-13);
      Backpropagation.set(one.table(), torch.full_like(one.table(), new Scalar(5)));
      assertThat(distance(one.mix(q, k, v), linear)).isLessThan(1e-13);
      for (int ahead : new int[] {0, 2, -3}) { // of the key
        Backpropagation.set(one.table(), torch.zeros_like(one.table()));
        one.table().detach().select(0, n - 1 - ahead).fill_(new Scalar(1e4));
        Tensor y = one.mix(q, k, v);
        int from = Math.max(0, -ahead);
        int count = n - Math.abs(ahead);
        assertThat(distance(y.narrow(2, from, count), v.narrow(2, from + ahead, count)))
            .as("%s, %d ahead", path, ahead)
            .isLessThan(1e-9);
      }
    }
  }

  /** What stands elsewhere in a line, with nothing else seen, gives the same elsewhere. */
  @Test
  void shiftedTokensGiveShiftedResults() {
    int n = 20;
    for (Path path : List.of(Path.DENSE, Path.FFT)) {
      Case one =
          Case.of(spec(Features.PRF, path), line(n, false), Heads.of(HEADS, WIDTH), DType.FLOAT64);
      Backpropagation.set(one.table(), normal(5, one.table().shape()));
      Tensor[] places = new Tensor[2];
      for (int i = 0; i < 2; i++) {
        int from = 4 + 5 * i;
        Tensor[] qkv = new Tensor[3];
        for (int j = 0; j < 3; j++) {
          Tensor line =
              torch.zeros(new long[] {2, HEADS, n, WIDTH}, new TensorOptions(ScalarType.Double));
          line.narrow(2, from, 6).copy_(tokens(j + 1, 6, DType.FLOAT64));
          qkv[j] = line;
        }
        Tensor seen = torch.zeros(new long[] {2, 1, 1, n}, new TensorOptions(ScalarType.Bool));
        seen.narrow(3, from, 6).fill_(new Scalar(1));
        places[i] = one.mix(qkv[0], qkv[1], qkv[2], new Sight.Allowed(seen)).narrow(2, from, 6);
      }
      assertThat(distance(places[0], places[1])).isLessThan(1e-12);
    }
  }

  @Test
  void lengthsOfQueriesDoNotMatterToNormalisedFeatures() {
    Case one =
        Case.of(
            spec(Features.NPRF, Path.DENSE), line(5, false), Heads.of(HEADS, WIDTH), DType.FLOAT64);
    Tensor q = tokens(1, 5, DType.FLOAT64);
    Tensor y = one.mix(q, q, q);
    assertThat(distance(one.mix(q.mul(new Scalar(7)), q, q), y)).isLessThan(1e-14);
  }

  @Test
  void laterTokensHaveNoInfluence() {
    for (Path path : List.of(Path.DENSE, Path.FFT)) {
      int n = 300; // more than are dense
      Case one = Case.of(spec(Features.PRF, path), line(n, true), Heads.of(1, 2), DType.FLOAT64);
      for (int row : new int[] {3, 290}) {
        Tensor x = normal(1, 1, 1, n, 2).set_requires_grad(true);
        one.mix(x, x, x).select(2, row).sum().backward();
        assertThat(x.grad().narrow(2, row + 1, n - row - 1).abs().max().item_double())
            .isLessThan(1e-12);
        assertThat(x.grad().narrow(2, 0, row + 1).abs().min().item_double()).isPositive();
      }
    }
  }

  /** The mean of phi(q) phi(k) is exp(q k), its relative variance (exp(|q + k|^2) - 1) / m. */
  @Test
  void productsOfFeaturesAreUnbiased() {
    int m = 400_000;
    Context context = Context.cpu(1).withDType(DType.FLOAT64);
    var weighting = new Spec(Features.NPRF, 4, Path.DENSE).build(Heads.of(1, 2), context);
    Tensor e1 = Memory.doubles(new double[] {1, 0}, 1, 1, 1, 2);
    Tensor w = normal(11, m, 2);
    Tensor products = w.select(1, 0).sub(new Scalar(0.5)).exp().square(); // of each draw
    double sum = products.mean().item_double();
    double squares = products.var(0).item_double();
    assertThat(sum).isCloseTo(Math.E, within(5 * Math.E * Math.sqrt(53.6 / m)));
    assertThat(squares / (Math.E * Math.E)).isBetween(30.0, 90.0);
    // The weighting's own features are those of its draws.
    Tensor draws = requireNonNull(StateDict.of(weighting).get("draws"));
    Tensor wanted = draws.select(1, 0).sub(new Scalar(0.5)).exp().mul(new Scalar(0.5));
    assertThat(distance(weighting.features(e1, true).view(-1), wanted)).isLessThan(1e-14);
  }

  @Test
  void drawsOfABlockAreOrthogonal() {
    Tensor draws = OrthogonalDraws.of(40, 16, Context.cpu(1).withDType(DType.FLOAT64));
    for (int block = 0; block < 3; block++) {
      Tensor rows = draws.narrow(0, block * 16L, Math.min(16, 40 - block * 16));
      Tensor products = rows.matmul(rows.t());
      assertThat(products.triu(1).abs().max().item_double()).isLessThan(1e-13);
    }
    // The mean square of a number is 1; 640 of them leave sqrt(2 / 640) = .056.
    assertThat(draws.square().mean().item_double()).isCloseTo(1, within(0.2));
  }

  /** Read piece by piece as at once, also where work is recordable: a causal mixer is streaming. */
  @Test
  void aStreamGivesTheSame() {
    int n = 11;
    for (Features features : Features.values()) {
      Attention attention =
          Attention.Spec.heads(HEADS)
              .withScores(List.of(new RelativeBias.Spec(4)))
              .withWeighting(spec(features, Path.AUTO))
              .build(HEADS * WIDTH, Context.cpu(1).withDType(DType.FLOAT64).at(line(n, true)));
      Tensor table =
          requireNonNull(StateDict.of(attention).get("scores.0.relative_position_bias_table"));
      Backpropagation.set(table, normal(5, table.shape()));
      Tensor x = normal(6, 2, n, HEADS * WIDTH);
      try (var _ = Scope.noGradients()) {
        Tensor whole = attention.forward(x, Pass.evaluation());
        for (boolean recordable : new boolean[] {false, true}) {
          assertThat(distance(streamed(attention, x, recordable, 4, 1, 1, 5), whole))
              .isLessThan(1e-13);
        }
      }
    }
  }

  private static Tensor streamed(Attention attention, Tensor x, boolean recordable, int... pieces) {
    TensorVector parts = new TensorVector();
    try (var stream = new Stream(12, Device.CPU)) {
      stream.recordable(recordable);
      int from = 0;
      for (int piece : pieces) {
        stream.begin(piece);
        parts.push_back(
            attention.forward(x.narrow(1, from, piece), Pass.evaluation().with(stream)));
        stream.end();
        from += piece;
      }
      return torch.cat(parts, 1);
    }
  }

  @Test
  void otherStepsOfScoresAreRefused() {
    assertThat(
            Arrays.stream(Features.values())
                .map(f -> spec(f, Path.AUTO).takes(new RelativeBias.Spec(0))))
        .containsOnly(true);
    Attention.Spec attention = Attention.Spec.heads(HEADS).withWeighting(Spec.example());
    assertThatThrownBy(() -> attention.withScores(List.of(DecayMask.Spec.example())))
        .hasMessageContaining("does not go with weighting kernel-features");
  }
}
