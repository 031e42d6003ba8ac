package org.kat4j.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.kat4j.channel.ChannelMixer;
import org.kat4j.channel.KanMlp;
import org.kat4j.config.Config;
import org.kat4j.config.Records;
import org.kat4j.convolution.Convolution;
import org.kat4j.error.UserException;
import org.kat4j.function.kan.KanLayer;
import org.kat4j.token.KanAttention;
import org.kat4j.token.TokenMixer;
import org.kat4j.torch.Context;
import org.kat4j.torch.Device;
import org.kat4j.torch.Safetensors;
import org.kat4j.torch.Scope;

/** A small file that describes a huge model is refused before anything of that size is taken. */
class DescribedSizeTest {
  private static final long FEW_BYTES = 16 << 20;
  private static final int NARROW = 24;
  private static final int WIDE = 3 << 14;

  @TempDir Path folder;

  private static Stream<Record> examples(Class<?> sealed) {
    return Arrays.stream(sealed.getPermittedSubclasses())
        .map(type -> {
          try {
            return (Record) type.getMethod("example").invoke(null);
          } catch (ReflectiveOperationException missing) {
            throw new AssertionError(type + " needs a public static example()", missing);
          }
        });
  }

  static Stream<Record> layers() {
    return examples(KanLayer.Spec.class);
  }

  static Stream<VisionTransformer.Spec> models() {
    var plain = VisionTransformer.Spec.vit(8, 4, 1, 2, NARROW, 2, 2);
    Stream<VisionTransformer.Spec> channels =
        examples(ChannelMixer.Spec.class).map(m -> plain.withChannelMixer((ChannelMixer.Spec) m));
    Stream<VisionTransformer.Spec> kans =
        layers().map(f -> plain.withChannelMixer(new KanMlp.Spec(1, (KanLayer.Spec) f, false, 0)));
    VisionTransformer.Spec ofAGrid = // pooling has no place for other tokens
        Records.with(
            plain,
            Map.of(
                "classToken", false, "registers", 0, "pooling", VisionTransformer.Pooling.AVERAGE));
    Stream<VisionTransformer.Spec> tokens =
        Stream.concat(
                examples(TokenMixer.Spec.class),
                layers().map(f -> new KanAttention.Spec(1, (KanLayer.Spec) f, false)))
            .map(m -> with(ofAGrid, NARROW, 2, (TokenMixer.Spec) m));
    return Stream.of(channels, kans, tokens).flatMap(s -> s);
  }

  private static VisionTransformer.Spec with(
      VisionTransformer.Spec s, int width, int depth, TokenMixer.Spec tokens) {
    return Records.with(s, Map.of("width", width, "depth", depth, "tokenMixer", tokens));
  }

  private static long allocatedBytes() {
    return ((ThreadMXBean) ManagementFactory.getThreadMXBean()).getCurrentThreadAllocatedBytes();
  }

  private void refusedWithoutMemory(Model.Spec spec) {
    Path file = folder.resolve("small.safetensors");
    try (Scope _ = Scope.open()) {
      Tensor nothing = torch.zeros(1);
      Safetensors.write(
          file,
          Map.of("head.weight", nothing),
          Map.of(Weights.MODEL, Config.toJson((Record) spec)));
    }
    long before = allocatedBytes();
    assertThatThrownBy(() -> WeightsFile.open(file).close())
        .isInstanceOf(UserException.class)
        .hasMessageContaining(file.toString())
        .message()
        .doesNotContain("\n")
        .containsAnyOf("more numbers than these weights", "more tensors than these weights");
    assertThat(allocatedBytes() - before).isLessThan(FEW_BYTES);
  }

  @ParameterizedTest
  @MethodSource("models")
  void aWideOrDeepTransformerIsRefused(VisionTransformer.Spec spec) {
    refusedWithoutMemory(with(spec, WIDE, 1000, spec.tokenMixer()));
    refusedWithoutMemory(with(spec, NARROW, 1000, spec.tokenMixer()));
  }

  @Test
  void aWideConvnetIsRefused() {
    examples(Convolution.Spec.class)
        .forEach(convolution -> {
          ConvNet.Spec e = ConvNet.Spec.example();
          refusedWithoutMemory(
              new ConvNet.Spec(
                  256,
                  1024,
                  e.classes(),
                  WIDE / 8,
                  4,
                  (Convolution.Spec) convolution,
                  e.norm(),
                  e.activation(),
                  e.pooling(),
                  e.readout(),
                  0));
        });
  }

  /** Without an allowance too: a description on the meta device has shapes only. */
  @ParameterizedTest
  @MethodSource("layers")
  void aLayerWithoutMemoryTakesNone(Record spec) {
    int wide = 2520 * 40; // what groups and functions of the examples divide
    long before = allocatedBytes();
    try (Scope _ = Scope.open()) {
      var layer = ((KanLayer.Spec) spec).build(wide, wide, Context.cpu(0).withDevice(Device.META));
      assertThat(layer).isNotNull();
    }
    assertThat(allocatedBytes() - before).isLessThan(FEW_BYTES);
  }
}
