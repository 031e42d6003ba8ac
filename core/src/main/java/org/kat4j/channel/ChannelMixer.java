package org.kat4j.channel;

import org.bytedeco.pytorch.Tensor;
import org.kat4j.torch.Context;
import org.kat4j.torch.Part;
import org.kat4j.torch.Pass;

/**
 * Works on the channels of each token by itself: {@code [batch, tokens, width]} to the same shape.
 */
public interface ChannelMixer extends Part {
  Tensor forward(Tensor x, Pass pass);

  /**
   * Whether x may come in the lower type under autocast, because all that is done with it starts by
   * rounding it so.
   */
  default boolean lowersInput() {
    return false;
  }

  /** The hidden width {@code ratio * width}, rounded down; fails where it is no sensible number. */
  static int hiddenWidth(double ratio, int width) {
    double hidden = Math.floor(ratio * width);
    if (!(hidden >= 1 && hidden <= MAX_HIDDEN)) {
      throw new IllegalArgumentException(
          "ratio = "
              + ratio
              + ": a hidden width of "
              + hidden
              + " at width "
              + width
              + ", 1 to "
              + MAX_HIDDEN
              + " is possible");
    }
    return (int) hidden;
  }

  /** The ratio that gives this hidden width again, by {@link #hiddenWidth}. */
  static double ratio(int hidden, int width) {
    double ratio = (double) hidden / width;
    return Math.floor(ratio * width) == hidden ? ratio : Math.nextUp(ratio);
  }

  /** Widest hidden layer. */
  int MAX_HIDDEN = 1 << 20;

  /**
   * A channel mixer as data. To add one: a record here in this package, its name in the {@code
   * permits} clause, a test with the sheet's worked example. Every spec has a static {@code
   * example()}: small, valid, the defaults of its YAML form.
   */
  sealed interface Spec
      permits Mlp.Spec,
          GatedMlp.Spec,
          GroupRationalMlp.Spec,
          KanMlp.Spec,
          LatentKan.Spec,
          PolynomialMlp.Spec,
          NoChannelMixer.Spec,
          StarReluMlp.Spec {
    /**
     * The mixer for tokens of {@code width} channels; fails with the field's name when width does
     * not fit.
     */
    ChannelMixer build(int width, Context context);

    /** Multiply-accumulates of one forward over {@code tokens} tokens. */
    long macs(int tokens, int width);

    /** Its name in the state dict of a block. */
    default String stateName() {
      return "mlp";
    }
  }
}
