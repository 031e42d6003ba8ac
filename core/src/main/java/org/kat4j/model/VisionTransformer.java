package org.kat4j.model;

import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;
import org.kat4j.block.Residual;
import org.kat4j.block.Stack;
import org.kat4j.block.Sublayers;
import org.kat4j.channel.ChannelMixer;
import org.kat4j.channel.GroupRationalMlp;
import org.kat4j.channel.Mlp;
import org.kat4j.config.Check;
import org.kat4j.config.Kind;
import org.kat4j.config.Records;
import org.kat4j.function.LayerNorm;
import org.kat4j.function.Linear;
import org.kat4j.token.Attention;
import org.kat4j.token.TokenMixer;
import org.kat4j.torch.Context;
import org.kat4j.torch.Dropout;
import org.kat4j.torch.Layout;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Registry;
import org.kat4j.torch.StateDict;

/**
 * The vision transformer with interchangeable mixers: ViT with {@code attention} and {@code mlp},
 * KAT with {@code attention} and {@code gr-kan}.
 *
 * <p>Taps: {@code embedded}, {@code blocks.i.…}, {@code features}, {@code pooled}. Sources: arXiv
 * 2010.11929, 2409.10594; names and order of timm's {@code VisionTransformer}.
 */
public final class VisionTransformer implements ImageModel {
  /** How tokens become one vector. */
  public enum Pooling {
    /** The class token, after the final norm. */
    TOKEN,
    /** The mean of the patch tokens, then a norm of its own: timm's {@code avg}. */
    AVERAGE,
    /** The final norm, then the mean of the patch tokens. */
    AVERAGE_OF_NORMED,
    /** The final norm, then the class token and the mean of the patch tokens, twice as wide. */
    TOKEN_AND_AVERAGE
  }

