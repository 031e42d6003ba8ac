package org.kat4j.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.TreeSet;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.kat4j.block.Block;
import org.kat4j.block.Residual;
import org.kat4j.block.ResidualConnection;
import org.kat4j.block.Stack;
import org.kat4j.block.Sublayers;
import org.kat4j.channel.Mlp;
import org.kat4j.channel.StarReluMlp;
import org.kat4j.config.Config;
import org.kat4j.function.SampleNorm;
import org.kat4j.optim.AdamW;
import org.kat4j.optim.Optimizer;
import org.kat4j.optim.ParameterGroup;
import org.kat4j.token.IdentityMixer;
import org.kat4j.token.Pooling;
import org.kat4j.token.RandomMixer;
import org.kat4j.token.SeparableConvolution;
import org.kat4j.token.TokenMixer;
import org.kat4j.torch.Backpropagation;
import org.kat4j.torch.Context;
import org.kat4j.torch.DType;
import org.kat4j.torch.Device;
import org.kat4j.torch.Layout;
import org.kat4j.torch.Losses;
import org.kat4j.torch.Part;
import org.kat4j.torch.Pass;
import org.kat4j.torch.RandomStream;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;

/** Whole MetaFormers and their blocks: the checks of sheet 32. */
class MetaFormerTest {
  private static final int WIDTH = 6;
  private final Scope scope = Scope.open();

  @AfterEach
  void close() {
    scope.close();
  }

  private static Tensor normal(long seed, long... shape) {
    Tensor zeros = torch.zeros(shape, new TensorOptions(ScalarType.Double));
    return new RandomStream(seed).normal(zeros, 0, 1);
  }

  private static Context onGrid() {
    return Context.cpu(1).withDType(DType.FLOAT64).at(new Layout.Grid(List.of(3, 4), 0, false));
  }

  private static double distance(Tensor a, Tensor b) {
    return a.sub(b).abs().max().item_double();
  }

  private static Block block(TokenMixer.Spec mixer, ResidualConnection.Spec residual) {
    return Sublayers.Spec.pre(mixer, Mlp.Spec.example(), SampleNorm.Spec.example(), residual)
        .build(WIDTH, 0, onGrid());
  }

  private static void set(Part part, String names, double value) {
    StateDict.of(part)
        .forEach((name, tensor) -> {
          if (name.matches(names)) {
            Tensor values = torch.ones(tensor.shape(), new TensorOptions(ScalarType.Double));
            Backpropagation.set(tensor, values.mul(new Scalar(value)));
          }
        });
  }

  @Test
  void withoutLayerScaleABlockIsTheIdentity() {
    Block block = block(Pooling.Spec.example(), ResidualConnection.Spec.scaled(1));
    Tensor x = normal(3, 2, 12, WIDTH);
    assertThat(distance(block.forward(x, Pass.evaluation()), x)).isPositive();
    set(block, "ls\\d\\.gamma", 0);
    assertThat(block.forward(x, Pass.evaluation()).equal(x)).isTrue();
  }

  @Test
  void withoutWeightsABlockWithAScaleOfTheStreamIsTheIdentity() {
    Block block =
        Sublayers.Spec.pre(
                new SeparableConvolution.Spec(2, 3),
                StarReluMlp.Spec.example(),
                new SampleNorm.Spec(1e-6, false),
                ResidualConnection.ResidualScale.example())
            .build(WIDTH, 0, onGrid());
    set(block, ".*(fc2|pwconv2)\\.weight", 0);
    Tensor x = normal(3, 2, 12, WIDTH);
    assertThat(block.forward(x, Pass.evaluation()).equal(x)).isTrue();
    set(block, "res_scale\\d\\.scale", 2);
    assertThat(block.forward(x, Pass.evaluation()).equal(x.add(x).add(x.add(x)))).isTrue();
  }

