package org.kat4j.model;

import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
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
    AVERAGE_OF_NORMED
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
   * @param registers number of further learnable tokens in front
   * @param positionOfPrefix whether class token and registers have positions too
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
      int registers,
      boolean positionOfPrefix,
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
      if (pooling == Pooling.TOKEN && !classToken) {
        throw new IllegalArgumentException("pooling = token needs classToken = true");
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
          0,
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
      return with(imageSize, patchSize, channels, classes, other, weightInit);
    }

    public Spec withWeightInit(WeightInit other) {
      return with(imageSize, patchSize, channels, classes, channelMixer, other);
    }

    /**
     * Keeps the patch size where it fits the image; otherwise takes the largest that leaves 7 x 7
     * patches.
     */
    @Override
    public Spec withInput(int imageSize, int channels, int classes) {
      return with(imageSize, fittingPatch(imageSize), channels, classes, channelMixer, weightInit);
    }

    private Spec with(
        int imageSize,
        int patchSize,
        int channels,
        int classes,
        ChannelMixer.Spec channelMixer,
        WeightInit weightInit) {
      return new Spec(
          imageSize,
          patchSize,
          channels,
          classes,
          width,
          depth,
          tokenMixer,
          channelMixer,
          classToken,
          registers,
          positionOfPrefix,
          normFirst,
          pooling,
          layerScale,
          dropPath,
          headDropout,
          normEpsilon,
          weightInit);
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

    int prefixTokens() {
      return (classToken ? 1 : 0) + registers;
    }

    @Override
    public long macs() {
      int tokens = patches() + prefixTokens();
      long embed = (long) patches() * width * channels * patchSize * patchSize;
      return embed + stack().macs(tokens, width) + (long) width * classes;
    }
  }

  private final Spec spec;
  private final @Nullable Tensor classToken; // [1, 1, width]
  private final @Nullable Tensor registers; // [1, registers, width]
  private final Tensor position; // [1, patches + prefix, width]
  private final PatchEmbed patchEmbed;
  private final @Nullable LayerNorm normFirst;
  private final Stack blocks;
  private final @Nullable LayerNorm norm;
  private final @Nullable LayerNorm poolNorm;
  private final Linear head;

  private VisionTransformer(Spec spec, Context context) {
    this.spec = spec;
    int positions = spec.patches() + (spec.positionOfPrefix ? spec.prefixTokens() : 0);
    classToken = spec.classToken ? context.parameter(1, 1, spec.width) : null;
    registers = spec.registers > 0 ? context.parameter(1, spec.registers, spec.width) : null;
    position = context.parameter(1, positions, spec.width);
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
    head = new Linear(spec.width, spec.classes, true, context);
    if (context.hasMemory() && !context.overwritten()) {
      spec.weightInit.apply(this, context.random());
    }
  }

  @Override
  public Tensor forward(Tensor images, Pass pass) {
    Tensor pooled = pool(forwardFeatures(images, pass)); // [batch, width]
    pass.tap().record("pooled", pooled);
    return head.forward(Dropout.elements(pooled, spec.headDropout, pass)); // [batch, classes]
  }

  /**
   * The tokens after the last block and the final norm: {@code [batch, prefix + patches, width]}.
   */
  public Tensor forwardFeatures(Tensor images, Pass pass) {
    spec.signature().check(images);
    Tensor x = embed(patchEmbed.forward(images)); // [batch, prefix + patches, width]
    if (normFirst != null) {
      x = normFirst.forward(x);
    }
    pass.tap().record("embedded", x);
    Residual residual = blocks.forward(Residual.of(x), pass.at("blocks"));
    Tensor features = norm == null ? residual.sum() : residual.normed(norm, false).value();
    pass.tap().record("features", features);
    return features;
  }

  private Tensor embed(Tensor patches) {
    Tensor placed = spec.positionOfPrefix ? patches : patches.add(position);
    TensorVector tokens = new TensorVector();
    long batch = patches.size(0);
    if (classToken != null) {
      tokens.push_back(classToken.expand(batch, -1, -1));
    }
    if (registers != null) {
      tokens.push_back(registers.expand(batch, -1, -1));
    }
    tokens.push_back(placed);
    Tensor all = tokens.size() == 1 ? placed : torch.cat(tokens, 1);
    return spec.positionOfPrefix ? all.add(position) : all;
  }

  private Tensor pool(Tensor tokens) {
    if (spec.pooling == Pooling.TOKEN) {
      return tokens.select(1, 0);
    }
    Tensor mean = tokens.narrow(1, spec.prefixTokens(), spec.patches()).mean(1);
    return poolNorm == null ? mean : poolNorm.forward(mean);
  }

  @Override
  public Spec spec() {
    return spec;
  }

  @Override
  public Set<String> noWeightDecay() {
    Set<String> names = new HashSet<>(StateDict.undecayed(this));
    names.addAll(List.of("pos_embed", "cls_token"));
    return names;
  }

  /** Class token and registers, as far as there are any. */
  List<Tensor> prefixTokens() {
    return Stream.of(classToken, registers).filter(Objects::nonNull).toList();
  }

  Tensor position() {
    return position;
  }

  /** Positions of another image size fitted to this one's. */
  Tensor resampled(Tensor otherPosition) {
    int prefix = spec.positionOfPrefix ? spec.prefixTokens() : 0;
    return PositionEmbedding.resample(otherPosition, prefix, spec.imageSize / spec.patchSize);
  }

  PatchEmbed patchEmbed() {
    return patchEmbed;
  }

  Linear head() {
    return head;
  }

  @Override
  public void register(Registry registry) {
    if (classToken != null) {
      registry.tensor("cls_token", classToken);
    }
    if (registers != null) {
      registry.tensor("reg_token", registers);
    }
    registry.tensor("pos_embed", position);
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
  }
}
