package org.kat4j.model.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.kat4j.error.UserException;
import org.kat4j.model.CausalTransformer;
import org.kat4j.model.TokenModel;
import org.kat4j.torch.Backpropagation;
import org.kat4j.torch.Context;
import org.kat4j.torch.DType;
import org.kat4j.torch.Device;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Registry;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;

/** What a language model writes: drawing, streams against reading all again, ends, refusals. */
class GeneratorTest {
  private static final int VOCABULARY = 13;
  private static final int LONGEST = 10;
  private static final int[] PROMPT = {3, 1, 4, 1};
  private static final Sampling LIVELY = new Sampling(1.3, 0, 1);

  private final Scope scope = Scope.open();
  private final CausalTransformer model = model();

  @AfterEach
  void close() {
    scope.close();
  }

  /** Sharp enough that what it writes is no noise about one number. */
  private static CausalTransformer model() {
    CausalTransformer model =
        CausalTransformer.Spec.example()
            .with(VOCABULARY, LONGEST)
            .build(Context.cpu(5).withDType(DType.FLOAT64));
    for (Tensor parameter : StateDict.trained(model).values()) {
      if (parameter.dim() == 2) {
        Backpropagation.set(parameter, parameter.mul(new Scalar(8)));
      }
    }
    return model;
  }

  /** The same model, without a memory. */
  private record Forgetful(CausalTransformer model) implements TokenModel {
    @Override
    public Tensor forward(Tensor tokens, Pass pass) {
      return model.forward(tokens, pass);
    }

    @Override
    public CausalTransformer.Spec spec() {
      return model.spec();
    }

    @Override
    public void register(Registry registry) {
      model.register(registry);
    }
  }

  private static int[] written(TokenModel model, Request request) {
    return new Generator(model, Device.CPU).write(request);
  }

  @Test
  void theSeedDecidesTheText() {
    int[] text = written(model, Request.of(PROMPT, 8, LIVELY, 1));
    assertThat(text).hasSize(8).containsExactly(written(model, Request.of(PROMPT, 8, LIVELY, 1)));
    assertThat(text).isNotEqualTo(written(model, Request.of(PROMPT, 8, LIVELY, 2)));
    assertThat(Arrays.stream(text).distinct().count()).isGreaterThan(2);
  }

  /** Beyond the longest text too, where the last half is read again. */
  @Test
  void aModelThatCannotGoOnWritesTheSame() {
    for (Sampling sampling : List.of(Sampling.greedy(), LIVELY, new Sampling(2, 5, 0.8))) {
      Request request = Request.of(PROMPT, 40, sampling, 3);
      assertThat(written(new Forgetful(model), request)).containsExactly(written(model, request));
    }
  }

  @Test
  void greedyTakesTheMostProbable() {
    int[] text = written(model, Request.of(PROMPT, 5, Sampling.greedy(), 1));
    long[] all = new long[PROMPT.length + text.length];
    for (int i = 0; i < all.length; i++) {
      all[i] = i < PROMPT.length ? PROMPT[i] : text[i - PROMPT.length];
    }
    try (var _ = Scope.noGradients()) {
      Tensor logits = model.forward(Tensor.create(all).view(1, -1), Pass.evaluation());
      double[] values = Memory.doubles(logits);
      for (int i = 0; i < text.length; i++) {
        int row = (PROMPT.length - 1 + i) * VOCABULARY;
        double best = Arrays.stream(values, row, row + VOCABULARY).max().orElseThrow();
        assertThat(values[row + text[i]]).isEqualTo(best);
      }
    }
  }

  @Test
  void textsOfOneLengthAreWrittenTogether() {
    List<int[]> prompts = List.of(PROMPT, new int[] {0, 12, 7, 7});
    List<int[]> rows = new ArrayList<>();
    var request = new Request(prompts, 6, Sampling.greedy(), 0, Set.of());
    assertThat(new Generator(model, Device.CPU).write(request, rows::add)).isEqualTo(6);
    for (int i = 0; i < 2; i++) {
      int at = i;
      assertThat(rows.stream().mapToInt(row -> row[at]).toArray())
          .containsExactly(written(model, Request.of(prompts.get(i), 6, Sampling.greedy(), 0)));
    }
  }

