package org.kat4j.lab.p23;

import org.bytedeco.pytorch.Tensor;
import org.kat4j.config.Records;
import org.kat4j.function.Linear;
import org.kat4j.function.kan.KanLayer;
import org.kat4j.model.RowModel;
import org.kat4j.model.Signature;
import org.kat4j.torch.Context;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Registry;

/** Linear down, a KAN layer between few channels, linear to the classes: HQKAN as a head. */
final class LatentHead implements RowModel {
  /**
   * @param features numbers of a row
   * @param outputs logits of the classes
   * @param first inputs of the KAN layer
   * @param second its outputs
   * @param function of its edges
   */
  record Spec(int features, int outputs, int first, int second, KanLayer.Spec function)
      implements RowModel.Spec {
    @Override
    public LatentHead build(Context context) {
      return new LatentHead(this, context);
    }

    @Override
    public Signature.Rows signature() {
      return new Signature.Rows(features, outputs);
    }

    @Override
    public Spec fittedTo(Signature other) {
      return Records.with(this, Signature.Rows.fields(other));
    }

    @Override
    public long macs() {
      return (long) features * first + function.macs(first, second) + (long) second * outputs;
    }
  }

  private final Spec spec;
  private final Linear down;
  private final KanLayer kan;
  private final Linear up;

  private LatentHead(Spec spec, Context context) {
    this.spec = spec;
    down = new Linear(spec.features, spec.first, true, context);
    kan = spec.function.build(spec.first, spec.second, context);
    up = new Linear(spec.second, spec.outputs, true, context);
  }

  @Override
  public Tensor forward(Tensor x, Pass pass) {
    return up.forward(kan.forward(down.forward(x), pass.at("kan")));
  }

  @Override
  public Spec spec() {
    return spec;
  }

  @Override
  public void register(Registry registry) {
    registry.part("down", down);
    registry.part("kan", kan);
    registry.part("up", up);
  }
}