  /** Blocks without mixing of tokens give permuted tokens for permuted tokens. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void onlyPoolingSeesThePlaceOfATokens(boolean pooled) {
    TokenMixer.Spec mixer = pooled ? Pooling.Spec.example() : IdentityMixer.Spec.example();
    var blocks =
        new Stack.Spec(
                2,
                Sublayers.Spec.pre(
                    mixer,
                    Mlp.Spec.example(),
                    SampleNorm.Spec.example(),
                    ResidualConnection.Spec.scaled(1)),
                List.of())
            .build(WIDTH, 0, onGrid());
    Tensor x = normal(3, 2, 12, WIDTH);
    Tensor order = Tensor.create(new long[] {5, 0, 11, 3, 8, 1, 2, 10, 4, 9, 6, 7});
    var all = Pass.evaluation();
    Tensor before = blocks.forward(Residual.of(x.index_select(1, order)), all).sum();
    Tensor after = blocks.forward(Residual.of(x), all).sum().index_select(1, order);
    double distance = distance(before, after);
    if (pooled) {
      assertThat(distance).isGreaterThan(.1);
    } else {
      assertThat(distance).isLessThan(1e-12); // sums in another order
    }
  }

  private static MetaFormer.Spec tiny(TokenMixer.Spec mixer) {
    var block =
        Sublayers.Spec.pre(
            mixer,
            new Mlp.Spec(2, Mlp.Activation.GELU, 0),
            SampleNorm.Spec.example(),
            ResidualConnection.Spec.scaled(.1));
    List<Stage.Spec> stages = new ArrayList<>();
    for (int width : List.of(4, 8)) {
      stages.add(
          new Stage.Spec(width, Downsampling.Spec.example(), new Stack.Spec(1, block, List.of())));
    }
    MetaFormer.Spec small = MetaFormer.Spec.example();
    return new MetaFormer.Spec(
        12, 1, 3, stages, small.pooling(), small.norm(), small.head(), 0, MetaFormer.Start.ALL);
  }

  @Test
  void randomMatricesStayWhileTheRestIsTrained() {
    MetaFormer model = tiny(RandomMixer.Spec.example()).build(Context.cpu(2));
    var trained = StateDict.trained(model);
    String name = "stages.1.blocks.0.token_mixer.random_matrix";
    Tensor matrix = Objects.requireNonNull(StateDict.of(model).get(name));
    Tensor start = matrix.clone();
    Tensor weight = Objects.requireNonNull(trained.get("stages.1.blocks.0.mlp.fc1.weight"));
    Tensor weightAtStart = weight.detach().clone();
    assertThat(trained).doesNotContainKey(name);
    var spec = new AdamW.Spec(1e-2, .05, .9, .999, 1e-8);
    Optimizer optimizer = spec.build(ParameterGroup.single(trained, .05));
    Tensor images = torch.randn(new long[] {4, 1, 12, 12});
    for (int step = 0; step < 3; step++) {
      Tensor loss =
          Losses.crossEntropy(
              model.forward(images, Pass.training(new RandomStream(1))),
              Tensor.create(new long[] {0, 1, 2, 0}),
              0);
      Backpropagation.run(loss);
      optimizer.step(spec.lr());
      StateDict.clearGradients(trained);
    }
    assertThat(matrix.equal(start)).isTrue();
    assertThat(weight.equal(weightAtStart)).isFalse();
  }

  @Test
  void keepsTokensInPlaceBetweenStages() {
    // Two stages of pooling whose blocks are the identity: the model is its convolutions.
    MetaFormer model = tiny(Pooling.Spec.example()).build(Context.cpu(2).withDType(DType.FLOAT64));
    set(model, ".*ls\\d\\.gamma", 0);
    Tensor images = normal(7, 2, 1, 12, 12);
    List<Tensor> features = new ArrayList<>();
    Tensor logits =
        model.forward(
            images,
            Pass.evaluation((name, value) -> {
              if (name.equals("stages.1.embedded")) {
                features.add(value);
              }
            }));
    assertThat(logits.shape()).containsExactly(2, 3);
    Tensor expected = images;
    for (int i = 0; i < 2; i++) {
      String conv = "stages." + i + ".downsample.conv.";
      expected =
          torch.conv2d(
              expected,
              Objects.requireNonNull(StateDict.of(model).get(conv + "weight")),
              new TensorOptional(Objects.requireNonNull(StateDict.of(model).get(conv + "bias"))),
              new long[] {2, 2},
              new long[] {1, 1},
              new long[] {1, 1},
              1);
    }
    Tensor tokens = expected.flatten(2, -1).transpose(1, 2);
    assertThat(distance(features.getFirst(), tokens)).isLessThan(1e-14);
  }

  /** Drop path rate k / (L - 1) of block k of all stages: only the first block has none. */
  @Test
  void dropPathGrowsOverAllStages() {
    List<Double> rates = new ArrayList<>();
    var spec = (MetaFormer.Spec) Model.Spec.named("poolformer_s12");
    int depth = spec.stages().stream().mapToInt(stage -> stage.blocks().depth()).sum();
    for (int k = 0; k < depth; k++) {
      rates.add(new Stack.Among(k, depth, spec.dropPath()).rate(0));
    }
    assertThat(rates.getFirst()).isZero();
    assertThat(rates.get(1)).isEqualTo(.1 / 11);
    assertThat(rates.getLast()).isEqualTo(.1);
    assertThat(new Stack.Among(0, 1, .5).rate(0)).isZero();
  }

