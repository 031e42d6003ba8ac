package org.kat4j.parity;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.block.ResidualConnection;
import org.kat4j.block.Stack;
import org.kat4j.block.Sublayers;
import org.kat4j.channel.ChannelMixer;
import org.kat4j.channel.Mlp;
import org.kat4j.channel.StarReluMlp;
import org.kat4j.convolution.Window;
import org.kat4j.function.LayerNorm;
import org.kat4j.function.NoNorm;
import org.kat4j.function.Norm;
import org.kat4j.function.SampleNorm;
import org.kat4j.model.ClassifierHead;
import org.kat4j.model.Downsampling;
import org.kat4j.model.MetaFormer;
import org.kat4j.model.MetaFormerNames;
import org.kat4j.model.Stage;
import org.kat4j.token.Attention;
import org.kat4j.token.IdentityMixer;
import org.kat4j.token.Pooling;
import org.kat4j.token.RandomMixer;
import org.kat4j.token.SeparableConvolution;
import org.kat4j.token.TokenMixer;
import org.kat4j.torch.Backpropagation;
import org.kat4j.torch.Context;
import org.kat4j.torch.GridImage;
import org.kat4j.torch.Layout;
import org.kat4j.torch.Part;
import org.kat4j.torch.Pass;
import org.kat4j.torch.StateDict;
import tools.jackson.databind.JsonNode;

/** PoolFormer and the MetaFormer baselines, whole and their pooling alone. */
public final class MetaFormerParity implements ParityAdapter {
  private static final double FLOAT64 = 1e-10;
  private static final double FLOAT32 = 1e-4;
  private static final Pattern MIXER =
      Pattern.compile("Pooling|Identity|RandomMixing|SepConv|Attention");

  @Override
  public boolean covers(Golden golden) {
    String cls = golden.text("cls");
    boolean ours = golden.text("repo").startsWith("sail-sg/");
    return ours
        && List.of("PoolFormer", "MetaFormer", "Pooling").contains(cls)
        && !golden.config().has("formula");
  }

  @Override
  public void run(Golden golden, Comparison comparison) {
    Context context = Context.cpu(0).withDType(comparison.dtype());
    if (golden.text("cls").equals("Pooling")) {
      pooling(golden, comparison, context);
      return;
    }
    MetaFormer model = new Reader(golden).spec().build(context);
    MetaFormerNames names = names(golden);
    Part renamed =
        registry ->
            StateDict.of(model).forEach((name, tensor) -> registry.tensor(names.of(name), tensor));
    double tolerance = comparison.tolerance(FLOAT64, FLOAT32);
    RecordedPart recorded = RecordedPart.load(golden, renamed, tolerance, comparison);
    Tensor output = model.forward(recorded.input("x"), Pass.evaluation());
    recorded.compare("output", output);
    Backpropagation.run(output, golden.read("weight.out"));
    recorded.compareGradients();
  }

  private static MetaFormerNames names(Golden golden) {
    return MetaFormerNames.among(name -> golden.has("param." + name))
        .orElseThrow(() -> new IllegalArgumentException("names of no known MetaFormer"));
  }

  private static void pooling(Golden golden, Comparison comparison, Context context) {
    Tensor x = Backpropagation.leaf(golden.read("input.x"), comparison.dtype());
    int height = Math.toIntExact(x.size(2));
    int width = Math.toIntExact(x.size(3));
    var mixer =
        new Pooling.Spec(golden.config().path("pool_size").asInt(3))
            .build(
                Math.toIntExact(x.size(1)),
                context.at(new Layout.Grid(List.of(height, width), 0, false)));
    Tensor mixed = mixer.forward(GridImage.tokens(x), Pass.evaluation());
    Tensor output = new GridImage(height, width).of(mixed);
    Backpropagation.run(output, golden.read("weight.out"));
    double tolerance = comparison.tolerance(1e-12, 1e-6);
    comparison.compare("output", output, golden.read("output"), tolerance);
    comparison.compare("grad.input.x", x.grad(), golden.read("grad.input.x"), tolerance);
  }

