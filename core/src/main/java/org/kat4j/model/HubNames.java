package org.kat4j.model;

import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.kat4j.torch.Context;
import org.kat4j.torch.Device;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;

/** Names of tensors of language models here and in transformers. */
final class HubNames {
  private static final Pattern IN_BLOCK = Pattern.compile("blocks\\.(\\d+)\\.(.+)\\.(\\w+)");

  private static final Map<String, String> LLAMA_BLOCK =
      Map.ofEntries(
          Map.entry("norm1", "input_layernorm"),
          Map.entry("attn.q_proj", "self_attn.q_proj"),
          Map.entry("attn.k_proj", "self_attn.k_proj"),
          Map.entry("attn.v_proj", "self_attn.v_proj"),
          Map.entry("attn.q_norm", "self_attn.q_norm"),
          Map.entry("attn.k_norm", "self_attn.k_norm"),
          Map.entry("attn.proj", "self_attn.o_proj"),
          Map.entry("norm2", "post_attention_layernorm"),
          Map.entry("mlp.fc1_g", "mlp.gate_proj"),
          Map.entry("mlp.fc1_x", "mlp.up_proj"),
          Map.entry("mlp.fc2", "mlp.down_proj"));
  private static final Map<String, String> LLAMA_REST =
      Map.of(
          "tok_embed.weight", "model.embed_tokens.weight",
          "norm.weight", "model.norm.weight",
          "head.weight", "lm_head.weight");

  private static final Map<String, String> GPT2_BLOCK =
      Map.of(
          "norm1", "ln_1",
          "attn.qkv", "attn.c_attn",
          "attn.proj", "attn.c_proj",
          "norm2", "ln_2",
          "mlp.fc1", "mlp.c_fc",
          "mlp.fc2", "mlp.c_proj");
  private static final Map<String, String> GPT2_REST =
      Map.of(
          "tok_embed.weight", "transformer.wte.weight",
          "pos_embed", "transformer.wpe.weight",
          "norm.weight", "transformer.ln_f.weight",
          "norm.bias", "transformer.ln_f.bias",
          "head.weight", "lm_head.weight");

  private HubNames() {}

  /** The names that a model has here, in the order of its state dict. */
  static List<String> ours(Model.Spec spec) {
    try (Scope _ = Scope.open();
        Model shapes = spec.build(Context.cpu(0).withDevice(Device.META))) {
      return List.copyOf(StateDict.of(shapes).keySet());
    }
  }

  static String llama(String ours) {
    Matcher block = IN_BLOCK.matcher(ours);
    if (block.matches()) {
      String part = known(LLAMA_BLOCK.get(block.group(2)), ours);
      return "model.layers." + block.group(1) + "." + part + "." + block.group(3);
    }
    return known(LLAMA_REST.get(ours), ours);
  }

  static String gpt2(String ours) {
    Matcher block = IN_BLOCK.matcher(ours);
    if (block.matches()) {
      String part = known(GPT2_BLOCK.get(block.group(2)), ours);
      return "transformer.h." + block.group(1) + "." + part + "." + block.group(3);
    }
    return known(GPT2_REST.get(ours), ours);
  }

  /** GPT-2 was written with layers whose matrices are {@code [in, out]}. */
  static boolean isTransposedInGpt2(String ours) {
    Matcher block = IN_BLOCK.matcher(ours);
    return block.matches() && !block.group(2).startsWith("norm") && block.group(3).equals("weight");
  }

  /** Tensors of files that say nothing: constants of older versions, a tied head stored again. */
  static boolean isLeftOut(String stored, boolean tiedHead) {
    return stored.endsWith(".attn.bias")
        || stored.endsWith(".attn.masked_bias")
        || stored.endsWith(".rotary_emb.inv_freq")
        || tiedHead && stored.equals("lm_head.weight");
  }

  private static String known(@Nullable String name, String ours) {
    if (name == null) {
      throw new IllegalArgumentException("tensor " + ours + " has no name in transformers");
    }
    return name;
  }
}
