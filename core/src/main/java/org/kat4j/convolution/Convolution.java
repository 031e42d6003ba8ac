package org.kat4j.convolution;

import org.bytedeco.pytorch.Tensor;
import org.kat4j.torch.Context;
import org.kat4j.torch.Part;
import org.kat4j.torch.Pass;

/** A map of images that does the same at every place: each output pixel sees a window of pixels. */
public interface Convolution extends Part {
  /** {@code [batch, in, height, width]} to {@code [batch, out, height', width']}. */
  Tensor forward(Tensor images, Pass pass);

  /** A convolution as data. Every spec has a static {@code example()}. */
  sealed interface Spec
      permits KanConvolution.Spec, PlainConvolution.Spec, SelectedConvolution.Spec {
    /** The convolution; fails with the field's name where a width does not fit. */
    Convolution build(int in, int out, Context context);

    Window window();

    /** Multiply-accumulates for one square image of this side. */
    long macs(int in, int out, int side);
  }
}