  /** The model that configuration and tensors of a recording describe. */
  private record Reader(Golden golden) {
    MetaFormer.Spec spec() {
      boolean first = golden.text("cls").equals("PoolFormer");
      List<Integer> depths = numbers(first ? "layers" : "depths");
      List<Integer> widths = numbers(first ? "embed_dims" : "dims");
      List<Stage.Spec> stages = new ArrayList<>();
      for (int i = 0; i < depths.size(); i++) {
        int width = widths.get(i);
        String block = first ? "network." + 2 * i + ".0." : "stages." + i + ".0.";
        var sublayers =
            Sublayers.Spec.pre(
                mixer(i, block, width),
                channels(first, block, width),
                norm(block),
                residual(block));
        stages.add(
            new Stage.Spec(
                width,
                first ? plain(i) : normed(i),
                new Stack.Spec(depths.get(i), sublayers, List.of())));
      }
      boolean mlp = has("head.fc1.weight");
      String last = mlp ? "head.fc2.weight" : "head.weight";
      Tensor x = golden.read("input.x");
      int width = widths.getLast();
      return new MetaFormer.Spec(
          Math.toIntExact(x.size(2)),
          Math.toIntExact(x.size(1)),
          size(last, 0),
          stages,
          first ? MetaFormer.Pooling.AVERAGE_OF_NORMED : MetaFormer.Pooling.AVERAGE,
          first ? SampleNorm.Spec.example() : new LayerNorm.Spec(1e-6, true),
          mlp
              ? new ClassifierHead.MlpSpec(
                  ChannelMixer.ratio(size("head.fc1.weight", 0), width), 1e-5, 0)
              : new ClassifierHead.LinearSpec(0),
          0,
          MetaFormer.Start.ALL);
    }

    private boolean has(String name) {
      return golden.has("param." + name);
    }

    private int size(String name, int axis) {
      return Math.toIntExact(golden.read("param." + name).size(axis));
    }

    private List<Integer> numbers(String key) {
      return golden.config().path(key).valueStream().map(JsonNode::asInt).toList();
    }

    private int number(String key, int otherwise) {
      return golden.config().path(key).asInt(otherwise);
    }

    private Downsampling.Spec plain(int stage) {
      return stage == 0
          ? Downsampling.Spec.plain(
              number("in_patch_size", 7), number("in_stride", 4), number("in_pad", 2))
          : Downsampling.Spec.plain(
              number("down_patch_size", 3), number("down_stride", 2), number("down_pad", 1));
    }

    private static Downsampling.Spec normed(int stage) {
      Norm.Spec norm = new LayerNorm.Spec(1e-6, false);
      return stage == 0
          ? new Downsampling.Spec(new Window(7, 4, 2), new NoNorm(), norm)
          : new Downsampling.Spec(new Window(3, 2, 1), norm, new NoNorm());
    }

    private TokenMixer.Spec mixer(int stage, String block, int width) {
      String mixer = block + "token_mixer.";
      if (has(mixer + "pwconv1.weight")) {
        return new SeparableConvolution.Spec(
            ChannelMixer.ratio(size(mixer + "pwconv1.weight", 0), width),
            size(mixer + "dwconv.weight", 2));
      }
      if (has(mixer + "qkv.weight")) {
        int heads = width / number("head_dim", 32);
        return Attention.Spec.timm(
            heads, has(mixer + "qkv.bias"), false, has(mixer + "proj.bias"), 0);
      }
      if (has(mixer + "random_matrix")) {
        return RandomMixer.Spec.example();
      }
      List<String> named =
          MIXER
              .matcher(golden.config().path("token_mixers").toString())
              .results()
              .map(MatchResult::group)
              .toList();
      String here = named.isEmpty() ? "Pooling" : named.get(named.size() == 1 ? 0 : stage);
      return here.equals("Identity")
          ? IdentityMixer.Spec.example()
          : new Pooling.Spec(number("pool_size", 3));
    }

    private ChannelMixer.Spec channels(boolean first, String block, int width) {
      double ratio = ChannelMixer.ratio(size(block + "mlp.fc1.weight", 0), width);
      return first ? new Mlp.Spec(ratio, Mlp.Activation.GELU, 0) : new StarReluMlp.Spec(ratio, 0);
    }

    /** Over height, width and channels where the recording says so, else over channels. */
    private Norm.Spec norm(String block) {
      boolean bias = has(block + "norm1.bias");
      String said = golden.text("norm_layer") + golden.text("norm_layers") + golden.text("norm");
      if (said.contains("GroupNorm")) {
        return new SampleNorm.Spec(1e-5, bias);
      }
      return said.contains("(1, 2, 3)")
          ? new SampleNorm.Spec(1e-6, bias)
          : new LayerNorm.Spec(1e-6, bias);
    }

    private ResidualConnection.Spec residual(String block) {
      if (has(block + "res_scale1.scale")) {
        return ResidualConnection.ResidualScale.example();
      }
      return ResidualConnection.Spec.scaled(has(block + "layer_scale_1") ? 1 : 0);
    }
  }
}
