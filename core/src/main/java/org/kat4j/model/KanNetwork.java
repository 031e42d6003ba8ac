package org.kat4j.model;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.config.Kind;
import org.kat4j.config.Records;
import org.kat4j.function.LayerNorm;
import org.kat4j.function.kan.BSpline;
import org.kat4j.function.kan.KanLayer;
import org.kat4j.torch.Context;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Registry;

/** KAN layers of one kind, one after the other, on rows of numbers. */
public final class KanNetwork implements RowModel {
  private static final double NORM_EPSILON = 1e-5;

  /**
   * @param features numbers of a row
   * @param outputs numbers of an answer, the logits of classes
   * @param hidden widths of the hidden layers
   * @param function of every layer
   * @param layerNorm whether a layer norm stands before every layer
   */
  @Kind("kan")
  public record Spec(
      int features, int outputs, List<Integer> hidden, KanLayer.Spec function, boolean layerNorm)
      implements RowModel.Spec {
    public Spec {
      RowWidths.check(features, hidden, outputs);
      hidden = List.copyOf(hidden);
    }

    /** One hidden layer of eight, B-splines. */
    public static Spec example() {
      return new Spec(4, 3, List.of(8), BSpline.Spec.example(), false);
    }

    @Override
    public KanNetwork build(Context context) {
      return new KanNetwork(this, context);
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
      return RowWidths.sum(features, hidden, outputs, function::macs);
    }
  }

  private final Spec spec;
  private final List<KanLayer> layers = new ArrayList<>();
  private final List<LayerNorm> norms = new ArrayList<>();

  private KanNetwork(Spec spec, Context context) {
    this.spec = spec;
    int[] widths = RowWidths.of(spec.features, spec.hidden, spec.outputs);
    for (int l = 1; l < widths.length; l++) {
      if (spec.layerNorm) {
        norms.add(new LayerNorm(widths[l - 1], NORM_EPSILON, context));
      }
      layers.add(spec.function.build(widths[l - 1], widths[l], context));
    }
  }

  @Override
  public Tensor forward(Tensor rows, Pass pass) {
    Tensor y = rows;
    for (int l = 0; l < layers.size(); l++) {
      Tensor input = norms.isEmpty() ? y : norms.get(l).forward(y);
      y = layers.get(l).forwardHeard(input, pass.at("layers." + l));
    }
    return y;
  }

  @Override
  public Spec spec() {
    return spec;
  }

  /** From the inputs to the outputs. */
  public List<KanLayer> layers() {
    return List.copyOf(layers);
  }

  @Override
  public void register(Registry registry) {
    for (int l = 0; l < layers.size(); l++) {
      if (!norms.isEmpty()) {
        registry.part("norms." + l, norms.get(l));
      }
      registry.part("layers." + l, layers.get(l));
    }
  }
}
