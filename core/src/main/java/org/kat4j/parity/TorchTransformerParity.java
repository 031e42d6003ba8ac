package org.kat4j.parity;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.kat4j.attention.Sight;
import org.kat4j.block.Block;
import org.kat4j.block.ResidualConnection;
import org.kat4j.block.Sublayers;
import org.kat4j.channel.Mlp;
import org.kat4j.function.LayerNorm;
import org.kat4j.token.Attention;
import org.kat4j.torch.Backpropagation;
import org.kat4j.torch.Context;
import org.kat4j.torch.Part;
import org.kat4j.torch.Pass;
import org.kat4j.torch.StateDict;
import tools.jackson.databind.JsonNode;

/** PyTorch's multi-head attention with its masks, and its encoder layer. */
public final class TorchTransformerParity implements ParityAdapter {
  private static final String ATTENTION = "torch.nn.MultiheadAttention";
  private static final String ENCODER_LAYER = "torch.nn.TransformerEncoderLayer";

  /** Our names of an encoder layer's tensors and PyTorch's. */
  private static final Map<String, String> NAMES =
      Map.of(
          "attn.qkv.weight", "self_attn.in_proj_weight",
          "attn.qkv.bias", "self_attn.in_proj_bias",
          "attn.proj.weight", "self_attn.out_proj.weight",
          "attn.proj.bias", "self_attn.out_proj.bias",
          "mlp.fc1.weight", "linear1.weight",
          "mlp.fc1.bias", "linear1.bias",
          "mlp.fc2.weight", "linear2.weight",
          "mlp.fc2.bias", "linear2.bias");

  @Override
  public boolean covers(Golden golden) {
    return List.of(ATTENTION, ENCODER_LAYER).contains(golden.text("cls"));
  }

  @Override
  public void run(Golden golden, Comparison comparison) {
    if (golden.text("cls").equals(ATTENTION)) {
      attention(golden, comparison);
    } else {
      encoderLayer(golden, comparison);
    }
  }

  private static void attention(Golden golden, Comparison comparison) {
    JsonNode config = golden.config();
    int width = config.path("embed_dim").asInt();
    var part =
        new TorchAttention(
            width,
            config.path("kdim").asInt(width),
            config.path("vdim").asInt(width),
            config.path("num_heads").asInt(),
            config.path("bias").asBoolean(true),
            context(comparison));
    RecordedPart recorded = recorded(golden, part, comparison);
    boolean batchFirst = config.path("batch_first").asBoolean(false);
    Tensor query = recorded.input("query");
    Tensor key = golden.has("input.key") ? recorded.input("key") : query;
    Tensor value = golden.has("input.value") ? recorded.input("value") : key;
    TorchAttention.Result result =
        part.forward(
            batched(query, batchFirst),
            batched(key, batchFirst),
            batched(value, batchFirst),
            sight(golden));
    List<Tensor> sums = new ArrayList<>();
    compare(
        golden,
        recorded,
        golden.has("output.y") ? ".y" : "",
        batched(result.y(), batchFirst),
        sums);
    if (golden.has("output.attention")) {
      boolean ofEachHead = golden.read("output.attention").dim() == 4;
      Tensor weights = ofEachHead ? result.weights() : result.weights().mean(1);
      compare(golden, recorded, ".attention", weights, sums);
    }
    Backpropagation.run(sums.stream().reduce(Tensor::add).orElseThrow());
    recorded.compareGradients();
  }

  private static RecordedPart recorded(Golden golden, Part part, Comparison comparison) {
    return RecordedPart.load(golden, part, comparison.tolerance(1e-11, 1e-5), comparison);
  }

  private static Tensor batched(Tensor x, boolean batchFirst) {
    return batchFirst ? x : x.transpose(0, 1);
  }

  /** The recorded masks say what must not be seen. */
  private static Sight sight(Golden golden) {
    List<Tensor> hidden = new ArrayList<>();
    if (golden.has("input.attention_mask")) {
      hidden.add(golden.read("input.attention_mask")); // [queries, keys]
    }
    if (golden.has("input.padding_mask")) {
      hidden.add(golden.read("input.padding_mask").unsqueeze(1).unsqueeze(1)); // of keys
    }
    return hidden.stream()
        .map(mask -> mask.to(ScalarType.Bool))
        .reduce(Tensor::logical_or)
        .<Sight>map(mask -> new Sight.Allowed(mask.logical_not()))
        .orElseGet(Sight.All::new);
  }

  private static void compare(
      Golden golden, RecordedPart recorded, String name, Tensor actual, List<Tensor> sums) {
    recorded.compare("output" + name, actual);
    if (golden.has("weight.out" + name)) {
      Tensor weight = golden.read("weight.out" + name);
      sums.add(actual.mul(weight.to(actual.scalar_type())).sum());
    }
  }

  private static void encoderLayer(Golden golden, Comparison comparison) {
    JsonNode config = golden.config();
    if (!config.path("bias").asBoolean(true)
        || golden.has("input.attention_mask")
        || golden.has("input.padding_mask")) {
      throw new UnsupportedOperationException("encoder layers without biases, or with masks");
    }
    int width = config.path("d_model").asInt();
    Block block = spec(config, width).build(width, 0, context(comparison));
    Part named =
        registry ->
            StateDict.of(block)
                .forEach((name, tensor) -> registry.tensor(NAMES.getOrDefault(name, name), tensor));
    RecordedPart recorded = recorded(golden, named, comparison);
    boolean batchFirst = config.path("batch_first").asBoolean(false);
    Tensor y =
        batched(
            block.forward(batched(recorded.input("x"), batchFirst), Pass.evaluation()), batchFirst);
    recorded.compare("output", y);
    Backpropagation.run(y, golden.read("weight.out"));
    recorded.compareGradients();
  }

  private static Context context(Comparison comparison) {
    return Context.cpu(0).withDType(comparison.dtype());
  }

  private static Sublayers.Spec spec(JsonNode config, int width) {
    double ratio = config.path("dim_feedforward").asInt(2048) / (double) width;
    Mlp.Activation activation =
        config.path("activation").asString("relu").equals("gelu")
            ? Mlp.Activation.GELU
            : Mlp.Activation.RELU;
    return new Sublayers.Spec(
        Attention.Spec.heads(config.path("nhead").asInt()),
        new Mlp.Spec(ratio, activation, 0),
        config.path("norm_first").asBoolean(false)
            ? Sublayers.Placement.PRE
            : Sublayers.Placement.POST,
        List.of(Sublayers.Mixer.TOKEN, Sublayers.Mixer.CHANNEL),
        new LayerNorm.Spec(config.path("layer_norm_eps").asDouble(1e-5), true),
        new ResidualConnection.Add());
  }
}
