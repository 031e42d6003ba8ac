package org.kat4j.model;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.kat4j.block.Backbone;
import org.kat4j.block.MixerException;
import org.kat4j.block.Residual;
import org.kat4j.block.ResidualConnection;
import org.kat4j.block.Stack;
import org.kat4j.block.Sublayers;
import org.kat4j.channel.ChannelMixer;
import org.kat4j.channel.Mlp;
import org.kat4j.config.Check;
import org.kat4j.config.Kind;
import org.kat4j.config.Records;
import org.kat4j.error.UserException;
import org.kat4j.function.LayerNorm;
import org.kat4j.function.Linear;
import org.kat4j.function.LinearCrossEntropy;
import org.kat4j.function.Norm;
import org.kat4j.token.Attention;
import org.kat4j.token.TokenMixer;
import org.kat4j.torch.Context;
import org.kat4j.torch.Dropout;
import org.kat4j.torch.Init;
import org.kat4j.torch.Layout;
import org.kat4j.torch.Losses;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Registry;
import org.kat4j.torch.StateDict;
import org.kat4j.torch.Stream;

/**
 * A language model: each token is read with those before it, and gets the logits of the one that
 * follows. GPT-2, Llama and Qwen3 are such models; with {@code gr-kan} it is KAT's.
 *
 * <p>Taps: {@code embedded}, {@code blocks.i.…}, {@code features}. It goes on with a {@link
 * Stream}. Sources: GPT-2 (Radford et al. 2019); KAT, arXiv 2409.10594. Names as in {@link
 * VisionTransformer}, with {@code tok_embed.weight} for the tokens.
 */
public final class CausalTransformer implements TokenModel {
  /** What tells tokens their places; rotary positions are a step of attention. */
  public enum Positions {
    /** A learnable vector for each place. */
    LEARNED,
    /**
     * Sines and cosines of each place, added to the embeddings times sqrt(width). Source: arXiv
     * 1706.03762.
     */
    SINUSOIDAL,
    /** Nothing but what mixers know themselves. */
    NONE
  }

  /** Initial weights. */
  public enum Start {
    /**
     * GPT-2's: normal with deviation 0.02, last layers of branches divided by sqrt(2 depth), biases
     * 0.
     */
    GPT2,
    /**
     * The same, but linear layers behind learnable functions keep the variance of what the function
     * gets, as KAT's do, before the last ones are divided.
     */
    KAN,
    /**
     * All matrices normal with deviation sqrt(2 / (5 width)), biases 0. Source: Nguyen and Salazar,
     * arXiv 1910.05895; PolyCom's start.
     */
    SMALL
  }

  /**
   * @param vocabulary numbers that a token may have
   * @param longest tokens of a sequence at most
   * @param width channels of a token
   * @param depth number of blocks
   * @param tokenMixer first slot of every block
   * @param channelMixer second slot of every block
   * @param exceptions blocks with another mixer
   * @param backbone in which order, and how often, the blocks are gone through
   * @param norm before every mixer and after the last block
   * @param positions what tells tokens their places
   * @param tiedHead whether the logits are products with the embeddings of the tokens
   * @param dropout rate after the embeddings, in [0, 1)
   * @param dropPath drop path rate of the last block; it grows linearly from 0
   * @param start initial weights
   */
  @Kind("causal-transformer")
  public record Spec(
      int vocabulary,
      int longest,
      int width,
      int depth,
      TokenMixer.Spec tokenMixer,
      ChannelMixer.Spec channelMixer,
      List<MixerException> exceptions,
      Backbone.Spec backbone,
      Norm.Spec norm,
      Positions positions,
      boolean tiedHead,
      double dropout,
      double dropPath,
      Start start)
      implements TokenModel.Spec {
    public Spec {
      exceptions = List.copyOf(exceptions);
      Check.between("vocabulary", vocabulary, 2, 1 << 24);
      Check.between("longest", longest, 1, 1 << 24);
      Check.between("width", width, 1, 65_536);
      Check.between("depth", depth, 1, 1_000);
      Check.inRange("dropout", dropout, 0, 1);
      Check.inRange("dropPath", dropPath, 0, 1);
      new Stack.Spec(depth, block(tokenMixer, channelMixer, norm), exceptions);
      backbone.check(depth, layout(longest));
    }

    /** Each block once. */
    public Spec(
        int vocabulary,
        int longest,
        int width,
        int depth,
        TokenMixer.Spec tokenMixer,
        ChannelMixer.Spec channelMixer,
        List<MixerException> exceptions,
        Norm.Spec norm,
        Positions positions,
        boolean tiedHead,
        double dropout,
        double dropPath,
        Start start) {
      this(
          vocabulary,
          longest,
          width,
          depth,
          tokenMixer,
          channelMixer,
          exceptions,
          new Backbone.Once(),
          norm,
          positions,
          tiedHead,
          dropout,
          dropPath,
          start);
    }

    /** A small model of bytes. */
    public static Spec example() {
      return new Spec(
          256,
          64,
          48,
          2,
          Attention.Spec.heads(3),
          Mlp.Spec.example(),
          List.of(),
          new LayerNorm.Spec(1e-5, true),
          Positions.LEARNED,
          true,
          0,
          0,
          Start.GPT2);
    }

    /** The same for other tokens and lengths. */
    public Spec with(int vocabulary, int longest) {
      return Records.with(this, Map.of("vocabulary", vocabulary, "longest", longest));
    }

    private static Sublayers.Spec block(
        TokenMixer.Spec tokenMixer, ChannelMixer.Spec channelMixer, Norm.Spec norm) {
      return Sublayers.Spec.pre(tokenMixer, channelMixer, norm, new ResidualConnection.Add());
    }

    private Stack.Spec stack() {
      return new Stack.Spec(depth, block(tokenMixer, channelMixer, norm), exceptions);
    }

    private static Layout layout(int longest) {
      return new Layout.Line(longest, true, false);
    }

    @Override
    public Signature.Tokens signature() {
      return new Signature.Tokens(vocabulary, longest, vocabulary, true);
    }

    @Override
    public Spec fittedTo(Signature other) {
      if (!(other instanceof Signature.Tokens tokens)
          || !tokens.each()
          || tokens.outputs() != tokens.vocabulary()) {
        throw new UserException(
            "this model says of every token which one follows, not: " + other.describe());
      }
      return with(tokens.vocabulary(), tokens.longest());
    }

    @Override
    public CausalTransformer build(Context context) {
      return new CausalTransformer(this, context);
    }

    @Override
    public long macs() {
      return backbone.macs(stack(), longest, width) + (long) longest * width * vocabulary;
    }
  }

