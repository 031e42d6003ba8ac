package org.kat4j.model;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.config.Kind;
import org.kat4j.config.Records;
import org.kat4j.function.Activation;
import org.kat4j.function.LayerNorm;
import org.kat4j.function.Linear;
import org.kat4j.torch.Context;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Registry;

/**
 * Linear layers with a fixed activation between them, on rows of numbers: the opponent of every
 * KAN. Without hidden layers it is linear or logistic regression.
 */
public final class Perceptron implements RowModel {
  private static final double NORM_EPSILON = 1e-5;

  /**
   * @param features numbers of a row
   * @param outputs numbers of an answer, the logits of classes
   * @param hidden widths of the hidden layers
   * @param activation after each of them
   * @param layerNorm whether a layer norm stands before every linear layer
   */
  @Kind("perceptron")
  public record Spec(
      int features, int outputs, List<Integer> hidden, Activation activation, boolean layerNorm)
      implements RowModel.Spec {
    public Spec {
      RowWidths.check(features, hidden, outputs);
      hidden = List.copyOf(hidden);
    }

    /** Two hidden layers of 64. */
    public static Spec example() {
      return new Spec(4, 3, List.of(64, 64), Activation.GELU, false);
    }

    @Override
    public Perceptron build(Context context) {
      return new Perceptron(this, context);
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
      return RowWidths.sum(features, hidden, outputs, (in, out) -> (long) in * out);
    }
  }

  private final Spec spec;
  private final List<Linear> linears = new ArrayList<>();
  private final List<LayerNorm> norms = new ArrayList<>();

  private Perceptron(Spec spec, Context context) {
    this.spec = spec;
    int[] widths = RowWidths.of(spec.features, spec.hidden, spec.outputs);
    for (int l = 1; l < widths.length; l++) {
      if (spec.layerNorm) {
        norms.add(new LayerNorm(widths[l - 1], NORM_EPSILON, context));
      }
      linears.add(new Linear(widths[l - 1], widths[l], true, context));
    }
  }

  @Override
  public Tensor forward(Tensor rows, Pass pass) {
    Tensor y = rows;
    for (int l = 0; l < linears.size(); l++) {
      Tensor active = l == 0 ? y : spec.activation.apply(y);
      y = linears.get(l).forward(spec.layerNorm ? norms.get(l).forward(active) : active);
    }
    return y;
  }

  @Override
  public Spec spec() {
    return spec;
  }

  @Override
  public void register(Registry registry) {
    for (int l = 0; l < linears.size(); l++) {
      if (spec.layerNorm) {
        registry.part("norms." + l, norms.get(l));
      }
      registry.part("layers." + l, linears.get(l));
    }
  }
}
