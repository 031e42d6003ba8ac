package org.kat4j.parity;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.attention.GaussianMask;
import org.kat4j.attention.Heads;
import org.kat4j.attention.QueryKeyValue.Projections;
import org.kat4j.attention.QueryKeyValue.Values;
import org.kat4j.attention.ScoreStep;
import org.kat4j.attention.Softmax;
import org.kat4j.attention.Start;
import org.kat4j.channel.Mlp;
import org.kat4j.model.ImageModel;
import org.kat4j.model.VisionTransformer;
import org.kat4j.model.WeightInit;
import org.kat4j.token.Attention;
import org.kat4j.torch.Backpropagation;
import org.kat4j.torch.Context;
import org.kat4j.torch.Layout;
import org.kat4j.torch.Pass;
import org.kat4j.torch.StateDict;
import tools.jackson.databind.JsonNode;

/** The Gaussian mixture mask, and its vision transformer with the mask or with a class token. */
public final class GaussianMaskParity implements ParityAdapter {
  private static final double FLOAT64 = 1e-10;
  private static final double FLOAT32 = 1e-4;
  private static final double MODEL64 = 1e-9;
  private static final double MODEL32 = 1e-3;

  @Override
  public boolean covers(Golden golden) {
    return golden.text("repo").endsWith("/Gaussian-Mixture-Mask-Attention");
  }

  @Override
  public void run(Golden golden, Comparison comparison) {
    switch (golden.text("cls")) {
      case "Gaussian_Mixture_Mask" -> mask(golden, comparison);
      case "ViT" -> model(golden, comparison);
      default ->
          throw new UnsupportedOperationException(golden.text("cls") + " of the mask's repository");
    }
  }

  private static void mask(Golden golden, Comparison comparison) {
    JsonNode c = golden.config();
    int heads = c.path("num_heads").asInt();
    double tolerance = comparison.tolerance(FLOAT64, FLOAT32);
    Context context =
        Context.cpu(0).withDType(comparison.dtype()).at(square(c.path("num_patches").asInt()));
    ScoreStep mask =
        new GaussianMask.Spec(c.path("num_kernals").asInt(), Start.PUBLISHED, true)
            .build(Heads.of(heads, 1), context);
    RecordedPart part = RecordedPart.load(golden, mask, tolerance, comparison);
    Tensor dots = part.input("dots");
    Tensor output = dots.mul(mask.table(ScoreStep.Places.of(dots.size(-1))));
    Backpropagation.run(output, golden.read("weight.out"));
    part.compare("output", output);
    part.compareGradients();
  }

  private static Layout square(int cells) {
    int side = Math.toIntExact(Math.round(Math.sqrt(cells)));
    return new Layout.Grid(List.of(side, side), 0, false);
  }

  private static VisionTransformer.Spec spec(Golden golden) {
    JsonNode c = golden.config();
    boolean classToken = golden.has("param.cls_token");
    boolean masked = c.path("is_GMM").asBoolean(false);
    var attention =
        new Attention.Spec(
            c.path("heads").asInt(),
            0,
            c.path("dim_head").asInt(16),
            Projections.FUSED,
            Values.PROJECTED,
            false,
            true,
            List.of(),
            masked
                ? List.of(
                    new GaussianMask.Spec(c.path("num_kernals").asInt(3), Start.PUBLISHED, true))
                : List.of(),
            new Softmax.Spec(),
            0);
    return new VisionTransformer.Spec(
        c.path("img_size").asInt(),
        c.path("patch_size").asInt(),
        c.path("channels").asInt(3),
        c.path("num_classes").asInt(),
        c.path("dim").asInt(),
        c.path("depth").asInt(),
        attention,
        new Mlp.Spec(c.path("mlp_dim_ratio").asDouble(2), Mlp.Activation.GELU, 0),
        classToken,
        false,
        0,
        true,
        false,
        false,
        classToken ? VisionTransformer.Pooling.TOKEN : VisionTransformer.Pooling.AVERAGE,
        0,
        0,
        0,
        1e-5,
        WeightInit.SKIP);
  }

  private static void model(Golden golden, Comparison comparison) {
    double tolerance = comparison.tolerance(MODEL64, MODEL32);
    VisionTransformer.Spec spec = spec(golden);
    ImageModel model = spec.build(Context.cpu(0).withDType(comparison.dtype()));
    Map<String, Tensor> tensors = StateDict.of(model);
    Map<String, Tensor> recorded = renamed(golden.under("param."), spec);
    comparison.same("names", new TreeSet<>(tensors.keySet()), new TreeSet<>(recorded.keySet()));
    tensors.forEach(
        (name, tensor) -> Backpropagation.set(tensor, Objects.requireNonNull(recorded.get(name))));
    Tensor images = Backpropagation.leaf(golden.read("input.img"), comparison.dtype());
    Tensor output = model.forward(images, Pass.evaluation());
    Backpropagation.run(output, golden.read("weight.out"));
    comparison.compare("output", output, golden.read("output"), tolerance);
    renamed(golden.under("grad."), spec)
        .forEach((name, gradient) -> {
          Tensor of = name.equals("input.img") ? images : Objects.requireNonNull(tensors.get(name));
          comparison.compare("grad." + name, of.grad(), gradient, tolerance);
        });
  }

  /** The official names and shapes in ours; the fixed mask is made, not kept. */
  private static Map<String, Tensor> renamed(
      Map<String, Tensor> official, VisionTransformer.Spec spec) {
    Map<String, Tensor> all = new LinkedHashMap<>();
    official.forEach((name, tensor) -> {
      if (name.equals("mask") || name.endsWith(".mask.mask")) {
        return;
      }
      String ours =
          name.replace("pos_embedding", "pos_embed")
              .replace("to_patch_embedding.1", "patch_embed.proj")
              .replaceFirst("^transformer\\.layers\\.(\\d+)\\.0\\.norm", "blocks.$1.norm1")
              .replaceFirst("^transformer\\.layers\\.(\\d+)\\.1\\.norm", "blocks.$1.norm2")
              .replaceFirst("^transformer\\.layers\\.(\\d+)\\.0\\.fn", "blocks.$1.attn")
              .replaceFirst("^transformer\\.layers\\.(\\d+)\\.1\\.fn", "blocks.$1.mlp")
              .replace("attn.to_qkv", "attn.qkv")
              .replace("attn.to_out.0", "attn.proj")
              .replace("attn.mask", "attn.scores.0")
              .replace("mlp.net.0", "mlp.fc1")
              .replace("mlp.net.3", "mlp.fc2")
              .replace("mlp_head.0", spec.classToken() ? "norm" : "fc_norm")
              .replace("mlp_head.1", "head");
      all.put(ours, ours.equals("patch_embed.proj.weight") ? asConvolution(tensor, spec) : tensor);
    });
    return all;
  }

  /** The official code flattens patches by row, column, channel. */
  private static Tensor asConvolution(Tensor weight, VisionTransformer.Spec spec) {
    long side = spec.patchSize();
    return weight.view(spec.width(), side, side, spec.channels()).permute(0, 3, 1, 2);
  }
}
