package org.kat4j.model;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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
import org.kat4j.error.NearestName;
import org.kat4j.error.UserException;
import org.kat4j.function.LayerNorm;
import org.kat4j.function.Norm;
import org.kat4j.function.RmsNorm;
import org.kat4j.model.CausalTransformer.Positions;
import org.kat4j.model.CausalTransformer.Start;
import org.kat4j.token.Attention;
import org.kat4j.torch.RenamedTensors;
import org.kat4j.torch.RenamedTensors.Place;
import org.kat4j.torch.TensorFile;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Language models of Hugging Face's transformers, by the architecture that {@code config.json}
 * names: the model they are here, and what their tensors are called.
 */
public enum HubLanguage {
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

  /** As {@code config.json} names it. */
  public String architecture() {
    return architecture;
  }

  abstract CausalTransformer.Spec spec(Keys keys);

  /**
   * The model of a {@code config.json}.
   *
   * @throws UserException where it asks for something that is not built, in one line
   */
  public CausalTransformer.Spec spec(ObjectNode config) {
    try {
      return spec(new Keys(config));
    } catch (IllegalArgumentException unfit) {
      throw new UserException(String.valueOf(unfit.getMessage()), unfit);
    }
  }

  /** Where the tensors of the model lie, by their names here. */
  public SequencedMap<String, Place> tensors(CausalTransformer.Spec spec) {
    SequencedMap<String, Place> all = new LinkedHashMap<>();
    boolean gpt2 = this == GPT2;
    for (String name : HubNames.ours(spec)) {
      String stored = gpt2 ? HubNames.gpt2(name) : HubNames.llama(name);
      all.put(name, new Place(stored, gpt2 && HubNames.isTransposedInGpt2(name)));
    }
    return all;
  }

  /**
   * The tensors of a file under their names here. The prefix that all names of the body have may be
   * missing; what has no place in the model keeps its name, so that it can be refused.
   */
  TensorFile tensors(TensorFile file, CausalTransformer.Spec spec) {
    Map<String, String> given = new LinkedHashMap<>();
    file.names().forEach(name -> given.putIfAbsent(withoutBody(name), name));
    SequencedMap<String, Place> places = new LinkedHashMap<>();
    tensors(spec)
        .forEach((ours, place) -> {
          String name = given.remove(withoutBody(place.name()));
          if (name != null) {
            places.put(ours, new Place(name, place.transposed()));
          }
        });
    for (String name : given.values()) {
      if (!HubNames.isLeftOut(name, spec.tiedHead())) {
        places.put(name, new Place(name, false));
      }
    }
    return new RenamedTensors(file, places);
  }

  private static String withoutBody(String name) {
    return name.replaceFirst("^(model|transformer)\\.", "");
  }

  /** The language model that a {@code config.json} names; empty where it names none at all. */
  static Optional<HubLanguage> named(ObjectNode config) {
    String name = config.path("architectures").path(0).asString("");
    if (name.isEmpty()) {
      return Optional.empty();
    }
    List<HubLanguage> found =
        Arrays.stream(values()).filter(one -> one.architecture.equals(name)).toList();
    if (found.isEmpty()) {
      List<String> known = Arrays.stream(values()).map(HubLanguage::architecture).toList();
      throw NearestName.unknown("architectures", name, known);
    }
    return Optional.of(found.getFirst());
  }

