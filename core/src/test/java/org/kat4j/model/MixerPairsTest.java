package org.kat4j.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.kat4j.block.ResidualConnection;
import org.kat4j.block.Stack;
import org.kat4j.block.Sublayers;
import org.kat4j.channel.ChannelMixer;
import org.kat4j.config.Kind;
import org.kat4j.function.SampleNorm;
import org.kat4j.optim.AdamW;
import org.kat4j.optim.Optimizer;
import org.kat4j.optim.ParameterGroup;
import org.kat4j.token.TokenMixer;
import org.kat4j.torch.Backpropagation;
import org.kat4j.torch.Context;
import org.kat4j.torch.Losses;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Pass;
import org.kat4j.torch.RandomStream;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;

/** Every token mixer with every channel mixer: a tiny model learns, and its weights come back. */
class MixerPairsTest {
  private static final int STEPS = 5;
  private static final int IMAGE = 8;

  @TempDir Path folder;

  static Stream<Arguments> pairs() {
    return examples(TokenMixer.Spec.class)
        .flatMap(tokens ->
            examples(ChannelMixer.Spec.class)
                .map(channels ->
                    Arguments.of(kind(tokens) + " and " + kind(channels), tokens, channels)));
  }

  private static Stream<Record> examples(Class<?> slot) {
    return Arrays.stream(slot.getPermittedSubclasses()).map(MixerPairsTest::example);
  }

  private static Record example(Class<?> type) {
    try {
      return (Record) type.getMethod("example").invoke(null);
    } catch (ReflectiveOperationException missing) {
      throw new AssertionError(type + " needs a public static example()", missing);
    }
  }

  private static String kind(Record spec) {
    return spec.getClass().getAnnotation(Kind.class).value();
  }

  private static MetaFormer.Spec model(TokenMixer.Spec tokens, ChannelMixer.Spec channels) {
    var block =
        Sublayers.Spec.pre(
            tokens, channels, SampleNorm.Spec.example(), new ResidualConnection.LayerScale(.5));
    var stage =
        new Stage.Spec(24, Downsampling.Spec.example(), new Stack.Spec(1, block, List.of()));
    MetaFormer.Spec small = MetaFormer.Spec.example();
    return new MetaFormer.Spec(
        IMAGE,
        1,
        3,
        List.of(stage),
        small.pooling(),
        small.norm(),
        small.head(),
        0,
        MetaFormer.Start.ALL);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("pairs")
  void learnAndComeBack(String name, TokenMixer.Spec tokens, ChannelMixer.Spec channels) {
    Context context = Context.cpu(3);
    try (Scope _ = Scope.open();
        MetaFormer model = model(tokens, channels).build(context)) {
      SequencedMap<String, Tensor> trained = StateDict.trained(model);
      var spec = new AdamW.Spec(3e-3, 0, .9, .999, 1e-8);
      Optimizer optimizer = spec.build(ParameterGroup.single(trained, 0));
      Tensor images =
          new RandomStream(4).normal(torch.zeros(new long[] {6, 1, IMAGE, IMAGE}), 0, 1);
      Tensor labels = Tensor.create(new long[] {0, 1, 2, 0, 1, 2});
      double first = Double.NaN;
      double last = Double.NaN;
      for (int step = 0; step < STEPS; step++) {
        Pass pass = Pass.training(new RandomStream(step));
        Tensor loss = Losses.crossEntropy(model.forward(images, pass), labels, 0);
        last = loss.item_double();
        first = step == 0 ? last : first;
        Backpropagation.run(loss);
        assertThat(StateDict.notFinite(trained)).isEmpty();
        optimizer.step(spec.lr());
        StateDict.clearGradients(trained);
      }
      assertThat(last).isLessThan(first);

      Path file = folder.resolve("weights.safetensors");
      Weights.save(file, model, Map.of());
      try (var loaded = (ImageModel) Weights.load(file, context)) {
        assertThat(loaded.spec()).isEqualTo(model.spec());
        double[] expected = Memory.doubles(model.forward(images, Pass.evaluation()));
        assertThat(Memory.doubles(loaded.forward(images, Pass.evaluation())))
            .containsExactly(expected);
      }
    }
  }
}
