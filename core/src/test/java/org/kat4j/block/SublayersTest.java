package org.kat4j.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.SequencedMap;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.kat4j.block.Sublayers.Mixer;
import org.kat4j.block.Sublayers.Placement;
import org.kat4j.channel.ChannelMixer;
import org.kat4j.channel.Mlp;
import org.kat4j.function.Norm;
import org.kat4j.function.RmsNorm;
import org.kat4j.token.Attention;
import org.kat4j.torch.Backpropagation;
import org.kat4j.torch.Context;
import org.kat4j.torch.DType;
import org.kat4j.torch.Part;
import org.kat4j.torch.Pass;
import org.kat4j.torch.RandomStream;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;

/** Blocks written out: where norms stand, in which order mixers come, and what names they get. */
class SublayersTest {
  private static final int WIDTH = 6;
  private static final Attention.Spec TOKENS = Attention.Spec.heads(2);
  private static final Mlp.Spec CHANNELS = new Mlp.Spec(2, Mlp.Activation.GELU, 0);
  private static final Norm.Spec RMS = RmsNorm.Spec.example();

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

  private static Sublayers.Spec spec(
      Placement placement, ResidualConnection.Spec residual, Mixer... order) {
    return new Sublayers.Spec(TOKENS, CHANNELS, placement, List.of(order), RMS, residual);
  }

  private static Sublayers built(Sublayers.Spec spec) {
    Sublayers block = spec.build(WIDTH, 0, context());
    long seed = 10;
    for (Tensor parameter : StateDict.of(block).values()) {
      Backpropagation.set(parameter, normal(seed++, parameter.shape()));
    }
    return block;
  }

  private static Context context() {
    return Context.cpu(1).withDType(DType.FLOAT64);
  }

  /** Parts that stand alone, with the numbers of those in the block. */
  private record Alone(SequencedMap<String, Tensor> numbers) {
    private void set(Part part, String name) {
      StateDict.of(part)
          .forEach((n, t) ->
              Backpropagation.set(t, Objects.requireNonNull(numbers.get(name + "." + n))));
    }

    Tensor norm(String name, Tensor x) {
      Norm norm = RMS.build(WIDTH, context());
      set(norm, name);
      return norm.forward(x);
    }

    Tensor tokens(String name, Tensor x) {
      Attention mixer = TOKENS.build(WIDTH, context());
      set(mixer, name);
      return mixer.forward(x, Pass.evaluation());
    }

    Tensor channels(String name, Tensor x) {
      ChannelMixer mixer = CHANNELS.build(WIDTH, context());
      set(mixer, name);
      return mixer.forward(x, Pass.evaluation());
    }
  }

  private void assertSame(Tensor found, Tensor wanted) {
    double scale = wanted.abs().max().item_double();
    assertThat(found.sub(wanted).abs().max().item_double()).isLessThan(1e-13 * scale);
  }

  @Test
  void preNormChannelsFirst() {
    Sublayers block =
        built(spec(Placement.PRE, new ResidualConnection.Add(), Mixer.CHANNEL, Mixer.TOKEN));
    Alone alone = new Alone(StateDict.of(block));
    Tensor first = x.add(alone.channels("mlp", alone.norm("norm1", x)));
    Tensor wanted = first.add(alone.tokens("attn", alone.norm("norm2", first)));
    assertSame(block.forward(x, Pass.evaluation()), wanted);
  }

  @Test
  void postNormNormalisesTheSum() {
    Sublayers block =
        built(spec(Placement.POST, new ResidualConnection.Add(), Mixer.TOKEN, Mixer.CHANNEL));
    Alone alone = new Alone(StateDict.of(block));
    Tensor first = alone.norm("norm1", x.add(alone.tokens("attn", x)));
    Tensor wanted = alone.norm("norm2", first.add(alone.channels("mlp", first)));
    assertSame(block.forward(x, Pass.evaluation()), wanted);
  }

  @Test
  void layerScaleScalesTheBranch() {
    Sublayers block =
        built(spec(Placement.PRE, ResidualConnection.Spec.scaled(0.1), Mixer.CHANNEL));
    Alone alone = new Alone(StateDict.of(block));
    Tensor gamma = Objects.requireNonNull(StateDict.of(block).get("ls1.gamma"));
    Tensor wanted = x.add(alone.channels("mlp", alone.norm("norm1", x)).mul(gamma));
    assertSame(block.forward(x, Pass.evaluation()), wanted);
  }

  @Test
  void aMixerThatStandsThereAgainHasItsNumber() {
    Sublayers block =
        built(
            spec(
                Placement.PRE,
                new ResidualConnection.Add(),
                Mixer.CHANNEL,
                Mixer.TOKEN,
                Mixer.CHANNEL));
    List<String> names = new ArrayList<>(StateDict.of(block).keySet());
    assertThat(names)
        .containsExactly(
            "norm1.weight",
            "mlp.fc1.weight",
            "mlp.fc1.bias",
            "mlp.fc2.weight",
            "mlp.fc2.bias",
            "norm2.weight",
            "attn.qkv.weight",
            "attn.qkv.bias",
            "attn.proj.weight",
            "attn.proj.bias",
            "norm3.weight",
            "mlp3.fc1.weight",
            "mlp3.fc1.bias",
            "mlp3.fc2.weight",
            "mlp3.fc2.bias");
    Alone alone = new Alone(StateDict.of(block));
    Tensor first = x.add(alone.channels("mlp", alone.norm("norm1", x)));
    Tensor second = first.add(alone.tokens("attn", alone.norm("norm2", first)));
    Tensor wanted = second.add(alone.channels("mlp3", alone.norm("norm3", second)));
    assertSame(block.forward(x, Pass.evaluation()), wanted);
  }

  @Test
  void aTapHearsEveryMixerAndTheSum() {
    List<String> heard = new ArrayList<>();
    Sublayers block = built(Sublayers.Spec.timm(TOKENS, CHANNELS, 0, 1e-6));
    Tensor _ = block.forward(x, Pass.evaluation((name, _) -> heard.add(name)));
    assertThat(heard).containsExactly("attn.weights", "attn", "mlp.hidden", "mlp", "out");
  }

  @Test
  void countsTheWorkOfItsMixers() {
    Sublayers.Spec three =
        spec(
            Placement.PRE, new ResidualConnection.Add(), Mixer.CHANNEL, Mixer.TOKEN, Mixer.CHANNEL);
    assertThat(three.macs(5, WIDTH)).isEqualTo(TOKENS.macs(5, WIDTH) + 2 * CHANNELS.macs(5, WIDTH));
  }

  @Test
  void nothingIsNoBlock() {
    assertThatThrownBy(() -> spec(Placement.PRE, new ResidualConnection.Add()))
        .hasMessage("order: a block without mixers does nothing");
  }
}