  /** The keys of a {@code config.json}. */
  record Keys(ObjectNode config) {
    CausalTransformer.Spec llama(boolean headNorms) {
      mustBe("mlp_bias", false);
      mustBe("use_sliding_window", false);
      for (JsonNode type : config.path("layer_types")) {
        if (!type.asString("").equals("full_attention")) {
          throw notBuilt("layer_types", type.asString(""), "full_attention");
        }
      }
      int width = whole("hidden_size");
      int heads = whole("num_attention_heads");
      Norm.Spec norm = new RmsNorm.Spec(number("rms_norm_eps", 1e-6));
      List<QueryKeyStep.Spec> steps = new ArrayList<>();
      if (headNorms) {
        steps.add(new HeadNorm.Spec(norm));
      }
      steps.add(rotary());
      boolean bias = config.path("attention_bias").asBoolean(false);
      return new CausalTransformer.Spec(
          whole("vocab_size"),
          whole("max_position_embeddings"),
          width,
          whole("num_hidden_layers"),
          new Attention.Spec(
              heads,
              whole("num_key_value_heads", heads),
              whole("head_dim", 0),
              QueryKeyValue.Projections.SEPARATE,
              QueryKeyValue.Values.PROJECTED,
              bias,
              bias,
              steps,
              List.of(),
              new Softmax.Spec(),
              0),
          new GatedMlp.Spec(
              ChannelMixer.ratio(whole("intermediate_size"), width), activation("hidden_act"), 0),
          List.of(),
          norm,
          Positions.NONE,
          config.path("tie_word_embeddings").asBoolean(false),
          0,
          0,
          Start.GPT2);
    }

    CausalTransformer.Spec gpt2() {
      mustBe("scale_attn_weights", true);
      mustBe("scale_attn_by_inverse_layer_idx", false);
      mustBe("add_cross_attention", false);
      int width = whole("n_embd");
      return new CausalTransformer.Spec(
          whole("vocab_size"),
          whole("n_positions"),
          width,
          whole("n_layer"),
          Attention.Spec.heads(whole("n_head")),
          new Mlp.Spec(
              ChannelMixer.ratio(whole("n_inner", 4 * width), width),
              activation("activation_function"),
              0),
          List.of(),
          new LayerNorm.Spec(number("layer_norm_epsilon", 1e-5), true),
          Positions.LEARNED,
          config.path("tie_word_embeddings").asBoolean(true),
          0,
          0,
          Start.GPT2);
    }

    /** Newer files have all of it in {@code rope_parameters}. */
    private Rotary.Spec rotary() {
      JsonNode group = config.path("rope_parameters");
      JsonNode given = group.isObject() ? group : config.path("rope_scaling");
      double base = given.path("rope_theta").asDouble(number("rope_theta", 10_000));
      double share =
          given.path("partial_rotary_factor").asDouble(number("partial_rotary_factor", 1));
      if (share != 1) {
        throw notBuilt("partial_rotary_factor", String.valueOf(share), "1");
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
            default -> throw notBuilt("rope_type", kind, "default, linear and llama3");
          };
      return new Rotary.Spec(base, Rotary.Pairing.HALF, scaling);
    }

    private Mlp.Activation activation(String key) {
      String name = config.path(key).asString("");
      return switch (name) {
        case "gelu" -> Mlp.Activation.GELU;
        case "gelu_new", "gelu_pytorch_tanh" -> Mlp.Activation.GELU_TANH;
        case "silu", "swish" -> Mlp.Activation.SILU;
        case "relu" -> Mlp.Activation.RELU;
        default -> throw notBuilt(key, name, "gelu, gelu_new, silu and relu");
      };
    }

    private int whole(String key) {
      JsonNode value = config.path(key);
      if (!value.isIntegralNumber() || !value.canConvertToInt() || value.intValue() < 1) {
        throw new IllegalArgumentException(key + ": a whole number of 1 or more is expected");
      }
      return value.intValue();
    }

    private int whole(String key, int otherwise) {
      return config.path(key).isNumber() ? whole(key) : otherwise;
    }

    private double number(String key, double otherwise) {
      return config.path(key).asDouble(otherwise);
    }

    private void mustBe(String key, boolean wanted) {
      if (config.path(key).asBoolean(wanted) != wanted) {
        throw notBuilt(key, String.valueOf(!wanted), String.valueOf(wanted));
      }
    }

    private static IllegalArgumentException notBuilt(String key, String value, String known) {
      return new IllegalArgumentException(
          key + " = " + value + ": " + known + " is what kat4j builds");
    }
  }
}
