package org.kat4j.model;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.kat4j.config.Check;
import org.kat4j.config.Kind;
import org.kat4j.convolution.Convolution;
import org.kat4j.convolution.KanConvolution;
import org.kat4j.function.Activation;
import org.kat4j.torch.Context;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Registry;

/**
 * A small convolutional network with an interchangeable convolution.
 *
 * <p>Every stage is convolution, norm, activation, pooling by 2; the first has {@code width}
 * outputs, each further one twice as many; a linear classifier follows. The form is that of the
 * example network of SeriYann/KANConv2d, with a norm between stages, since learnable functions are
 * made for inputs near [-1, 1].
 */
public final class ConvNet implements ImageModel {
  /** What follows a convolution. */
  public enum Norm {
    NONE,
    /** Over all pixels of a channel in the batch. */
    BATCH
  }

  /** What becomes of two by two pixels. */
  public enum Pooling {
    MAX {
      @Override
      Tensor of(Tensor x) {
        return torch.max_pool2d(x, 2, 2);
      }
    },
    AVERAGE {
      @Override
      Tensor of(Tensor x) {
        return torch.avg_pool2d(x, 2, 2);
      }
    };

    abstract Tensor of(Tensor x);
  }

  /** How the last stage becomes one vector. */
  public enum Readout {
    /** All pixels of all channels. */
    FLATTENED {
      @Override
      Tensor of(Tensor x) {
        return x.flatten(1, -1);
      }
    },
    /** The mean of each channel. */
    AVERAGE {
      @Override
      Tensor of(Tensor x) {
        return x.mean(2, 3);
      }
    };

    abstract Tensor of(Tensor x);
  }

  /**
   * @param imageSize side of the square image in pixels
   * @param channels colour channels
   * @param classes number of classes
   * @param width outputs of the first stage
   * @param stages number of stages; each halves the image
   * @param convolution of every stage
   * @param norm after it
   * @param activation after the norm; learnable functions need none
   * @param pooling at the end of a stage
   * @param readout how the last stage becomes one vector
   * @param headDropout dropout rate before the classifier
   */
  @Kind("convnet")
  public record Spec(
      int imageSize,
      int channels,
      int classes,
      int width,
      int stages,
      Convolution.Spec convolution,
      Norm norm,
      Activation activation,
      Pooling pooling,
      Readout readout,
      double headDropout)
      implements ImageModel.Spec {
    private static final int POOLED = 2;
    private static final int WIDEST = 65_536;

    public Spec {
      Check.between("imageSize", imageSize, 1, 8192);
      Check.between("channels", channels, 1, 1024);
      Check.between("classes", classes, 1, 1_000_000);
      Check.between("stages", stages, 1, 12);
      Check.betweenOthers("width", width, 1, WIDEST >> (stages - 1));
      Check.inRange("headDropout", headDropout, 0, 1);
      int side = imageSize;
      for (int i = 0; i < stages; i++) {
        side = convolution.window().sideOf(side) / POOLED;
        if (side < 1) {
          throw new IllegalArgumentException(
              "imageSize = %d: stage %d of %d would have no pixels"
                  .formatted(imageSize, i + 1, stages));
        }
      }
      long pixels = readout == Readout.FLATTENED ? (long) side * side : 1;
      Check.between(
          "numbers before the classifier", pixels * (width << (stages - 1)), 1, Integer.MAX_VALUE);
    }

    /** Two stages of B-spline convolutions for 28-pixel grey images. */
    public static Spec example() {
      return new Spec(
          28,
          1,
          10,
          8,
          2,
          KanConvolution.Spec.example(),
          Norm.BATCH,
          Activation.IDENTITY,
          Pooling.MAX,
          Readout.FLATTENED,
          0);
    }

    @Override
    public Spec withInput(int imageSize, int channels, int classes) {
      return new Spec(
          imageSize,
          channels,
          classes,
          width,
          stages,
          convolution,
          norm,
          activation,
          pooling,
          readout,
          headDropout);
    }

    /** Channels that stage {@code i} gets. */
    int widthBefore(int i) {
      return i == 0 ? channels : widthAfter(i - 1);
    }

    /** Channels that stage {@code i} gives. */
    int widthAfter(int i) {
      return width << i;
    }

    /** Side of the images that stage {@code i} gets. */
    private int sideBefore(int i) {
      int side = imageSize;
      for (int stage = 0; stage < i; stage++) {
        side = convolution.window().sideOf(side) / POOLED;
      }
      return side;
    }

    /** Numbers that the classifier gets. */
    int features() {
      int side = readout == Readout.FLATTENED ? sideBefore(stages) : 1;
      return widthAfter(stages - 1) * side * side;
    }

    @Override
    public Signature.Images signature() {
      return new Signature.Images(channels, imageSize, imageSize, classes);
    }

    @Override
    public ConvNet build(Context context) {
      return new ConvNet(this, ConvStack.build(this, context));
    }

    @Override
    public long macs() {
      long sum = (long) features() * classes;
      for (int i = 0; i < stages; i++) {
        sum += convolution.macs(widthBefore(i), widthAfter(i), sideBefore(i));
      }
      return sum;
    }
  }

  private final Spec spec;
  private final ConvStack stack;

  private ConvNet(Spec spec, ConvStack stack) {
    this.spec = spec;
    this.stack = stack;
  }

  @Override
  public Tensor forward(Tensor images, Pass pass) {
    spec.signature().check(images);
    return stack.forward(images, pass);
  }

  @Override
  public Spec spec() {
    return spec;
  }

  /** Stages and classifier; where the convolution is a pool, what its phases work on. */
  public ConvStack stack() {
    return stack;
  }

  /** The same with the chosen members of its pools alone, which it shares with this one. */
  public ConvNet pruned() {
    return new ConvNet(spec, stack.pruned());
  }

  @Override
  public void register(Registry registry) {
    stack.register(registry);
  }
}
