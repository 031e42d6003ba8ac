package org.kat4j.model;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.kat4j.channel.ChannelMixer;
import org.kat4j.config.Check;
import org.kat4j.config.Kind;
import org.kat4j.function.LayerNorm;
import org.kat4j.function.Linear;
import org.kat4j.torch.Context;
import org.kat4j.torch.Dropout;
import org.kat4j.torch.Part;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Registry;

/** From one vector of an image to the logits of classes. */
public interface ClassifierHead extends Part {
  /** {@code [batch, width]} to {@code [batch, classes]}. */
  Tensor forward(Tensor x, Pass pass);

  /** A head as data. */
  sealed interface Spec permits LinearSpec, MlpSpec {
    ClassifierHead build(int width, int classes, Context context);

    /** Multiply-accumulates for one image. */
    long macs(int width, int classes);
  }

  /**
   * One linear layer: {@code weight, bias}.
   *
   * @param dropout rate before it, in [0, 1)
   */
  @Kind("linear")
  record LinearSpec(double dropout) implements Spec {
    public LinearSpec {
      Check.inRange("dropout", dropout, 0, 1);
    }

    public static LinearSpec example() {
      return new LinearSpec(0);
    }

    @Override
    public ClassifierHead build(int width, int classes, Context context) {
      return new OneLayer(new Linear(width, classes, true, context), dropout);
    }

    @Override
    public long macs(int width, int classes) {
      return (long) width * classes;
    }
  }

  /**
   * Linear, squared ReLU, norm, dropout, linear: {@code fc1, norm, fc2}. Source: the head of
   * ConvFormer and CAFormer, arXiv 2210.13452.
   *
   * @param ratio hidden width by width, above 0
   * @param epsilon added to the variance in the norm, above 0
   * @param dropout rate before the last layer, in [0, 1)
   */
  @Kind("mlp")
  record MlpSpec(double ratio, double epsilon, double dropout) implements Spec {
    public MlpSpec {
      Check.positive("ratio", ratio);
      Check.positive("epsilon", epsilon);
      Check.inRange("dropout", dropout, 0, 1);
    }

    public static MlpSpec example() {
      return new MlpSpec(4, 1e-5, 0);
    }

    @Override
    public ClassifierHead build(int width, int classes, Context context) {
      int hidden = ChannelMixer.hiddenWidth(ratio, width);
      return new TwoLayers(
          new Linear(width, hidden, true, context),
          new LayerNorm.Spec(epsilon, true).build(hidden, context),
          new Linear(hidden, classes, true, context),
          dropout);
    }

    @Override
    public long macs(int width, int classes) {
      return (long) ChannelMixer.hiddenWidth(ratio, width) * (width + classes);
    }
  }

  /** {@link LinearSpec} with its layer. */
  record OneLayer(Linear linear, double dropout) implements ClassifierHead {
    @Override
    public Tensor forward(Tensor x, Pass pass) {
      return linear.forward(Dropout.elements(x, dropout, pass));
    }

    @Override
    public void register(Registry registry) {
      linear.register(registry);
    }
  }

  /** {@link MlpSpec} with its layers. */
  record TwoLayers(Linear fc1, LayerNorm norm, Linear fc2, double dropout)
      implements ClassifierHead {
    @Override
    public Tensor forward(Tensor x, Pass pass) {
      Tensor hidden = norm.forward(torch.relu(fc1.forward(x)).square());
      return fc2.forward(Dropout.elements(hidden, dropout, pass));
    }

    @Override
    public void register(Registry registry) {
      registry.part("fc1", fc1);
      registry.part("norm", norm);
      registry.part("fc2", fc2);
    }
  }
}