  @Test
  void anEndTokenEndsItsTextAlone() {
    List<int[]> prompts = List.of(PROMPT, new int[] {0, 12, 7, 7});
    int[] first = written(model, Request.of(PROMPT, 9, Sampling.greedy(), 0));
    int[] second = written(model, Request.of(prompts.get(1), 9, Sampling.greedy(), 0));
    int end = first[1];
    List<int[]> rows = new ArrayList<>();
    var request = new Request(prompts, 9, Sampling.greedy(), 0, Set.of(end));
    new Generator(model, Device.CPU).write(request, rows::add);
    assertThat(shown(rows, 0)).isEqualTo(until(first, end, rows.size()));
    assertThat(shown(rows, 1)).isEqualTo(until(second, end, rows.size()));
  }

  private static List<Integer> shown(List<int[]> rows, int at) {
    return rows.stream().map(row -> row[at]).toList();
  }

  private static List<Integer> until(int[] text, int end, int length) {
    List<Integer> all = new ArrayList<>();
    for (int i = 0; i < length; i++) {
      all.add(all.contains(end) ? Generator.ENDED : text[i]);
    }
    return all;
  }

  @Test
  void whoeverListensMayStop() {
    List<int[]> rows = new ArrayList<>();
    int written =
        new Generator(model, Device.CPU)
            .write(
                Request.of(PROMPT, 50, LIVELY, 1),
                next -> {
                  rows.add(next);
                  return rows.size() < 3;
                });
    assertThat(written).isEqualTo(3);
    assertThat(rows).hasSize(3);
  }

  /** Shares of 4,000 draws, three deviations wide: sqrt(0.25 / 4000) = 0.008. */
  @ParameterizedTest
  @ValueSource(strings = {"all", "topK", "topP", "both"})
  void drawsWithTheProbabilities(String which) {
    Sampling sampling =
        switch (which) {
          case "all" -> new Sampling(2, 0, 1);
          case "topK" -> new Sampling(2, 2, 1);
          case "topP" -> new Sampling(2, 0, 0.7);
          default -> new Sampling(2, 3, 0.55);
        };
    double[] p = {0.1, 0.4, 0.2, 0.3};
    double[] wanted =
        switch (which) {
          case "all" -> p;
          case "topK" -> new double[] {0, 4 / 7.0, 0, 3 / 7.0};
          case "topP" -> new double[] {0, 4 / 7.0, 0, 3 / 7.0}; // 0.4 + 0.3 reach 0.7
          default ->
              new double[] {0, 4 / 7.0, 0, 3 / 7.0}; // of 0.9: 0.44, 0.33; the second reaches
        };
    double[] logits = Arrays.stream(p).map(x -> 2 * Math.log(x)).toArray();
    int draws = 4000;
    double[] uniform = new double[draws];
    for (int i = 0; i < draws; i++) {
      uniform[i] = (i + 0.5) / draws;
    }
    Tensor rows = Memory.doubles(logits, 1, 4).expand(draws, 4);
    long[] drawn = Memory.longs(sampling.draw(rows, Memory.doubles(uniform, draws, 1)));
    for (int token = 0; token < 4; token++) {
      int number = token;
      double share = Arrays.stream(drawn).filter(d -> d == number).count() / (double) draws;
      assertThat(share).isCloseTo(wanted[token], within(0.001));
    }
  }

  @Test
  void whatCannotBeReadIsRefusedInOneLine() {
    refused(new int[11], "the prompt has 11 tokens, the model reads 10 at most: shorten it");
    refused(
        new int[] {1, 13},
        "the prompt has token 13, the model knows 0 to 12: is this its tokenizer?");
    refused(new int[0], "nothing to go on from: a prompt of one token or more is needed");
    assertThatThrownBy(() -> new Sampling(1, 0, 0)).hasMessageContaining("topP = 0.0");
    assertThatThrownBy(() -> new Sampling(-1, 0, 1)).hasMessageContaining("temperature = -1");
  }

  private void refused(int[] prompt, String message) {
    assertThatThrownBy(() -> written(model, Request.of(prompt, 5, LIVELY, 1)))
        .isInstanceOf(UserException.class)
        .hasMessage(message);
  }
}
