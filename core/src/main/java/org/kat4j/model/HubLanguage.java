package org.kat4j.model;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import org.kat4j.attention.HeadNorm;
import org.kat4j.attention.QueryKeyStep;
import org.kat4j.attention.QueryKeyValue;
import org.kat4j.attention.Rotary;
import org.kat4j.attention.RotaryScaling;
import org.kat4j.attention.Softmax;
import org.kat4j.channel.ChannelMixer;
import org.kat4j.channel.GatedMlp;
import org.kat4j.channel.Mlp;
import org.kat4j.error.UserException;
import org.kat4j.function.LayerNorm;
import org.kat4j.function.Norm;
import org.kat4j.function.RmsNorm;
import org.kat4j.model.CausalTransformer.Positions;
import org.kat4j.model.CausalTransformer.Start;
import org.kat4j.token.Attention;
import org.kat4j.torch.Place;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Language models of Hugging Face's transformers, by the architecture that {@code config.json}
 * names: the model they are here, and what their tensors are called.
 */
public enum HubLanguage implements HubArchitecture {
  LLAMA("LlamaForCausalLM") {
    @Override
    CausalTransformer.Spec spec(Keys keys) {
      return keys.llama(false);
    }
  },
  QWEN3("Qwen3ForCausalLM") {
    @Override
    CausalTransformer.Spec spec(Keys keys) {
      return keys.llama(true);
    }
  },
  GPT2("GPT2LMHeadModel") {
    @Override
    CausalTransformer.Spec spec(Keys keys) {
      return keys.gpt2();
    }
  };

  private final String architecture;

  HubLanguage(String architecture) {
    this.architecture = architecture;
  }

  @Override
  public String architecture() {
    return architecture;
  }

  abstract CausalTransformer.Spec spec(Keys keys);

  @Override
  public CausalTransformer.Spec spec(ObjectNode config) {
    try {
      return spec(new Keys(new HubKeys(config)));
    } catch (IllegalArgumentException unfit) {
      throw new UserException(String.valueOf(unfit.getMessage()), unfit);
    }
  }

  @Override
  public SequencedMap<String, Place> places(Model.Spec spec) {
    SequencedMap<String, Place> all = new LinkedHashMap<>();
    boolean gpt2 = this == GPT2;
    for (String name : HubNames.ours(spec)) {
      String stored = gpt2 ? HubNames.gpt2(name) : HubNames.llama(name);
      all.put(name, new Place.Whole(stored, gpt2 && HubNames.isTransposedInGpt2(name)));
    }
    return all;
  }

  @Override
  public String canonical(String stored) {
    return stored.replaceFirst("^(model|transformer)\\.", "");
  }

  @Override
  public boolean isLeftOut(String stored, Model.Spec spec) {
    return HubNames.isLeftOut(stored, ((CausalTransformer.Spec) spec).tiedHead());
  }

  /** The keys of a {@code config.json}. */
  record Keys(HubKeys keys) {
    CausalTransformer.Spec llama(boolean headNorms) {
      keys.mustBe("mlp_bias", false);
      keys.mustBe("use_sliding_window", false);
      for (JsonNode type : keys.config().path("layer_types")) {
        if (!type.asString("").equals("full_attention")) {
          throw HubKeys.notBuilt("layer_types", type.asString(""), "full_attention");
        }
      }
      int width = keys.whole("hidden_size");
      int heads = keys.whole("num_attention_heads");
      Norm.Spec norm = new RmsNorm.Spec(keys.number("rms_norm_eps", 1e-6));
      List<QueryKeyStep.Spec> steps = new ArrayList<>();
      if (headNorms) {
        steps.add(new HeadNorm.Spec(norm));
      }
      steps.add(rotary());
      boolean bias = keys.config().path("attention_bias").asBoolean(false);
      return new CausalTransformer.Spec(
          keys.whole("vocab_size"),
          keys.whole("max_position_embeddings"),
          width,
          keys.whole("num_hidden_layers"),
          new Attention.Spec(
              heads,
              keys.whole("num_key_value_heads", heads),
              keys.whole("head_dim", 0),
              QueryKeyValue.Projections.SEPARATE,
              QueryKeyValue.Values.PROJECTED,
              bias,
              bias,
              steps,
              List.of(),
              new Softmax.Spec(),
              0),
          new GatedMlp.Spec(
              ChannelMixer.ratio(keys.whole("intermediate_size"), width),
              keys.activation("hidden_act"),
              false,
              0),
          List.of(),
          norm,
          Positions.NONE,
          keys.config().path("tie_word_embeddings").asBoolean(false),
          0,
          0,
          Start.GPT2);
    }

    CausalTransformer.Spec gpt2() {
      keys.mustBe("scale_attn_weights", true);
      keys.mustBe("scale_attn_by_inverse_layer_idx", false);
      keys.mustBe("add_cross_attention", false);
      int width = keys.whole("n_embd");
      return new CausalTransformer.Spec(
          keys.whole("vocab_size"),
          keys.whole("n_positions"),
          width,
          keys.whole("n_layer"),
          Attention.Spec.heads(keys.whole("n_head")),
          new Mlp.Spec(
              ChannelMixer.ratio(keys.whole("n_inner", 4 * width), width),
              keys.activation("activation_function"),
              0),
          List.of(),
          new LayerNorm.Spec(keys.number("layer_norm_epsilon", 1e-5), true),
          Positions.LEARNED,
          keys.config().path("tie_word_embeddings").asBoolean(true),
          0,
          0,
          Start.GPT2);
    }

    /** Newer files have all of it in {@code rope_parameters}. */
    private Rotary.Spec rotary() {
      JsonNode group = keys.config().path("rope_parameters");
      JsonNode given = group.isObject() ? group : keys.config().path("rope_scaling");
      double base = given.path("rope_theta").asDouble(keys.number("rope_theta", 10_000));
      double share =
          given.path("partial_rotary_factor").asDouble(keys.number("partial_rotary_factor", 1));
      if (share != 1) {
        throw HubKeys.notBuilt("partial_rotary_factor", String.valueOf(share), "1");
      }
      String kind = given.path("rope_type").asString(given.path("type").asString("default"));
      RotaryScaling scaling =
          switch (kind) {
            case "default" -> new RotaryScaling.None();
            case "linear" -> new RotaryScaling.Linear(given.path("factor").asDouble(0));
            case "llama3" ->
                new RotaryScaling.Llama3(
                    given.path("factor").asDouble(0),
                    given.path("low_freq_factor").asDouble(0),
                    given.path("high_freq_factor").asDouble(0),
                    given.path("original_max_position_embeddings").asInt(0));
            default -> throw HubKeys.notBuilt("rope_type", kind, "default, linear and llama3");
          };
      return new Rotary.Spec(base, Rotary.Pairing.HALF, scaling);
    }
  }
}