  private final Spec spec;
  private final Embedding tokens; // [vocabulary, width]
  private final TokenPositions positions;
  private final Backbone blocks;
  private final Norm norm;
  private final @Nullable Linear head;
  private final boolean fused;

  private CausalTransformer(Spec spec, Context context) {
    this.spec = spec;
    tokens = new Embedding(context.parameter(spec.vocabulary, spec.width));
    positions = TokenPositions.of(spec, context);
    fused = context.fused();
    Context inside = context.at(Spec.layout(spec.longest));
    blocks = spec.backbone.over(spec.stack().build(spec.width, spec.dropPath, inside));
    norm = spec.norm.build(spec.width, context);
    head = spec.tiedHead ? null : new Linear(spec.width, spec.vocabulary, false, context);
    if (context.hasMemory() && !context.overwritten()) {
      double deviation = CausalStart.deviation(spec.start, spec.width);
      Init.normal(tokens.weight(), deviation, context.random());
      if (positions instanceof TokenPositions.Learned learned) {
        Init.normal(learned.vectors(), deviation, context.random());
      }
      CausalStart.apply(this, deviation, context.random());
    }
  }

  @Override
  public Tensor forward(Tensor tokens, Pass pass) {
    return logits(forwardFeatures(tokens, pass));
  }

  @Override
  public boolean streams() {
    return true;
  }

  @Override
  public Tensor next(Tensor tokens, Pass pass) {
    return logits(forwardFeatures(tokens, pass).narrow(1, -1, 1)).select(1, 0);
  }

  /** In training the mean over all that the backbone asks to be right. */
  @Override
  public Tensor loss(Tensor tokens, Tensor next, Pass pass) {
    if (!pass.training()) {
      return loss(forwardFeatures(tokens, pass), next);
    }
    List<Residual> outputs = blocks.outputs(begun(tokens, pass), pass.at("blocks"));
    Tensor sum = loss(features(outputs.getFirst()), next);
    for (Residual output : outputs.subList(1, outputs.size())) {
      sum = sum.add(loss(features(output), next));
    }
    return outputs.size() == 1 ? sum : sum.div(new Scalar(outputs.size()));
  }

  private Tensor loss(Tensor tokens, Tensor next) {
    Tensor features = tokens.flatten(0, 1); // [batch * tokens, width]
    return fused && LinearCrossEntropy.isWorthwhile(features, spec.vocabulary)
        ? LinearCrossEntropy.mean(features, headWeight(), next.flatten())
        : Losses.crossEntropy(logits(features), next.flatten(), 0);
  }

  /** The tokens after the last block and the final norm: {@code [batch, tokens, width]}. */
  public Tensor forwardFeatures(Tensor tokens, Pass pass) {
    Stream stream = pass.stream();
    if (stream != null) {
      stream.begin(tokens.size(1));
    }
    Tensor features = features(blocks.forward(begun(tokens, pass), pass.at("blocks")));
    pass.tap().record("features", features);
    if (stream != null) {
      stream.end();
    }
    return features;
  }

  private Residual begun(Tensor tokens, Pass pass) {
    if (tokens.size(1) > spec.longest) {
      throw new UserException(
          "%,d tokens: this model reads %,d at most".formatted(tokens.size(1), spec.longest));
    }
    Tensor embedded = positions.addedTo(this.tokens.forward(tokens), pass.stream());
    Tensor x = Dropout.elements(embedded, spec.dropout, pass);
    pass.tap().record("embedded", x);
    return Residual.of(x);
  }

  private Tensor features(Residual output) {
    return output.normed(norm, true).value(); // the head rounds it so
  }

  /** {@code [..., width]} to {@code [..., vocabulary]}. */
  public Tensor logits(Tensor features) {
    return Linear.apply(features, headWeight());
  }

  /** {@code [vocabulary, width]}; that of the embeddings where they are tied. */
  public Tensor headWeight() {
    return head == null ? tokens.weight() : head.weight();
  }

  @Override
  public Spec spec() {
    return spec;
  }

  @Override
  public Set<String> noWeightDecay() {
    Set<String> names = new HashSet<>(StateDict.undecayed(this));
    names.addAll(List.of("pos_embed"));
    return names;
  }

  @Override
  public void register(Registry registry) {
    registry.part("tok_embed", tokens);
    positions.register(registry);
    registry.part("blocks", blocks);
    registry.part("norm", norm);
    if (head != null) {
      registry.part("head", head);
    }
  }
}
