package org.kat4j.model;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.kat4j.torch.Place;

/**
 * Names of tensors of image models here and in transformers.
 *
 * <p>Its files have kept the names of its fourth version ({@code vit.encoder.layer.0.…}); the fifth
 * has others inside ({@code vit.layers.0.…}). Both are read, the former written.
 */
final class HubImageNames {
  private static final Pattern IN_BLOCK = Pattern.compile("blocks\\.(\\d+)\\.(.+)\\.(\\w+)");

  private static final Map<String, String> REST =
      Map.of(
          "cls_token", "embeddings.cls_token",
          "reg_token", "embeddings.register_tokens",
          "pos_embed", "embeddings.position_embeddings",
          "patch_embed.proj.weight", "embeddings.patch_embeddings.projection.weight",
          "patch_embed.proj.bias", "embeddings.patch_embeddings.projection.bias",
          "norm.weight", "layernorm.weight",
          "norm.bias", "layernorm.bias");

  private static final Map<String, String> VIT_BLOCK =
      Map.of(
          "norm1", "layernorm_before",
          "attn.proj", "attention.output.dense",
          "norm2", "layernorm_after",
          "mlp.fc1", "intermediate.dense",
          "mlp.fc2", "output.dense");

  private static final Map<String, String> DINO_BLOCK =
      Map.of(
          "norm1", "norm1",
          "attn.proj", "attention.output.dense",
          "ls1", "layer_scale1",
          "norm2", "norm2",
          "mlp.fc1", "mlp.fc1",
          "mlp.fc2", "mlp.fc2",
          "ls2", "layer_scale2");

  /** Parts of names of the fourth version and of the fifth, to be replaced in this order. */
  private static final Map<String, String> TODAY = today();

  private HubImageNames() {}

  private static Map<String, String> today() {
    Map<String, String> today = new LinkedHashMap<>();
    today.put("^(vit|dinov2_with_registers|dinov2)\\.", "");
    today.put("^encoder\\.layers?\\.", "layers.");
    today.put("\\.attention\\.attention\\.(query|key|value)\\.", ".attention.$1.");
    today.put("\\.attention\\.query\\.", ".attention.q_proj.");
    today.put("\\.attention\\.key\\.", ".attention.k_proj.");
    today.put("\\.attention\\.value\\.", ".attention.v_proj.");
    today.put("\\.attention\\.output\\.dense\\.", ".attention.o_proj.");
    today.put("\\.intermediate\\.dense\\.", ".mlp.fc1.");
    today.put("(layers\\.\\d+)\\.output\\.dense\\.", "$1.mlp.fc2.");
    return today;
  }

  /** The fifth version's name of a tensor, without the body's. */
  static String today(String stored) {
    String name = stored;
    for (Map.Entry<String, String> change : TODAY.entrySet()) {
      name = name.replaceFirst(change.getKey(), change.getValue());
    }
    return name;
  }

  /** Where a tensor of ours is written. */
  static Place place(HubImage architecture, String ours, boolean gated) {
    String body = architecture.body() + ".";
    Matcher block = IN_BLOCK.matcher(ours);
    if (block.matches()) {
      String layer = body + "encoder.layer." + block.group(1) + ".";
      return inBlock(architecture, layer, block.group(2), "." + block.group(3), gated);
    }
    if (ours.startsWith("head.")) {
      return Place.of("classifier." + ours.substring("head.".length()));
    }
    return Place.of(body + known(REST, ours));
  }

  private static Place inBlock(
      HubImage architecture, String layer, String part, String tensor, boolean gated) {
    return switch (part) {
      case "attn.qkv" ->
          new Place.Joined(
              List.of("query", "key", "value").stream()
                  .map(one -> layer + "attention.attention." + one + tensor)
                  .toList());
      case "mlp.fc1_g" -> new Place.Part(layer + "mlp.weights_in" + tensor, 0, 2);
      case "mlp.fc1_x" -> new Place.Part(layer + "mlp.weights_in" + tensor, 1, 2);
      default -> {
        Map<String, String> names = architecture == HubImage.VIT ? VIT_BLOCK : DINO_BLOCK;
        String there = gated && part.equals("mlp.fc2") ? "mlp.weights_out" : known(names, part);
        yield Place.of(layer + there + tensor.replace(".gamma", ".lambda1"));
      }
    };
  }

  private static String known(Map<String, String> names, String ours) {
    String name = names.get(ours);
    if (name == null) {
      throw new IllegalArgumentException("tensor " + ours + " has no name in transformers");
    }
    return name;
  }
}
