package org.kat4j.model;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;
import org.kat4j.block.Residual;
import org.kat4j.block.Stack;
import org.kat4j.config.Check;
import org.kat4j.config.Kind;
import org.kat4j.convolution.PlainConvolution;
import org.kat4j.function.DepthwiseConvolution;
import org.kat4j.function.Linear;
import org.kat4j.function.Norm;
import org.kat4j.torch.Context;
import org.kat4j.torch.Init;
import org.kat4j.torch.Part;
import org.kat4j.torch.Pass;
import org.kat4j.torch.RandomStream;
import org.kat4j.torch.Registry;
import org.kat4j.torch.StateDict;

/**
 * Blocks with interchangeable mixers on grids that become coarser from stage to stage: PoolFormer,
 * IdentityFormer, RandFormer, ConvFormer, CAFormer; with one stage ResMLP.
 *
 * <p>Taps: {@code stages.i.…}, {@code features}, {@code pooled}. Sources: arXiv 2111.11418,
 * 2210.13452, 2105.03404.
 */
public final class MetaFormer implements ImageModel {
  /** How tokens become one vector. */
  public enum Pooling {
    /** The mean of the tokens, then the final norm. */
    AVERAGE,
    /** The final norm, then the mean of the tokens. */
    AVERAGE_OF_NORMED
  }

  /** Which weights start truncated normal with deviation 0.02, with biases 0. */
  public enum Start {
    /** Those of linear layers; convolutions start as PyTorch's: PoolFormer. */
    LINEAR,
    /** Those of linear layers and convolutions: the MetaFormer baselines. */
    ALL
  }

  /**
   * @param imageSize side of the square image in pixels
   * @param channels colour channels
   * @param classes number of classes
   * @param stages from fine to coarse; the convolution before the first reads the image
   * @param pooling how tokens become one vector
   * @param norm the final norm
   * @param head from one vector to logits
   * @param dropPath drop path rate of the last block; it grows linearly from 0 over all stages
   * @param start initial weights
   */
  @Kind("metaformer")
  public record Spec(
      int imageSize,
      int channels,
      int classes,
      List<Stage.Spec> stages,
      Pooling pooling,
      Norm.Spec norm,
      ClassifierHead.Spec head,
      double dropPath,
      Start start)
      implements ImageModel.Spec {
    private static final int MOST_STAGES = 16;

    public Spec {
      stages = List.copyOf(stages);
      Check.between("imageSize", imageSize, 1, 8192);
      Check.between("channels", channels, 1, 1024);
      Check.between("classes", classes, 1, 1_000_000);
      Check.between("stages", stages.size(), 1, MOST_STAGES);
      Check.inRange("dropPath", dropPath, 0, 1);
      int side = imageSize;
      for (int i = 0; i < stages.size(); i++) {
        side = stages.get(i).downsampling().window().sideOf(side);
        if (side < 1) {
          throw new IllegalArgumentException(
              "imageSize = %d: stage %d of %d would have no tokens"
                  .formatted(imageSize, i + 1, stages.size()));
        }
      }
    }

    /** A small PoolFormer for 28-pixel grey images. */
    public static Spec example() {
      return MetaFormerSizes.small();
    }

    @Override
    public Spec withInput(int imageSize, int channels, int classes) {
      return new Spec(imageSize, channels, classes, stages, pooling, norm, head, dropPath, start);
    }

    @Override
    public Signature.Images signature() {
      return new Signature.Images(channels, imageSize, imageSize, classes);
    }

    @Override
    public MetaFormer build(Context context) {
      return new MetaFormer(this, context);
    }

    /** Channels that stage {@code i} gets. */
    int widthBefore(int i) {
      return i == 0 ? channels : stages.get(i - 1).width();
    }

    /** Side of what stage {@code i} gets; of the last grid where i is their number. */
    int sideBefore(int i) {
      int side = imageSize;
      for (Stage.Spec stage : stages.subList(0, i)) {
        side = stage.downsampling().sideOf(side);
      }
      return side;
    }

    private int depth() {
      return stages.stream().mapToInt(stage -> stage.blocks().depth()).sum();
    }

    @Override
    public long macs() {
      long sum = head.macs(stages.getLast().width(), classes);
      for (int i = 0; i < stages.size(); i++) {
        Stage.Spec stage = stages.get(i);
        int side = sideBefore(i + 1);
        sum += stage.downsampling().macs(widthBefore(i), stage.width(), sideBefore(i));
        sum += stage.blocks().macs(side * side, stage.width());
      }
      return sum;
    }
  }

  private static final double DEVIATION = 0.02;

  private final Spec spec;
  private final List<Stage> stages = new ArrayList<>();
  private final Norm norm;
  private final ClassifierHead head;

  private MetaFormer(Spec spec, Context context) {
    this.spec = spec;
    int before = 0;
    for (int i = 0; i < spec.stages.size(); i++) {
      Stage.Spec stage = spec.stages.get(i);
      var among = new Stack.Among(before, spec.depth(), spec.dropPath);
      stages.add(new Stage(stage, spec.widthBefore(i), spec.sideBefore(i), among, context));
      before += stage.blocks().depth();
    }
    int width = spec.stages.getLast().width();
    norm = spec.norm.build(width, context);
    head = spec.head.build(width, spec.classes, context);
    if (context.hasMemory() && !context.overwritten()) {
      StateDict.forEachPart(this, (_, part) -> start(part, context.random()));
    }
  }

  private void start(Part part, RandomStream random) {
    boolean convolutions = spec.start == Start.ALL;
    switch (part) {
      case Linear linear -> start(linear.weight(), linear.bias(), random);
      case PlainConvolution plain when convolutions -> start(plain.weight(), plain.bias(), random);
      case DepthwiseConvolution depthwise when convolutions ->
          start(depthwise.weight(), depthwise.bias(), random);
      default -> {}
    }
  }

  private static void start(Tensor weight, @Nullable Tensor bias, RandomStream random) {
    Init.truncatedNormal(weight, DEVIATION, random);
    if (bias != null) {
      Init.constant(bias, 0);
    }
  }

  @Override
  public Tensor forward(Tensor images, Pass pass) {
    Residual tokens = stages(images, pass);
    Tensor pooled; // [batch, width]
    if (spec.pooling == Pooling.AVERAGE) {
      Tensor features = tokens.sum();
      pass.tap().record("features", features);
      pooled = norm.forward(features.mean(1));
    } else {
      Tensor features = tokens.normed(norm, false).value();
      pass.tap().record("features", features);
      pooled = features.mean(1);
    }
    pass.tap().record("pooled", pooled);
    return head.forward(pooled, pass);
  }

  private Residual stages(Tensor images, Pass pass) {
    spec.signature().check(images);
    // Convolutions keep the order of the axes: from here on tokens are never copied.
    Tensor image = images.contiguous(torch.MemoryFormat.ChannelsLast);
    Pass here = pass.at("stages");
    Residual x = stages.getFirst().forwardImage(image, here.at("0"));
    for (int i = 1; i < stages.size(); i++) {
      x = stages.get(i).forward(x, here.at(String.valueOf(i)));
    }
    return x;
  }

  @Override
  public Spec spec() {
    return spec;
  }

  @Override
  public void register(Registry registry) {
    registry.part(
        "stages",
        inner -> {
          for (int i = 0; i < stages.size(); i++) {
            inner.part(String.valueOf(i), stages.get(i));
          }
        });
    registry.part("norm", norm);
    registry.part("head", head);
  }
}
