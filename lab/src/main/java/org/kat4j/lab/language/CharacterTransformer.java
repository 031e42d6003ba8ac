package org.kat4j.lab.language;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.block.Block;
import org.kat4j.block.Sublayers;
import org.kat4j.channel.ChannelMixer;
import org.kat4j.config.Check;
import org.kat4j.function.LayerNorm;
import org.kat4j.function.Linear;
import org.kat4j.lab.Arm;
import org.kat4j.token.Attention;
import org.kat4j.torch.Context;
import org.kat4j.torch.Device;
import org.kat4j.torch.Init;
import org.kat4j.torch.Layout;
import org.kat4j.torch.Part;
import org.kat4j.torch.Pass;
import org.kat4j.torch.RandomStream;
import org.kat4j.torch.Registry;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;

/**
 * A causal transformer over characters: learned positions, pre-norm blocks, an output layer of its
 * own.
 *
 * <p>All matrices start normal with deviation sqrt(2 / (5 width)), biases at 0: at PolyCom's width
 * of 2048 that is its 0.01398 (sheet 17).
 */
final class CharacterTransformer implements Part {
  private static final double NORM_EPSILON = 1e-5;

  /**
   * @param characters how many different ones there are
   * @param tokens longest sequence
   * @param width channels of a token
   * @param depth number of blocks
   * @param heads of the attention; divides the width
   * @param channelMixer second slot of every block
   */
  record Spec(
      int characters, int tokens, int width, int depth, int heads, ChannelMixer.Spec channelMixer) {
    Spec {
      Check.atLeast("characters", characters, 2);
      Check.atLeast("tokens", tokens, 1);
      Check.atLeast("width", width, 1);
      Check.atLeast("depth", depth, 1);
    }

    Attention.Spec attention() {
      return Attention.Spec.heads(heads);
    }

    CharacterTransformer build(Context context) {
      return new CharacterTransformer(this, context);
    }

    /** The model as an arm; operations are those of one sequence. */
    Arm arm(String name, String what) {
      long inBlock = attention().macs(tokens, width) + channelMixer.macs(tokens, width);
      long macs = depth * inBlock + (long) tokens * width * characters;
      try (Scope _ = Scope.open()) {
        long parameters = StateDict.parameterCount(build(Context.cpu(0).withDevice(Device.META)));
        return new Arm(name, what, this, parameters, 2.0 * macs);
      }
    }
  }

  private final Tensor embedding; // [characters, width]
  private final Tensor position; // [tokens, width]
  private final List<Block> blocks = new ArrayList<>();
  private final LayerNorm norm;
  private final Linear head;

  private CharacterTransformer(Spec spec, Context context) {
    embedding = context.parameter(spec.characters, spec.width);
    position = context.parameter(spec.tokens, spec.width);
    var block = Sublayers.Spec.timm(spec.attention(), spec.channelMixer, 0, NORM_EPSILON);
    Context ofBlocks = context.at(new Layout.Line(spec.tokens, true, false));
    for (int i = 0; i < spec.depth; i++) {
      blocks.add(block.build(spec.width, 0, ofBlocks.atBlock(i, spec.depth)));
    }
    norm = new LayerNorm(spec.width, NORM_EPSILON, context);
    head = new Linear(spec.width, spec.characters, true, context);
    initialise(Math.sqrt(2.0 / (5 * spec.width)), context.random());
  }

  private void initialise(double deviation, RandomStream random) {
    Init.normal(embedding, deviation, random);
    Init.normal(position, deviation, random);
    StateDict.forEachPart(
        this,
        (_, part) -> {
          if (part instanceof Linear linear) {
            Init.normal(linear.weight(), deviation, random);
            if (linear.bias() != null) {
              Init.constant(linear.bias(), 0);
            }
          }
        });
  }

  /**
   * @param characters {@code [batch, tokens]}, int64
   * @return logits of the characters that follow, {@code [batch, tokens, characters]}
   */
  Tensor forward(Tensor characters, Pass pass) {
    long batch = characters.size(0);
    long tokens = characters.size(1);
    Tensor x =
        embedding
            .index_select(0, characters.flatten())
            .view(batch, tokens, -1)
            .add(position.narrow(0, 0, tokens));
    for (int i = 0; i < blocks.size(); i++) {
      x = blocks.get(i).forward(x, pass.at("blocks." + i));
    }
    return head.forward(norm.forward(x));
  }

  @Override
  public void register(Registry registry) {
    registry.tensor("embedding", embedding);
    registry.tensor("position", position);
    for (int i = 0; i < blocks.size(); i++) {
      registry.part("blocks." + i, blocks.get(i));
    }
    registry.part("norm", norm);
    registry.part("head", head);
  }
}