  @Test
  void goesThroughYaml() {
    var spec = (MetaFormer.Spec) Model.Spec.named("caformer_s18");
    assertThat(Config.fromJson(Config.toJson(spec), Model.Spec.class, "test")).isEqualTo(spec);
    var small = MetaFormer.Spec.example();
    assertThat(Config.fromJson(Config.toJson(small), Model.Spec.class, "test")).isEqualTo(small);
  }

  /** Every stage needs a token, and matrices over tokens belong to one image size. */
  @Test
  void imageSizes() {
    ImageModel.Spec spec = ImageModel.Spec.named("poolformer_s12");
    assertThat(spec.withInput(32, 1, 10).macs()).isPositive();
    assertThatThrownBy(() -> spec.withInput(2, 3, 10))
        .hasMessageContaining("imageSize = 2: stage 1 of 4 would have no tokens");
    var random = ImageModel.Spec.named("randformer_s12").withInput(64, 3, 10);
    Model model = random.build(Context.cpu(0).withDevice(Device.META));
    Tensor matrix =
        Objects.requireNonNull(
            StateDict.of(model).get("stages.2.blocks.0.token_mixer.random_matrix"));
    assertThat(matrix.shape()).containsExactly(16, 16);
  }

  /** Names of published weights, as the other code has them. */
  @ParameterizedTest
  @CsvSource({
    "TIMM, caformer_s18, stem.norm.weight",
    "TIMM, caformer_s18, stages.1.downsample.norm.weight",
    "TIMM, caformer_s18, stages.3.blocks.2.token_mixer.qkv.weight",
    "TIMM, caformer_s18, stages.3.blocks.2.res_scale2.scale",
    "TIMM, caformer_s18, head.norm.bias",
    "TIMM, caformer_s18, head.fc.norm.bias",
    "TIMM, poolformer_s12, stages.2.blocks.5.layer_scale2.scale",
    "POOLFORMER, poolformer_s12, patch_embed.proj.weight",
    "POOLFORMER, poolformer_s12, network.5.proj.bias",
    "POOLFORMER, poolformer_s12, network.4.5.layer_scale_2",
    "POOLFORMER, poolformer_s12, network.6.1.mlp.fc2.weight",
    "BASELINES, randformer_s12, stages.2.5.token_mixer.random_matrix",
    "BASELINES, randformer_s12, downsample_layers.0.post_norm.weight",
    "BASELINES, convformer_s18, stages.0.0.token_mixer.act1.scale",
    "TIMM_RESMLP, resmlp_12, blocks.11.linear_tokens.weight",
    "TIMM_RESMLP, resmlp_12, blocks.11.mlp_channels.fc1.weight",
    "TIMM_RESMLP, resmlp_12, blocks.0.ls1",
    "TIMM_RESMLP, resmlp_12, norm.alpha",
    "RESMLP, resmlp_12, patch_embed.proj.weight",
    "RESMLP, resmlp_12, blocks.3.gamma_2",
    "RESMLP, resmlp_12, blocks.3.attn.bias",
  })
  void namesOfPublishedWeights(MetaFormerNames names, String size, String theirs) {
    Model model = Model.Spec.named(size).build(Context.cpu(0).withDevice(Device.META));
    var all = new TreeSet<String>();
    StateDict.of(model).keySet().forEach(name -> assertThat(all.add(names.of(name))).isTrue());
    assertThat(all).contains(theirs);
    assertThat(MetaFormerNames.among(all::contains)).contains(names);
  }
}
