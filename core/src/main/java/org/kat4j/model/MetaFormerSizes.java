package org.kat4j.model;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import org.kat4j.block.ResidualConnection;
import org.kat4j.block.Stack;
import org.kat4j.block.Sublayers;
import org.kat4j.channel.ChannelMixer;
import org.kat4j.channel.Mlp;
import org.kat4j.channel.StarReluMlp;
import org.kat4j.convolution.Window;
import org.kat4j.function.AffineNorm;
import org.kat4j.function.LayerNorm;
import org.kat4j.function.NoNorm;
import org.kat4j.function.Norm;
import org.kat4j.function.SampleNorm;
import org.kat4j.model.ClassifierHead.LinearSpec;
import org.kat4j.model.ClassifierHead.MlpSpec;
import org.kat4j.model.MetaFormer.Start;
import org.kat4j.token.Attention;
import org.kat4j.token.IdentityMixer;
import org.kat4j.token.LinearMixer;
import org.kat4j.token.Pooling;
import org.kat4j.token.RandomMixer;
import org.kat4j.token.SeparableConvolution;
import org.kat4j.token.TokenMixer;

/**
 * The published sizes of {@link MetaFormer}.
 *
 * <p>Sources: sail-sg/poolformer and sail-sg/metaformer, their training scripts; ResMLP, arXiv
 * 2105.03404, and its code.
 */
final class MetaFormerSizes {
  private static final int IMAGE = 224;
  private static final int CLASSES = 1000;
  private static final int HEAD_WIDTH = 32;

  private static final List<Integer> SMALL = List.of(64, 128, 320, 512);
  private static final List<Integer> MEDIUM = List.of(96, 192, 384, 768);

  /** One size; the head's dropout is CAFormer's. */
  private record Size(
      String name, List<Integer> depths, List<Integer> widths, double dropPath, double dropout) {
    static Size of(String name, int depth, List<Integer> widths, double dropPath) {
      int sixth = depth / 6;
      return new Size(name, List.of(sixth, sixth, 3 * sixth, sixth), widths, dropPath, 0);
    }

    Size withDropPath(double other) {
      return new Size(name, depths, widths, other, dropout);
    }
  }

  /** Of PoolFormer, and of those baselines that learn no token mixing. */
  private static final List<Size> PLAIN =
      List.of(
          Size.of("s12", 12, SMALL, .1),
          Size.of("s24", 24, SMALL, .1),
          Size.of("s36", 36, SMALL, .2),
          Size.of("m36", 36, MEDIUM, .3),
          Size.of("m48", 48, MEDIUM, .4));

  private MetaFormerSizes() {}

  private static List<Size> learned(List<Double> dropPaths, List<Double> dropouts) {
    List<String> names = List.of("s18", "s36", "m36", "b36");
    List<List<Integer>> widths =
        List.of(SMALL, SMALL, List.of(96, 192, 384, 576), List.of(128, 256, 512, 768));
    List<Size> sizes = new ArrayList<>();
    for (int i = 0; i < names.size(); i++) {
      List<Integer> depths = i == 0 ? List.of(3, 3, 9, 3) : List.of(3, 12, 18, 3);
      sizes.add(new Size(names.get(i), depths, widths.get(i), dropPaths.get(i), dropouts.get(i)));
    }
    return sizes;
  }

  /** All of them by name, small to large within a family. */
  static SequencedMap<String, MetaFormer.Spec> all() {
    SequencedMap<String, MetaFormer.Spec> all = new LinkedHashMap<>();
    Norm.Spec sample = new SampleNorm.Spec(1e-6, false);
    Norm.Spec layer = new LayerNorm.Spec(1e-6, false);
    TokenMixer.Spec pooling = Pooling.Spec.example();
    TokenMixer.Spec identity = IdentityMixer.Spec.example();
    TokenMixer.Spec random = RandomMixer.Spec.example();
    TokenMixer.Spec convolution = SeparableConvolution.Spec.example();
    for (Size size : PLAIN) {
      all.put("poolformer_" + size.name, poolFormer(size));
    }
    for (Size size : PLAIN) {
      all.put("poolformerv2_" + size.name, baseline(size, sample, false, _ -> pooling));
    }
    for (Size size : PLAIN) {
      all.put("identityformer_" + size.name, baseline(size, sample, false, _ -> identity));
    }
    for (Size size : PLAIN) {
      Size rand = size.withDropPath(Math.min(size.dropPath, .3)); // of m48 by its script
      all.put(
          "randformer_" + size.name,
          baseline(rand, sample, false, stage -> stage < 2 ? identity : random));
    }
    for (Size size : learned(List.of(.2, .3, .4, .6), List.of(0., 0., 0., 0.))) {
      all.put("convformer_" + size.name, baseline(size, layer, true, _ -> convolution));
    }
    for (Size size : learned(List.of(.15, .3, .4, .6), List.of(0., .4, .4, .5))) {
      all.put(
          "caformer_" + size.name,
          baseline(
              size,
              layer,
              true,
              stage -> stage < 2 ? convolution : attention(size.widths.get(stage))));
    }
    all.put("resmlp_12", resMlp(12, .1));
    all.put("resmlp_24", resMlp(24, 1e-5));
    all.put("resmlp_36", resMlp(36, 1e-6));
    return all;
  }

