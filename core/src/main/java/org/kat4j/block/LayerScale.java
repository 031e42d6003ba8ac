package org.kat4j.block;

import org.bytedeco.pytorch.Tensor;
import org.kat4j.torch.Context;
import org.kat4j.torch.Init;
import org.kat4j.torch.Part;
import org.kat4j.torch.Registry;

/** A learnable factor for each channel, {@code gamma [width]}. Source: CaiT, arXiv 2103.17239. */
public final class LayerScale implements Part {
  private final Tensor gamma;

  public LayerScale(int width, double start, Context context) {
    gamma = context.parameter(width);
    Init.constant(gamma, start);
  }

  public Tensor forward(Tensor x) {
    return x.mul(gamma);
  }

  @Override
  public void register(Registry registry) {
    registry.tensor("gamma", gamma);
  }
}
