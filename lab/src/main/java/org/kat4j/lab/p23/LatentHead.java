package org.kat4j.lab.p23;

import org.bytedeco.pytorch.Tensor;
import org.kat4j.function.Linear;
import org.kat4j.function.kan.KanLayer;
import org.kat4j.lab.network.Network;
import org.kat4j.torch.Context;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Registry;

/** Linear down, a KAN layer between few channels, linear to the classes: HQKAN as a head. */
final class LatentHead implements Network {
  /**
   * @param first inputs of the KAN layer
   * @param second its outputs
   * @param function of its edges
   */
  record Spec(int first, int second, KanLayer.Spec function) implements Network.Spec {
    @Override
    public LatentHead build(int in, int out, Context context) {
      return new LatentHead(this, in, out, context);
    }

    @Override
    public double flops(int in, int out) {
      return 2.0 * ((double) in * first + function.macs(first, second) + (double) second * out);
    }
  }

  private final Linear down;
  private final KanLayer kan;
  private final Linear up;

  private LatentHead(Spec spec, int in, int out, Context context) {
    down = new Linear(in, spec.first, true, context);
    kan = spec.function.build(spec.first, spec.second, context);
    up = new Linear(spec.second, out, true, context);
  }

  @Override
  public Tensor forward(Tensor x, Pass pass) {
    return up.forward(kan.forward(down.forward(x), pass.at("kan")));
  }

  @Override
  public void register(Registry registry) {
    registry.part("down", down);
    registry.part("kan", kan);
    registry.part("up", up);
  }
}