  /**
   * @param imageSize side of the square image in pixels
   * @param patchSize side of a patch in pixels; divides the image size
   * @param channels colour channels
   * @param classes number of classes
   * @param width channels of a token
   * @param depth number of blocks
   * @param tokenMixer first slot of every block
   * @param channelMixer second slot of every block
   * @param classToken whether a class token is put in front
   * @param distillationToken whether one more follows it, with a classifier of its own; the two
   *     answers are averaged. Source: arXiv 2012.12877
   * @param registers number of further learnable tokens in front
   * @param positionOfPrefix whether the tokens in front have positions too
   * @param positionOfRegisters whether, if they have, registers do
   * @param normFirst whether a norm stands between embedding and blocks
   * @param pooling how tokens become one vector
   * @param layerScale initial value of the layer scale, 0 for none
   * @param dropPath drop path rate of the last block; it grows linearly from 0
   * @param headDropout dropout rate before the classifier
   * @param normEpsilon added to the variance in the norms
   * @param weightInit initial weights
   */
  @Kind("vision-transformer")
  public record Spec(
      int imageSize,
      int patchSize,
      int channels,
      int classes,
      int width,
      int depth,
      TokenMixer.Spec tokenMixer,
      ChannelMixer.Spec channelMixer,
      boolean classToken,
      boolean distillationToken,
      int registers,
      boolean positionOfPrefix,
      boolean positionOfRegisters,
      boolean normFirst,
      Pooling pooling,
      double layerScale,
      double dropPath,
      double headDropout,
      double normEpsilon,
      WeightInit weightInit)
      implements ImageModel.Spec {
    private static final int SMALLEST_GRID = 4;
    private static final int PREFERRED_GRID = 7;

    public Spec {
      Check.between("imageSize", imageSize, 1, 8192);
      Check.atLeast("patchSize", patchSize, 1);
      Check.between("channels", channels, 1, 1024);
      Check.between("classes", classes, 1, 1_000_000);
      Check.between("width", width, 1, 65_536);
      Check.between("depth", depth, 1, 1_000);
      Check.between("registers", registers, 0, 1_000);
      Check.inRange("dropPath", dropPath, 0, 1);
      Check.inRange("headDropout", headDropout, 0, 1);
      if (imageSize % patchSize != 0) {
        throw new IllegalArgumentException(
            "imageSize = " + imageSize + ": not a multiple of patchSize = " + patchSize);
      }
      if ((pooling == Pooling.TOKEN || pooling == Pooling.TOKEN_AND_AVERAGE) && !classToken) {
        throw new IllegalArgumentException(
            "pooling = "
                + pooling.name().toLowerCase(Locale.ROOT).replace('_', '-')
                + " needs classToken = true");
      }
      if (distillationToken && pooling != Pooling.TOKEN) {
        throw new IllegalArgumentException("distillationToken = true needs pooling = token");
      }
      Check.inRange("layerScale", layerScale, 0, Double.POSITIVE_INFINITY);
      Check.positive("normEpsilon", normEpsilon);
    }

    /** A small KAT for 28-pixel grey images. */
    public static Spec example() {
      return kat(28, 4, 1, 10, 48, 2, 3);
    }

    /** KAT: attention and GR-KAN, the paper's initial weights. */
    static Spec kat(
        int imageSize, int patchSize, int channels, int classes, int width, int depth, int heads) {
      return plain(
              imageSize, patchSize, channels, classes, width, depth, Attention.Spec.heads(heads))
          .withChannelMixer(GroupRationalMlp.Spec.example())
          .withWeightInit(WeightInit.KAN_MIMETIC);
    }

    /** ViT: attention and MLP, timm's initial weights. */
    static Spec vit(
        int imageSize, int patchSize, int channels, int classes, int width, int depth, int heads) {
      return plain(
          imageSize, patchSize, channels, classes, width, depth, Attention.Spec.heads(heads));
    }

    private static Spec plain(
        int imageSize,
        int patchSize,
        int channels,
        int classes,
        int width,
        int depth,
        TokenMixer.Spec tokenMixer) {
      return new Spec(
          imageSize,
          patchSize,
          channels,
          classes,
          width,
          depth,
          tokenMixer,
          Mlp.Spec.example(),
          true,
          false,
          0,
          true,
          true,
          false,
          Pooling.TOKEN,
          0,
          0,
          0,
          1e-6,
          WeightInit.TIMM);
    }

    public Spec withChannelMixer(ChannelMixer.Spec other) {
      return Records.with(this, Map.of("channelMixer", other));
    }

    public Spec withWeightInit(WeightInit other) {
      return Records.with(this, Map.of("weightInit", other));
    }

    /** The same patches of other images. */
    Spec withImageSize(int other) {
      return Records.with(this, Map.of("imageSize", other));
    }

    /**
     * Keeps the patch size where it fits the image; otherwise takes the largest that leaves 7 x 7
     * patches.
     */
    @Override
    public Spec withInput(int imageSize, int channels, int classes) {
      return Records.with(
          this,
          Map.of(
              "imageSize",
              imageSize,
              "patchSize",
              fittingPatch(imageSize),
              "channels",
              channels,
              "classes",
              classes));
    }

    private Stack.Spec stack() {
      return new Stack.Spec(
          depth, Sublayers.Spec.timm(tokenMixer, channelMixer, layerScale, normEpsilon), List.of());
    }

    private Layout layout() {
      int side = imageSize / patchSize;
      return new Layout.Grid(List.of(side, side), prefixTokens(), false);
    }

    private int fittingPatch(int imageSize) {
      if (imageSize % patchSize == 0 && imageSize / patchSize >= SMALLEST_GRID) {
        return patchSize;
      }
      for (int patch = patchSize; patch > 1; patch--) {
        if (imageSize % patch == 0 && imageSize / patch >= PREFERRED_GRID) {
          return patch;
        }
      }
      return 1;
    }

    @Override
    public Signature.Images signature() {
      return new Signature.Images(channels, imageSize, imageSize, classes);
    }

    @Override
    public VisionTransformer build(Context context) {
      return new VisionTransformer(this, context);
    }

    int patches() {
      int side = imageSize / patchSize;
      return side * side;
    }

    /** Tokens in front of the patches. */
    public int prefixTokens() {
      return (classToken ? 1 : 0) + (distillationToken ? 1 : 0) + registers;
    }

    /** Those of them that have a position. */
    int placedPrefixTokens() {
      return positionOfPrefix ? prefixTokens() - (positionOfRegisters ? 0 : registers) : 0;
    }

    /** Numbers that the classifier sees. */
    private int pooledWidth() {
      return pooling == Pooling.TOKEN_AND_AVERAGE ? 2 * width : width;
    }

    @Override
    public long macs() {
      int tokens = patches() + prefixTokens();
      long embed = (long) patches() * width * channels * patchSize * patchSize;
      long head = (long) pooledWidth() * classes * (distillationToken ? 2 : 1);
      return embed + stack().macs(tokens, width) + head;
    }
  }

