package org.kat4j.model;

import java.util.List;
import java.util.Optional;
import org.kat4j.attention.QueryKeyStep;
import org.kat4j.attention.Rotary;
import org.kat4j.attention.RotaryScaling;
import org.kat4j.channel.ChannelMixer;
import org.kat4j.channel.GatedMlp;
import org.kat4j.channel.Mlp;
import org.kat4j.error.UserException;
import org.kat4j.function.LayerNorm;
import org.kat4j.function.RmsNorm;
import org.kat4j.token.Attention;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * The {@code config.json} of a language model in transformers' words. What was written is read
 * again: only where that gives the same model does the architecture know it.
 */
final class HubLanguageConfig {
  private HubLanguageConfig() {}

  /** A language model of transformers and its {@code config.json}. */
  record Written(HubLanguage architecture, ObjectNode config) {}

  /**
   * @throws UserException where no architecture is such a model
   */
  static Written of(CausalTransformer.Spec spec) {
    for (HubLanguage language : HubLanguage.values()) {
      Optional<ObjectNode> config = language == HubLanguage.GPT2 ? gpt2(spec) : llama(spec);
      if (config.isPresent()) {
        config.get().putArray("architectures").add(language.architecture());
        if (reads(language, config.get(), spec)) {
          return new Written(language, config.get());
        }
      }
    }
    throw new UserException(
        "no architecture of transformers is such a language model (Llama, Qwen3 and GPT-2 are known): write a .safetensors file instead");
  }

  private static boolean reads(
      HubLanguage language, ObjectNode config, CausalTransformer.Spec spec) {
    try {
      return essence(language.spec(config)).equals(essence(spec));
    } catch (UserException other) {
      return false;
    }
  }

  /** What decides the output: without rates of training, and defaults as such. */
  private static CausalTransformer.Spec essence(CausalTransformer.Spec s) {
    Attention.Spec a = attention(s).orElseThrow();
    var plain =
        new Attention.Spec(
            a.heads(),
            a.keyValueHeads() == a.heads() ? 0 : a.keyValueHeads(),
            a.headWidth() * a.heads() == s.width() ? 0 : a.headWidth(),
            a.projections(),
            a.values(),
            a.qkvBias(),
            a.outBias(),
            a.queryKey(),
            a.scores(),
            a.weighting(),
            0);
    ChannelMixer.Spec mixer =
        switch (s.channelMixer()) {
          case Mlp.Spec mlp -> new Mlp.Spec(mlp.ratio(), mlp.activation(), 0);
          case GatedMlp.Spec mlp -> new GatedMlp.Spec(mlp.ratio(), mlp.activation(), mlp.bias(), 0);
          default -> s.channelMixer();
        };
    return new CausalTransformer.Spec(
        s.vocabulary(),
        s.longest(),
        s.width(),
        s.depth(),
        plain,
        mixer,
        s.exceptions(),
        s.backbone(),
        s.norm(),
        s.positions(),
        s.tiedHead(),
        0,
        0,
        CausalTransformer.Start.GPT2);
  }

  private static Optional<Attention.Spec> attention(CausalTransformer.Spec spec) {
    return spec.tokenMixer() instanceof Attention.Spec attention
        ? Optional.of(attention)
        : Optional.empty();
  }

  private static Optional<ObjectNode> gpt2(CausalTransformer.Spec spec) {
    if (!(spec.tokenMixer() instanceof Attention.Spec attention)
        || !(spec.channelMixer() instanceof Mlp.Spec mlp)
        || !(spec.norm() instanceof LayerNorm.Spec norm)) {
      return Optional.empty();
    }
    ObjectNode c = JsonNodeFactory.instance.objectNode();
    c.put("model_type", "gpt2");
    c.put("vocab_size", spec.vocabulary());
    c.put("n_positions", spec.longest());
    c.put("n_embd", spec.width());
    c.put("n_layer", spec.depth());
    c.put("n_head", attention.heads());
    c.put("n_inner", ChannelMixer.hiddenWidth(mlp.ratio(), spec.width()));
    c.put("activation_function", HubKeys.name(mlp.activation()));
    c.put("layer_norm_epsilon", norm.epsilon());
    c.put("tie_word_embeddings", spec.tiedHead());
    return Optional.of(c);
  }

  /** Llama's keys; with norms of heads the same are Qwen3's. */
  private static Optional<ObjectNode> llama(CausalTransformer.Spec spec) {
    if (!(spec.tokenMixer() instanceof Attention.Spec attention)
        || !(spec.channelMixer() instanceof GatedMlp.Spec mlp)
        || !(spec.norm() instanceof RmsNorm.Spec norm)) {
      return Optional.empty();
    }
    List<QueryKeyStep.Spec> steps = attention.queryKey();
    if (steps.isEmpty() || !(steps.getLast() instanceof Rotary.Spec rotary)) {
      return Optional.empty();
    }
    ObjectNode c = JsonNodeFactory.instance.objectNode();
    c.put("model_type", steps.size() == 1 ? "llama" : "qwen3");
    c.put("vocab_size", spec.vocabulary());
    c.put("max_position_embeddings", spec.longest());
    c.put("hidden_size", spec.width());
    c.put("num_hidden_layers", spec.depth());
    c.put("num_attention_heads", attention.heads());
    int shared = attention.keyValueHeads();
    c.put("num_key_value_heads", shared == 0 ? attention.heads() : shared);
    int headWidth = attention.headWidth();
    c.put("head_dim", headWidth == 0 ? spec.width() / attention.heads() : headWidth);
    c.put("attention_bias", attention.qkvBias());
    c.put("intermediate_size", ChannelMixer.hiddenWidth(mlp.ratio(), spec.width()));
    c.put("hidden_act", HubKeys.name(mlp.activation()));
    c.put("rms_norm_eps", norm.epsilon());
    c.put("tie_word_embeddings", spec.tiedHead());
    ObjectNode angles = c.putObject("rope_parameters");
    angles.put("rope_theta", rotary.base());
    switch (rotary.scaling()) {
      case RotaryScaling.None _ -> angles.put("rope_type", "default");
      case RotaryScaling.Linear linear ->
          angles.put("rope_type", "linear").put("factor", linear.factor());
      case RotaryScaling.Llama3 llama3 ->
          angles
              .put("rope_type", "llama3")
              .put("factor", llama3.factor())
              .put("low_freq_factor", llama3.lowFactor())
              .put("high_freq_factor", llama3.highFactor())
              .put("original_max_position_embeddings", llama3.original());
    }
    return Optional.of(c);
  }
}