  private interface MixerOfStage {
    TokenMixer.Spec at(int stage);
  }

  private static TokenMixer.Spec attention(int width) {
    return Attention.Spec.timm(width / HEAD_WIDTH, false, false, false, 0);
  }

  private static Stack.Spec blocks(
      int depth,
      TokenMixer.Spec tokens,
      ChannelMixer.Spec channels,
      Norm.Spec norm,
      ResidualConnection.Spec residual) {
    return new Stack.Spec(depth, Sublayers.Spec.pre(tokens, channels, norm, residual), List.of());
  }

  private static MetaFormer.Spec poolFormer(Size size) {
    List<Stage.Spec> stages = new ArrayList<>();
    for (int i = 0; i < size.depths.size(); i++) {
      stages.add(
          new Stage.Spec(
              size.widths.get(i),
              i == 0 ? Downsampling.Spec.plain(7, 4, 2) : Downsampling.Spec.plain(3, 2, 1),
              blocks(
                  size.depths.get(i),
                  Pooling.Spec.example(),
                  Mlp.Spec.example(),
                  SampleNorm.Spec.example(),
                  ResidualConnection.Spec.scaled(1e-5))));
    }
    return new MetaFormer.Spec(
        IMAGE,
        3,
        CLASSES,
        stages,
        MetaFormer.Pooling.AVERAGE_OF_NORMED,
        SampleNorm.Spec.example(),
        LinearSpec.example(),
        size.dropPath,
        Start.LINEAR);
  }

  /** A model of the second paper; the stream of its last two stages has a scale. */
  private static MetaFormer.Spec baseline(
      Size size, Norm.Spec norm, boolean mlpHead, MixerOfStage mixer) {
    Norm.Spec between = new LayerNorm.Spec(1e-6, false);
    List<Stage.Spec> stages = new ArrayList<>();
    for (int i = 0; i < size.depths.size(); i++) {
      stages.add(
          new Stage.Spec(
              size.widths.get(i),
              i == 0
                  ? new Downsampling.Spec(new Window(7, 4, 2), new NoNorm(), between)
                  : new Downsampling.Spec(new Window(3, 2, 1), between, new NoNorm()),
              blocks(
                  size.depths.get(i),
                  mixer.at(i),
                  StarReluMlp.Spec.example(),
                  norm,
                  i < 2
                      ? new ResidualConnection.Add()
                      : ResidualConnection.ResidualScale.example())));
    }
    return new MetaFormer.Spec(
        IMAGE,
        3,
        CLASSES,
        stages,
        MetaFormer.Pooling.AVERAGE,
        new LayerNorm.Spec(1e-6, true),
        mlpHead ? new MlpSpec(4, 1e-5, size.dropout) : new LinearSpec(size.dropout),
        size.dropPath,
        Start.ALL);
  }

  private static MetaFormer.Spec resMlp(int depth, double layerScale) {
    return new MetaFormer.Spec(
        IMAGE,
        3,
        CLASSES,
        List.of(
            new Stage.Spec(
                384,
                Downsampling.Spec.plain(16, 16, 0),
                blocks(
                    depth,
                    LinearMixer.Spec.example(),
                    Mlp.Spec.example(),
                    AffineNorm.Spec.example(),
                    ResidualConnection.Spec.scaled(layerScale)))),
        MetaFormer.Pooling.AVERAGE_OF_NORMED,
        AffineNorm.Spec.example(),
        LinearSpec.example(),
        0,
        Start.LINEAR);
  }

  /** A PoolFormer of three stages for 28-pixel grey images. */
  static MetaFormer.Spec small() {
    List<Stage.Spec> stages = new ArrayList<>();
    List<Integer> depths = List.of(1, 1, 2);
    Sublayers.Spec block = Stage.Spec.example().blocks().block();
    for (int i = 0; i < depths.size(); i++) {
      var blocks = new Stack.Spec(depths.get(i), block, List.of());
      stages.add(new Stage.Spec(32 << i, Downsampling.Spec.example(), blocks));
    }
    return new MetaFormer.Spec(
        28,
        1,
        10,
        stages,
        MetaFormer.Pooling.AVERAGE_OF_NORMED,
        SampleNorm.Spec.example(),
        LinearSpec.example(),
        0,
        Start.LINEAR);
  }
}