  private final Spec spec;
  private final TokenPlaces tokens;
  private final PatchEmbed patchEmbed;
  private final @Nullable LayerNorm normFirst;
  private final Stack blocks;
  private final @Nullable LayerNorm norm;
  private final @Nullable LayerNorm poolNorm;
  private final Linear head;
  private final @Nullable Linear distilledHead;

  private VisionTransformer(Spec spec, Context context) {
    this.spec = spec;
    tokens = new TokenPlaces(spec, context);
    patchEmbed = new PatchEmbed(spec.channels, spec.patchSize, spec.width, context);
    normFirst = spec.normFirst ? new LayerNorm(spec.width, spec.normEpsilon, context) : null;
    blocks = spec.stack().build(spec.width, spec.dropPath, context.at(spec.layout()));
    norm =
        spec.pooling == Pooling.AVERAGE
            ? null
            : new LayerNorm(spec.width, spec.normEpsilon, context);
    poolNorm =
        spec.pooling == Pooling.AVERAGE
            ? new LayerNorm(spec.width, spec.normEpsilon, context)
            : null;
    head = new Linear(spec.pooledWidth(), spec.classes, true, context);
    distilledHead =
        spec.distillationToken ? new Linear(spec.width, spec.classes, true, context) : null;
    if (context.hasMemory() && !context.overwritten()) {
      spec.weightInit.apply(this, context.random());
    }
  }

  @Override
  public Tensor forward(Tensor images, Pass pass) {
    Tensor features = forwardFeatures(images, pass);
    Tensor pooled = pool(features); // [batch, width], or twice as wide
    pass.tap().record("pooled", pooled);
    Tensor logits = head.forward(Dropout.elements(pooled, spec.headDropout, pass));
    if (distilledHead == null) {
      return logits; // [batch, classes]
    }
    Tensor distilled = Dropout.elements(features.select(1, 1), spec.headDropout, pass);
    return logits.add(distilledHead.forward(distilled)).div(new Scalar(2));
  }

  /**
   * The tokens after the last block and the final norm: {@code [batch, prefix + patches, width]}.
   */
  public Tensor forwardFeatures(Tensor images, Pass pass) {
    spec.signature().check(images);
    Tensor x = tokens.around(patchEmbed.forward(images)); // [batch, prefix + patches, width]
    if (normFirst != null) {
      x = normFirst.forward(x);
    }
    pass.tap().record("embedded", x);
    Residual residual = blocks.forward(Residual.of(x), pass.at("blocks"));
    Tensor features = norm == null ? residual.sum() : residual.normed(norm, false).value();
    pass.tap().record("features", features);
    return features;
  }

  private Tensor pool(Tensor features) {
    if (spec.pooling == Pooling.TOKEN) {
      return features.select(1, 0);
    }
    Tensor mean = features.narrow(1, spec.prefixTokens(), spec.patches()).mean(1);
    return switch (spec.pooling) {
      case TOKEN_AND_AVERAGE -> torch.cat(new TensorVector(features.select(1, 0), mean), 1);
      case TOKEN, AVERAGE, AVERAGE_OF_NORMED -> poolNorm == null ? mean : poolNorm.forward(mean);
    };
  }

  @Override
  public Spec spec() {
    return spec;
  }

  @Override
  public Set<String> noWeightDecay() {
    Set<String> names = new HashSet<>(StateDict.undecayed(this));
    names.addAll(List.of("pos_embed", "cls_token", "dist_token"));
    return names;
  }

  TokenPlaces tokens() {
    return tokens;
  }

  /** Positions of another image size fitted to this one's. */
  Tensor resampled(Tensor otherPosition) {
    return PositionEmbedding.resample(
        otherPosition, spec.placedPrefixTokens(), spec.imageSize / spec.patchSize, true);
  }

  PatchEmbed patchEmbed() {
    return patchEmbed;
  }

  boolean isHead(Linear linear) {
    return linear == head || linear == distilledHead;
  }

  @Override
  public void register(Registry registry) {
    tokens.register(registry);
    registry.part("patch_embed", patchEmbed);
    if (normFirst != null) {
      registry.part("norm_pre", normFirst);
    }
    registry.part("blocks", blocks);
    if (norm != null) {
      registry.part("norm", norm);
    }
    if (poolNorm != null) {
      registry.part("fc_norm", poolNorm);
    }
    registry.part("head", head);
    if (distilledHead != null) {
      registry.part("head_dist", distilledHead);
    }
  }
}
