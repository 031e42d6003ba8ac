package org.kat4j.lab.p11;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.config.Records;
import org.kat4j.function.LayerNorm;
import org.kat4j.model.RowModel;
import org.kat4j.model.Signature;
import org.kat4j.torch.Context;
import org.kat4j.torch.Init;
import org.kat4j.torch.Part;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Registry;

/**
 * SineKAN as a head of two layers, the opponent that TruKAN names; not one of kat4j's KAN layers.
 *
 * <p>y_o = bias_o + sum over i, g of a[o,i,g] sin(w_g x_i + phase[i,g]) with trained w and fixed
 * phases. Source and start: ereinha/SineKAN, but every amplitude is drawn for itself.
 */
final class Sines implements RowModel {
  private static final double NORM_EPSILON = 1e-5;

  /**
   * @param features numbers of a row
   * @param outputs numbers of an answer, the logits of classes
   * @param hidden width between the layers
   * @param sines of an edge
   * @param layerNorm whether a layer norm stands before each layer
   */
  record Spec(int features, int outputs, int hidden, int sines, boolean layerNorm)
      implements RowModel.Spec {
    @Override
    public Sines build(Context context) {
      return new Sines(this, context);
    }

    @Override
    public Signature.Rows signature() {
      return new Signature.Rows(features, outputs);
    }

    @Override
    public Spec fittedTo(Signature other) {
      return Records.with(this, Signature.Rows.fields(other));
    }

    /** A sine counts as one operation beside its phase, a norm as four of each number. */
    @Override
    public long macs() {
      long basis = (long) (features + hidden) * sines;
      long norms = layerNorm ? 2L * (features + hidden) : 0;
      return (long) sines * hidden * (features + outputs) + basis + norms;
    }
  }

  private final Spec spec;
  private final List<LayerNorm> norms = new ArrayList<>();
  private final List<Layer> layers = new ArrayList<>();

  private Sines(Spec spec, Context context) {
    this.spec = spec;
    if (spec.layerNorm) {
      norms.add(new LayerNorm(spec.features, NORM_EPSILON, context));
      norms.add(new LayerNorm(spec.hidden, NORM_EPSILON, context));
    }
    layers.add(new Layer(spec.features, spec.hidden, spec.sines, true, context));
    layers.add(new Layer(spec.hidden, spec.outputs, spec.sines, false, context));
  }

  @Override
  public Tensor forward(Tensor x, Pass pass) {
    Tensor y = x;
    for (int l = 0; l < layers.size(); l++) {
      y = layers.get(l).forward(norms.isEmpty() ? y : norms.get(l).forward(y));
    }
    return y;
  }

  @Override
  public Spec spec() {
    return spec;
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

  /** One layer. */
  static final class Layer implements Part {
    private final Tensor amplitudes; // [out, in, sines]
    private final Tensor frequencies; // [sines]
    private final Tensor phases; // [in, sines]
    private final Tensor bias; // [out]

    Layer(int in, int out, int sines, boolean first, Context context) {
      amplitudes = context.parameter(out, in, sines);
      double[] w = new double[sines];
      double[] start = new double[out];
      for (int g = 0; g < sines; g++) {
        w[g] = first ? g + 1 : (g + 1.0) / (sines + 1);
        double size = 1.0 / out / (g + 1);
        if (first) {
          Init.normal(amplitudes.select(2, g), 0.4 * size, context.random());
        } else {
          Init.uniform(amplitudes.select(2, g), size, context.random());
        }
      }
      Arrays.fill(start, 1.0 / out);
      frequencies = context.parameter(w, sines);
      phases = context.buffer(phases(in, sines), in, sines);
      bias = context.parameter(start, out);
    }

    /** From 0 to pi over the inputs, plus (g + 1) / (sines + 1), times what the source found. */
    static double[] phases(int in, int sines) {
      double factor = 1;
      for (int i = 1; i < sines; i++) {
        factor *= 0.9724108095811765 * Math.pow(i, -0.9884401790754128) + 0.999449553483052;
      }
      double[] phases = new double[in * sines];
      for (int i = 0; i < in; i++) {
        for (int g = 0; g < sines; g++) {
          double ofInput = Math.PI * i / Math.max(1, in - 1);
          phases[i * sines + g] = factor * (ofInput + (g + 1.0) / (sines + 1));
        }
      }
      return phases;
    }

    /** {@code [rows, in]} to {@code [rows, out]}. */
    Tensor forward(Tensor x) {
      Tensor waves = x.unsqueeze(-1).mul(frequencies).add(phases).sin(); // [rows, in, sines]
      return waves.flatten(1, 2).matmul(amplitudes.flatten(1, 2).t()).add(bias);
    }

    @Override
    public void register(Registry registry) {
      registry.tensor("amplitudes", amplitudes);
      registry.tensor("freq", frequencies);
      registry.tensor("phase", phases);
      registry.tensor("bias", bias);
    }
  }
}
