package org.kat4j.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.kat4j.channel.ChannelMixer;
import org.kat4j.channel.KanMlp;
import org.kat4j.config.Records;
import org.kat4j.convolution.Convolution;
import org.kat4j.data.ImageData;
import org.kat4j.data.Stripes;
import org.kat4j.function.Activation;
import org.kat4j.function.kan.KanLayer;
import org.kat4j.model.ConvNet;
import org.kat4j.model.Model;
import org.kat4j.model.VisionTransformer;
import org.kat4j.token.TokenMixer;
import org.kat4j.torch.Context;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;

/**
 * Every mixer, KAN layer and convolution through a training with a moving average, stopped and
 * resumed, whose last batch has one image: what is saved but not trained is averaged, saved and
 * comes back.
 */
class StateSweepTest {
  private static final String[] SETTINGS = {
    "schedule.epochs=1", "ema.decay=0.5", "dropLast=false", "batchSize=8"
  };

  @TempDir private Path folder = Path.of("");

  /** Two full batches and one image. */
  private static ImageData data() {
    return Stripes.data(17, 8);
  }

  static Stream<Named<Model.Spec>> models() {
    return Stream.of(
            examples(TokenMixer.Spec.class).map(mixer -> transformer((TokenMixer.Spec) mixer)),
            examples(ChannelMixer.Spec.class)
                .map(mixer -> transformer().withChannelMixer((ChannelMixer.Spec) mixer)),
            examples(KanLayer.Spec.class)
                .map(layer ->
                    transformer()
                        .withChannelMixer(new KanMlp.Spec(1, (KanLayer.Spec) layer, true, 0))),
            examples(Convolution.Spec.class).map(c -> convolutions((Convolution.Spec) c)))
        .flatMap(specs -> specs)
        .map(spec -> Named.of(named(spec), spec));
  }

  private static String named(Model.Spec spec) {
    return switch (spec) {
      case ConvNet.Spec net -> net.convolution().toString();
      case VisionTransformer.Spec vit -> vit.tokenMixer() + ", " + vit.channelMixer();
      default -> spec.toString();
    };
  }

  private static Stream<Record> examples(Class<?> slot) {
    return Arrays.stream(slot.getPermittedSubclasses())
        .map(type -> {
          try {
            return (Record) type.getMethod("example").invoke(null);
          } catch (ReflectiveOperationException missing) {
            throw new AssertionError(type + " needs a public static example()", missing);
          }
        });
  }

  private static VisionTransformer.Spec transformer() {
    return (VisionTransformer.Spec) TinyRun.config("model.patchSize=14", "model.width=24").model();
  }

  private static VisionTransformer.Spec transformer(TokenMixer.Spec mixer) {
    return Records.with(
        transformer(),
        Map.of(
            "tokenMixer",
            mixer,
            "classToken", // mixers of a grid have no place for other tokens
            false,
            "pooling",
            VisionTransformer.Pooling.AVERAGE));
  }

  private static ConvNet.Spec convolutions(Convolution.Spec convolution) {
    return new ConvNet.Spec(
        Stripes.SIDE,
        1,
        4,
        4,
        1,
        convolution,
        ConvNet.Norm.BATCH,
        Activation.IDENTITY,
        ConvNet.Pooling.AVERAGE,
        ConvNet.Readout.AVERAGE,
        0);
  }

  @ParameterizedTest
  @MethodSource("models")
  void stateIsAveragedSavedAndResumed(Model.Spec spec) {
    TrainConfig config = TinyRun.config(spec, SETTINGS);
    RunFolder undisturbed = new RunFolder(folder.resolve("undisturbed"));
    List<Tensor> owned;
    try (Trainer trainer = TinyRun.start(config, undisturbed, data())) {
      trainer.run(Monitor.SILENT);
      owned = List.copyOf(StateDict.of(trainer.model()).values());
    }
    assertThat(owned).as("freed").allMatch(tensor -> tensor.isNull());

    RunFolder stopped = new RunFolder(folder.resolve("stopped"));
    try (Trainer trainer = TinyRun.start(config, stopped, data())) {
      trainer.stopAfter(1);
      trainer.run(Monitor.SILENT);
    }
    try (Trainer trainer = TinyRun.resume(stopped, data())) {
      assertThat(trainer.run(Monitor.SILENT).finished()).isTrue();
    }

    SequencedMap<String, double[]> want = TinyRun.tensors(undisturbed.last());
    SequencedMap<String, double[]> have = TinyRun.tensors(stopped.last());
    assertThat(have.keySet()).isEqualTo(want.keySet());
    want.forEach((name, values) -> {
      assertThat(have.get(name)).as(name).isEqualTo(values);
      assertThat(Arrays.stream(values)).as(name).allMatch(Double::isFinite);
    });
    checkBuffers(spec, config.seed(), want);
  }

  /** The average of a buffer has moved where the buffer has, and nowhere else. */
  private static void checkBuffers(Model.Spec spec, long seed, Map<String, double[]> saved) {
    try (Scope _ = Scope.open()) {
      Model fresh = spec.build(Context.cpu(seed));
      SequencedMap<String, Tensor> buffers = StateDict.of(fresh);
      buffers.keySet().removeAll(StateDict.trained(fresh).keySet());
      buffers.forEach((name, tensor) -> {
        double[] initial = Memory.doubles(tensor);
        double[] trained = Objects.requireNonNull(saved.get("trained/" + name), name);
        double[] average = Objects.requireNonNull(saved.get(name), name);
        for (int i = 0; i < initial.length; i++) {
          assertThat(average[i] != initial[i])
              .as(
                  "%s[%d]: %s at first, %s trained, average %s",
                  name, i, initial[i], trained[i], average[i])
              .isEqualTo(trained[i] != initial[i]);
        }
      });
      Scope.free(StateDict.of(fresh).values());
    }
  }
}
